//! A database that is away: at the start, and for ten seconds under load.

use std::{
    future::IntoFuture,
    time::{Duration, Instant},
};

use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    process_faults::{OPENING, assert_stock_and_sales_fit, assert_told_the_truth},
    support::{
        audit::audit,
        client::{Reply, Service},
        engine::{Databases, Engine},
        link::Link,
        load::Load,
        port::Port,
        process::Pos,
        shop::{Shop, address},
        wait::until,
    },
};

const TILLS: usize = 16;
const PRODUCTS: usize = 6;
const SALES: usize = 60;
const SALES_WITHIN: Duration = Duration::from_secs(60);
const AWAY_FOR: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Whatever is asked meanwhile.
const TOLD_WITHIN: Duration = Duration::from_secs(6);
const READY_AGAIN_WITHIN: Duration = Duration::from_secs(10);
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
enum Shape {
    All,
    Split,
}

/// A shop whose databases are behind a link.
struct Linked {
    shop: Shop,
    link: Link,
    databases: Databases,
    processes: Vec<Pos>,
    _ports: [Port; 2],
}

impl Linked {
    /// Started, not yet ready; the link is cut.
    async fn start(shape: Shape) -> Self {
        let databases = Databases::migrated(Engine::Postgres).await;
        let link = Link::to(&databases.order_url);
        let settings = databases.settings().into_iter().map(|(name, url)| (name, link.url(&url)));
        let mut settings: Vec<_> = settings.collect();
        let ports = [Port::reserve(), Port::reserve()];
        let processes = match shape {
            Shape::All => vec![Pos::start("all", address(1, &ports[0]), settings)],
            Shape::Split => {
                let product = Pos::start("product", address(1, &ports[0]), settings.clone());
                settings.push(("POS__ORDER__PRODUCT_URL".into(), product.url()));
                vec![product, Pos::start("order", address(1, &ports[1]), settings)]
            }
        };
        let services: Vec<Service> = processes.iter().map(Pos::service).collect();
        let shop = Shop { product: services[0].clone(), orders: services[services.len() - 1..].to_vec() };
        Self { shop, link, databases, processes, _ports: ports }
    }

    async fn ready(&mut self) {
        for process in &mut self.processes {
            process.ready().await;
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_a_database_that_is_away_and_then_serves(
    #[values(Shape::All, Shape::Split)] shape: Shape,
) {
    let mut linked = Linked::start(shape).await;
    for process in &linked.processes {
        until("it says that it waits", READY_AGAIN_WITHIN, async || {
            process.log().contains("waiting for the database").then_some(())
        })
        .await;
    }

    linked.link.mend().await;

    linked.ready().await;
    let id = linked.shop.make_product_id(json!({})).await;
    linked.shop.place(&[(&id, 1.0)]).await.with_status(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_for_ten_seconds_under_load_costs_no_sale(
    #[values(Shape::All, Shape::Split)] shape: Shape,
) {
    let mut linked = Linked::start(shape).await;
    linked.link.mend().await;
    linked.ready().await;
    let shop = linked.shop.clone();
    let mut products = Vec::new();
    for _ in 0..PRODUCTS {
        products.push(shop.make_product_id(json!({ "stock": OPENING })).await);
    }
    let load = Load::start(&shop, &products, TILLS);
    load.wait_for(SALES, SALES_WITHIN).await;

    linked.link.cut().await;
    let cut = Instant::now();
    while cut.elapsed() < AWAY_FOR {
        assert_says_what_is_wrong(&shop, &products[0]).await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
    linked.link.mend().await;

    let back = Instant::now();
    let ready = async || {
        let product = shop.product.get("/readyz").await.status == 200;
        (product && shop.order().get("/readyz").await.status == 200).then_some(())
    };
    until("it is ready again", READY_AGAIN_WITHIN, ready).await;
    let (ready_after, told_before) = (back.elapsed(), SALES);
    load.wait_for(told_before, SALES_WITHIN).await;
    let sold_after = back.elapsed();
    let sales = load.stop().await;
    until("nothing is pending", SETTLED_WITHIN, async || {
        let pending = Shop::walk(shop.order(), "/orders?status=pending&limit=200").await;
        pending.is_empty().then_some(())
    })
    .await;
    println!("{shape:?}: ready after {ready_after:?}, {SALES} sales told after {sold_after:?}");

    assert_told_the_truth(&shop, &sales).await;
    assert_stock_and_sales_fit(&shop, &products).await;
    let found = audit(&linked.databases.product_url, &linked.databases.order_url).await;
    assert_eq!((found.pending, found.held), (0, found.confirmed));
}

/// The process lives, is not ready and says why; reads and changes get 503 with what became of them.
async fn assert_says_what_is_wrong(shop: &Shop, product: &str) {
    for service in [&shop.product, shop.order()] {
        service.get("/livez").await.with_status(200);
        let ready = service.get("/readyz").await.with_status(503);
        assert!(ready["waitsFor"].to_string().contains("away"), "{ready}");
    }
    let asked = Instant::now();
    let order = shop.place(&[(product, 1.0)]);
    let path = format!("/products/{product}");
    let deduction = shop.product.post(&format!("{path}/deduct"), &json!({ "quantity": 1 }));
    let (order, deduction, read) =
        tokio::join!(order.into_future(), deduction.into_future(), shop.product.get(&path).into_future());
    assert!(asked.elapsed() < TOLD_WITHIN, "{:?}", asked.elapsed());
    assert_not_now(order);
    assert_eq!(assert_not_now(deduction)["outcome"], "none");
    assert_eq!(assert_not_now(read)["outcome"], "none");
}

#[track_caller]
fn assert_not_now(reply: Reply) -> Value {
    let outcome = reply.body["outcome"].clone();
    let code = match (reply.code(), outcome.as_str()) {
        ("overloaded", Some("none")) => "overloaded",
        (_, Some("unknown")) => "outcome_unknown",
        _ => "unavailable",
    };
    reply.with_problem(503, code)
}
