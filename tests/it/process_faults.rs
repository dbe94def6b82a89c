//! Processes that end in the middle of a load, and come back: no sale that was told is lost, none is made twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    time::{Duration, Instant},
};

use rstest::rstest;
use serde_json::json;

use crate::support::{
    audit::audit,
    client::Service,
    engine::{Databases, Engine},
    load::{Load, Sale, Told},
    port::Port,
    process::Pos,
    shop::{
        Running,
        Shape::{self, AllOnPostgres, AllOnSqlite, Split},
        Shop, address, text,
    },
    wait::until,
};

const TILLS: usize = 32;
const PRODUCTS: usize = 6;
pub const OPENING: i64 = 100_000;
/// Sales that are told before a process ends.
const SALES_BEFORE: usize = 80;
const SALES_WITHIN: Duration = Duration::from_secs(60);
/// In every second round: longer than any request waits, so that outcomes are told to be unknown.
const DOWN_FOR: Duration = Duration::from_millis(2500);
/// After it is back, on a machine that has nothing else to do.
const PENDING_AT_MOST: Duration = Duration::from_secs(5);
/// How much longer it may take here, where the load, the databases and other tests share the machine.
const ROOM: u32 = 3;

#[derive(Clone, Copy, Debug)]
enum End {
    /// SIGTERM
    Asked,
    /// SIGKILL
    Killed,
}

fn rounds(end: End) -> usize {
    match end {
        End::Asked => 1,
        End::Killed => env::var("POS_TEST_KILLS").map_or(2, |kills| kills.parse().unwrap()),
    }
}

#[rstest]
#[case::all_on_sqlite_asked(AllOnSqlite, 0, End::Asked)]
#[case::all_on_sqlite_killed(AllOnSqlite, 0, End::Killed)]
#[case::all_on_postgres_asked(AllOnPostgres, 0, End::Asked)]
#[case::all_on_postgres_killed(AllOnPostgres, 0, End::Killed)]
#[case::product_asked(Split, 0, End::Asked)]
#[case::product_killed(Split, 0, End::Killed)]
#[case::order_asked(Split, 1, End::Asked)]
#[case::order_killed(Split, 1, End::Killed)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_under_load_loses_and_doubles_nothing(
    #[case] shape: Shape,
    #[case] victim: usize,
    #[case] end: End,
) {
    let mut shop = shape.start().await;
    let mut products = Vec::new();
    for _ in 0..PRODUCTS {
        products.push(shop.make_product_id(json!({ "stock": OPENING })).await);
    }

    let mut sales = Vec::new();
    for round in 0..rounds(end) {
        let load = Load::start(&shop, &products, TILLS);
        load.wait_for(SALES_BEFORE, SALES_WITHIN).await;
        let process = &mut shop.processes[victim];
        end_process(process, end).await;
        if round % 2 == 1 {
            tokio::time::sleep(DOWN_FOR).await;
        }
        process.start_again();
        process.ready().await;
        let back = Instant::now();
        sales.extend(load.stop().await);
        let within = (PENDING_AT_MOST * ROOM).saturating_sub(back.elapsed());
        until("nothing is pending", within, async || {
            let pending = Shop::walk(shop.order(), "/orders?status=pending&limit=200").await;
            pending.is_empty().then_some(())
        })
        .await;
        println!("nothing pending after {:?}, must be {PENDING_AT_MOST:?}", back.elapsed());
    }

    assert_told_the_truth(&shop, &sales).await;
    assert_stock_and_sales_fit(&shop, &products).await;
    let databases = shop.databases();
    let found = audit(&databases.product_url, &databases.order_url).await;
    assert_eq!((found.pending, found.held), (0, found.confirmed));
    let untold = sales.iter().filter(|sale| sale.told.is_none()).count();
    println!("{} sales told, {untold} not told, {} confirmed", sales.len() - untold, found.confirmed);
}

async fn end_process(process: &mut Pos, end: End) {
    match end {
        End::Killed => process.kill(),
        End::Asked => {
            process.terminate();
            let status = process.ended().await;
            assert!(status.success(), "{} ended with {status}", process.name);
        }
    }
}

/// Every sale that was told is there as it was told, on every replica; a key that was not told has one order at most,
/// and that is decided.
pub async fn assert_told_the_truth(shop: &Shop, sales: &[Sale]) {
    let mut ids = BTreeSet::new();
    for (index, sale) in sales.iter().enumerate() {
        let replica = &shop.orders[index % shop.orders.len()];
        let found = replica.get(&format!("/orders?key={}", sale.key)).await.with_status(200);
        let found = found["items"].as_array().unwrap();
        assert!(found.len() <= 1, "{} has {} orders", sale.key, found.len());
        let (id, status) = match &sale.told {
            Some(Told::Confirmed { id }) => (id, "confirmed"),
            Some(Told::Rejected { id }) => (id, "rejected"),
            None => {
                assert!(found.iter().all(|order| order["status"] == "confirmed"), "{found:?}");
                continue;
            }
        };
        assert!(ids.insert(id.clone()), "{id} was told to two keys");
        assert_eq!(found.len(), 1, "{} was told and is lost", sale.key);
        assert_eq!((&found[0]["id"], &found[0]["status"]), (&json!(id), &json!(status)));
    }
    assert!(ids.len() >= SALES_BEFORE);
}

/// Stock plus what was sold is what there was, by the public API alone.
pub async fn assert_stock_and_sales_fit(shop: &Shop, products: &[String]) {
    let mut sold: BTreeMap<String, i64> = BTreeMap::new();
    for order in Shop::walk(shop.order(), "/orders?status=confirmed&limit=200").await {
        for line in order["items"].as_array().unwrap() {
            *sold.entry(text(&line["productId"])).or_default() += line["quantity"].as_i64().unwrap();
        }
    }
    for product in products {
        let stock = shop.stock(product).await.as_i64().unwrap();
        assert_eq!(stock + sold[product], OPENING, "{product}");
    }
}

/// Both schemas are made once, whoever comes first.
#[rstest]
#[case::product("product")]
#[case::order("order")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_that_start_at_once_on_an_empty_database_all_come_up(#[case] role: &'static str) {
    let databases = Databases::empty(Engine::Postgres).await;
    let ports: Vec<Port> = (0..4).map(|_| Port::reserve()).collect();
    let mut settings = databases.settings();
    settings.push(("POS__DATABASE__MIGRATE_ON_START".into(), "true".into()));
    // nobody is there: an order service comes up all the same
    settings.push(("POS__ORDER__PRODUCT_URL".into(), "http://127.0.0.1:9".into()));

    let mut processes: Vec<Pos> =
        ports.iter().map(|port| Pos::start(role, address(1, port), settings.clone())).collect();

    for process in &mut processes {
        process.ready().await;
        let path = if role == "product" { "/products" } else { "/orders" };
        process.service().get(path).await.with_status(200);
    }
}

#[tokio::test]
async fn a_second_process_on_one_data_directory_says_so_and_ends() {
    let running = Running::all(Databases::migrated(Engine::Sqlite).await).await;
    let port = Port::reserve();

    let mut second = Pos::start("all", address(1, &port), running.databases().settings());

    assert_eq!(second.ended().await.code(), Some(1));
    let log = second.log();
    assert!(log.contains("another process uses"), "{log}");
    Service::at(&running.processes[0].url()).get("/livez").await.with_status(200);
}
