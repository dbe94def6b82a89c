//! What a shop with a catalogue of real size takes: time to be ready, and memory. `bench/footprint` measures it with a
//! release build and many orders; here the bounds are generous, for a debug build on a busy machine.

use std::{
    env,
    time::{Duration, Instant},
};

use crate::support::{
    engine::Engine,
    large_catalogue::LargeCatalogue,
    port::Port,
    process::{Memory, Pos},
    shop::{Shop, address, text},
    skipped,
    surge::{closed_loop_of, open_loop},
    wait::until,
};

const PRODUCTS: u32 = 100_000;
const TILLS: usize = 24;
const ROUNDS: usize = 5;
const SURGE: Duration = Duration::from_secs(10);
const MIB: u64 = 1 << 20;

/// How much is sold, and what may be taken at most.
struct Bounds {
    orders: usize,
    ready: Duration,
    after_orders: u64,
    overloaded: u64,
}

/// Must-be figures, of a release build on a machine that has nothing else to do.
const RELEASE: Bounds = Bounds {
    orders: 10_000,
    ready: Duration::from_millis(200),
    after_orders: 64 * MIB,
    overloaded: 96_000_000,
};

const DEBUG: Bounds =
    Bounds { orders: 1_000, ready: Duration::from_secs(3), after_orders: 96 * MIB, overloaded: 192 * MIB };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_with_100_000_products_is_ready_soon_and_takes_little_memory() {
    let bounds = if env::var("POS_TEST_BINARY").is_ok() { RELEASE } else { DEBUG };
    let catalogue = LargeCatalogue::of(Engine::Sqlite, PRODUCTS).await;
    catalogue.database.clone().close().await.unwrap();
    let (mut pos, _port) = ready_in_time(&catalogue, &bounds).await;
    let Some(at_start) = pos.memory() else {
        return skipped::note("the memory of a process: this system does not tell it");
    };
    assert!(!at_start.in_huge_pages);
    let shop = Shop { product: pos.service(), orders: vec![pos.service()] };
    // those that never run out
    let listed = shop.product.get("/products?stockPolicy=flag&limit=200").await.with_status(200);
    let products: Vec<String> =
        listed["items"].as_array().unwrap().iter().map(|product| text(&product["id"])).collect();

    let sold = closed_loop_of(&shop, &products, TILLS, bounds.orders).await;
    let after_orders = pos.memory().unwrap();
    let surge = open_loop(&shop, &products, sold.sold_per_second() * 2.0, SURGE).await;
    let overloaded = pos.memory().unwrap();

    show("at the start", at_start);
    show(&format!("after {} orders, {:.0}/s", sold.asked.len(), sold.sold_per_second()), after_orders);
    show(&format!("after {} more at twice that", surge.asked.len()), overloaded);
    println!("turned away meanwhile: {}", surge.answered(503, "overloaded").len());
    assert!(after_orders.now < bounds.after_orders, "{after_orders:?}");
    assert!(overloaded.peak < bounds.overloaded, "{overloaded:?}");
    pos.terminate();
    assert!(pos.ended().await.success());
}

/// The least of some starts: what else the machine does only adds to it.
async fn ready_in_time(catalogue: &LargeCatalogue, bounds: &Bounds) -> (Pos, Port) {
    let port = Port::reserve();
    let mut took = Vec::new();
    let mut pos = Pos::start("all", address(1, &port), catalogue.databases.settings());
    for round in 0..ROUNDS {
        if round > 0 {
            pos.terminate();
            pos.ended().await;
            pos.start_again();
        }
        let (begun, service) = (Instant::now(), pos.service());
        until("it is ready", Duration::from_secs(30), async || {
            (service.get("/readyz").try_send().await.ok()?.status == 200).then_some(())
        })
        .await;
        took.push(begun.elapsed());
    }
    println!("ready after {took:?}");
    let least = took.into_iter().min().unwrap();
    assert!(least < bounds.ready, "ready after {least:?}");
    (pos, port)
}

fn show(when: &str, memory: Memory) {
    let mib = |bytes: u64| bytes as f64 / MIB as f64;
    println!("{when}: {:.1} MiB resident, {:.1} at most so far", mib(memory.now), mib(memory.peak));
}
