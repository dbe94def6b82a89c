//! A clock that is set back while the shop is open: `libfaketime` in a real process, the monotonic clock left alone.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    audit::audit,
    client::fresh_key,
    directory::Directory,
    engine::{Databases, Engine},
    load::Load,
    port::Port,
    process::Pos,
    shop::{Shop, address, assert_chain, order_of, text},
    skipped,
    wait::until,
};

const SALES: usize = 40;
const SALES_WITHIN: Duration = Duration::from_secs(30);
const TILLS: usize = 8;

/// Where Debian's package `faketime`, and others, put it.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// A process's own clock.
struct Clock(Directory);

impl Clock {
    fn new() -> Self {
        let clock = Self(Directory::fresh());
        clock.set("+0");
        clock
    }

    fn set(&self, offset: &str) {
        fs::write(self.0.join("offset"), offset).unwrap();
    }

    fn settings(&self, library: &str) -> [(String, String); 4] {
        [
            ("LD_PRELOAD".into(), library.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE".into(), self.0.join("offset").display().to_string()),
            ("FAKETIME_NO_CACHE".into(), "1".into()),
            ("DONT_FAKE_MONOTONIC".into(), "1".into()),
        ]
    }
}

async fn place(shop: &Shop, product: &str) -> (String, Value) {
    let key = fresh_key();
    let sold = shop.order().post("/orders", &order_of(&[(product, 1.0)])).key(&key).await.with_status(201);
    (key, sold)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_set_back_by_an_hour_loses_and_doubles_nothing() {
    let Some(library) = LIBRARIES.into_iter().find(|path| Path::new(path).exists()) else {
        return skipped::note("a clock that is set back: there is no libfaketime; install 'faketime'");
    };
    let databases = Databases::migrated(Engine::Sqlite).await;
    let (clock, port) = (Clock::new(), Port::reserve());
    let settings = [databases.settings(), clock.settings(library).to_vec()].concat();
    let mut pos = Pos::start("all", address(1, &port), settings);
    pos.ready().await;
    let shop = Shop { product: pos.service(), orders: vec![pos.service()] };
    let mut products = Vec::new();
    for _ in 0..2 {
        products.push(shop.make_product_id(json!({ "stock": 1000 })).await);
    }
    let (key, before) = place(&shop, &products[0]).await;

    let load = Load::start(&shop, &products, TILLS);
    load.wait_for(SALES, SALES_WITHIN).await;
    clock.set("-3600s");
    load.wait_for(SALES, SALES_WITHIN).await;
    let sales = load.stop().await;

    let (_, after) = place(&shop, &products[0]).await;
    assert!(text(&after["createdAt"]) < text(&before["createdAt"]), "the clock was not set back: {after}");
    // an earlier key is known, a new one is too, and a list has every order once
    let again = shop.order().post("/orders", &order_of(&[(&products[0], 1.0)])).key(&key).await;
    assert!(again.is_replay());
    assert_eq!(again.with_status(201), before);
    let given_up = shop.order().post("/orders/cancellations", &json!({ "key": key })).await;
    given_up.with_problem(409, "already_confirmed");
    let mut ids: Vec<_> =
        Shop::walk(shop.order(), "/orders?limit=7").await.iter().map(|order| text(&order["id"])).collect();
    let listed = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), listed), (sales.len() + 2, sales.len() + 2));
    until("nothing is pending", SALES_WITHIN, async || {
        Shop::walk(shop.order(), "/orders?status=pending").await.is_empty().then_some(())
    })
    .await;
    let found = audit(&databases.product_url, &databases.order_url).await;
    assert_eq!((found.pending, found.confirmed), (0, sales.len() + 2));
    for product in &products {
        assert_chain(&shop.ledger(product).await, &shop.stock(product).await);
    }
    shop.product.get("/readyz").await.with_status(200);
}
