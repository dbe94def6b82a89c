//! How often a request makes `pos` allocate: what can be counted on any machine, where time cannot. The server runs in this
//! process, whole, with its log and its databases; what asks it allocates nothing while it is counted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what it stands on")]

mod asked;
#[path = "../it/support/directory.rs"]
mod directory;
#[allow(dead_code, reason = "the suites use more of it")]
#[path = "../it/support/engine.rs"]
mod engine;
#[path = "../it/support/port.rs"]
mod port;
#[allow(dead_code, reason = "the suites use more of it")]
#[path = "../it/support/postgres.rs"]
mod postgres;
mod served;
#[path = "../it/support/wait.rs"]
mod wait;

use std::alloc::System;

use asked::{Asker, order, read};
use engine::{Databases, Engine};
use served::{Product, Served};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WARM_UP: usize = 100;
const BATCHES: usize = 5;
const BATCH: usize = 60;

/// What was measured on 30 November 2026. A change that needs more raises them, and says why; one that needs less lowers them.
const PLACED_ON_SQLITE: f64 = 901.0;
const PLACED_ON_POSTGRES: f64 = 1_113.0;
const READ_FROM_SQLITE: f64 = 91.0;
const READ_FROM_POSTGRES: f64 = 82.0;
const GATEWAY_HOP: f64 = 69.0;
/// What a measurement may differ by, either way.
const TOLERANCE: f64 = 0.15;

/// One test, since whatever else runs in this process would be counted.
#[test]
fn requests_allocate_as_often_as_they_did() {
    let (placed_on_sqlite, read_from_sqlite) = of_one_process("");
    let (placed_on_postgres, read_from_postgres) = of_one_process_on_postgres();
    let hop = of_the_gateway();
    let mut others = Vec::new();
    for (what, measured, before) in [
        ("a placed order of three lines, SQLite", placed_on_sqlite, PLACED_ON_SQLITE),
        ("a placed order of three lines, PostgreSQL", placed_on_postgres, PLACED_ON_POSTGRES),
        ("a product read, SQLite", read_from_sqlite, READ_FROM_SQLITE),
        ("a product read, PostgreSQL", read_from_postgres, READ_FROM_POSTGRES),
        ("a product read passed on by the gateway", hop, GATEWAY_HOP),
    ] {
        println!("{what}: {measured:.1} allocations, before {before}");
        if (measured / before - 1.0).abs() > TOLERANCE {
            others.push(format!("{what}: {measured:.1}, before {before}"));
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}

fn of_one_process_on_postgres() -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let databases = runtime.block_on(Databases::migrated(Engine::Postgres));
    of_one_process(&format!(
        "product.database_url = {:?}\norder.database_url = {:?}\n",
        databases.product_url, databases.order_url
    ))
}

fn of_one_process(settings: &str) -> (f64, f64) {
    let served = Served::start("all", settings);
    let mut asker = Asker::connect(served.address);
    let products = asker.make_products(10);
    let orders = (0..WARM_UP + BATCHES * BATCH).map(|number| order(&products, number)).collect();
    let placed = count(&mut asker, orders, 201);
    let reads = (0..WARM_UP + BATCHES * BATCH).map(|number| read(&products[number % 10])).collect();
    let read = count(&mut asker, reads, 200);
    served.stop();
    (placed, read)
}

fn of_the_gateway() -> f64 {
    let product = Product::start();
    let products = Asker::connect(product.address).make_products(10);
    let behind = format!(
        "[gateway]\nproduct_url = \"{0}\"\norder_url = \"{0}\"\ntry_timeout_ms = 90000\ntotal_timeout_ms = 90000\n",
        product.url()
    );
    let served = Served::start("gateway", &behind);
    let mut asker = Asker::connect(served.address);
    let reads = (0..WARM_UP + BATCHES * BATCH).map(|number| read(&products[number % 10])).collect();
    let hop = count(&mut asker, reads, 200);
    served.stop();
    hop
}

/// Allocations a request, in the batch that had the fewest: what runs in the background only adds to it.
fn count(asker: &mut Asker, requests: Vec<Vec<u8>>, status: u16) -> f64 {
    let (warm_up, counted) = requests.split_at(WARM_UP);
    warm_up.iter().for_each(|request| asker.ask(request, status));
    let batches = counted.chunks(BATCH).map(|batch| {
        let region = Region::new(ALLOCATOR);
        batch.iter().for_each(|request| asker.ask(request, status));
        let change = region.change();
        (change.allocations + change.reallocations) as f64 / batch.len() as f64
    });
    batches.fold(f64::INFINITY, f64::min)
}
