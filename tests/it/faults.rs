//! An order service whose product service cannot be heard: nobody is told a lie, and the truth is found with the same key.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    client::{Reply, Service, fresh_key},
    engine::{Databases, Engine},
    peer::{Behaviour, Peer},
    port::Port,
    process::Pos,
    shop::{Shop, address, order_of, text},
    wait::until,
};

/// The service's own deadline is 2 s.
const TOLD_WITHIN: Duration = Duration::from_secs(6);

/// A product service, an order service, and a peer between them.
struct Split {
    shop: Shop,
    peer: Peer,
    _processes: [Pos; 2],
    databases: Databases,
    _ports: [Port; 3],
}

impl Split {
    /// `settings` go to the order service.
    async fn behind(behaviour: Behaviour, settings: &[(&str, &str)]) -> Self {
        let databases = Databases::migrated(Engine::Postgres).await;
        let ports = [Port::reserve(), Port::reserve(), Port::reserve()];
        let mut product = Pos::start("product", address(1, &ports[0]), databases.settings());
        let peer = Peer::start(address(1, &ports[1]), &product.url(), behaviour);
        let mut all = databases.settings();
        all.push(("POS__ORDER__PRODUCT_URL".into(), peer.url()));
        all.extend(settings.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let mut order = Pos::start("order", address(1, &ports[2]), all);
        product.ready().await;
        order.ready().await;
        let shop = Shop { product: product.service(), orders: vec![order.service()] };
        Self { shop, peer, _processes: [product, order], databases, _ports: ports }
    }

    /// Every order is decided and the stock fits.
    async fn assert_sold(&self, product: &str, pieces: i64) {
        assert_eq!(self.shop.stock(product).await, 100 - pieces);
        let found =
            super::support::audit::audit(&self.databases.product_url, &self.databases.order_url).await;
        assert_eq!((found.pending, found.confirmed, found.movements), (0, pieces as usize, pieces as usize));
    }
}

/// Keeps the sweeper out of it.
const NO_SWEEPER: [(&str, &str); 1] = [("POS__ORDER__SWEEPER__GRACE_MS", "60000")];

async fn ask(order: &Service, product: &str, key: &str) -> (Reply, Duration) {
    let started = Instant::now();
    let reply = order.post("/orders", &order_of(&[(product, 1.0)])).key(key).await;
    (reply, started.elapsed())
}

fn assert_unknown((reply, took): (Reply, Duration)) -> Value {
    assert!(took < TOLD_WITHIN, "{took:?}");
    let problem = reply.with_problem(503, "outcome_unknown");
    assert_eq!(problem["outcome"], "unknown");
    assert!(problem["orderId"].is_string(), "{problem}");
    problem
}

#[rstest]
#[case::down(Behaviour::Refuse, false)]
#[case::silent(Behaviour::Silence, false)]
#[case::failing(Behaviour::ServerError, false)]
#[case::garbage(Behaviour::Garbage, false)]
#[case::truncated(Behaviour::Truncated, false)]
#[case::hangs_up(Behaviour::HangUp, false)]
#[case::loses_the_answer(Behaviour::LoseAnswer, true)]
#[case::slow(Behaviour::Slow, true)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outcome_is_unknown_until_a_repeat_or_a_cancellation_finds_it(
    #[case] behaviour: Behaviour,
    #[case] decided: bool,
) {
    let split = Split::behind(behaviour, &NO_SWEEPER).await;
    let order = split.shop.order();
    let id = split.shop.make_product_id(json!({})).await;
    let (repeated, given_up, given_up_by_id) = (fresh_key(), fresh_key(), fresh_key());

    let told = tokio::join!(
        ask(order, &id, &repeated),
        ask(order, &id, &given_up),
        ask(order, &id, &given_up_by_id)
    );
    let problems = [told.0, told.1, told.2].map(assert_unknown);
    for problem in &problems {
        let pending = split.shop.read_order(&text(&problem["orderId"])).await;
        assert_eq!((&pending["status"], &pending["decidedAt"]), (&json!("pending"), &Value::Null));
    }
    if behaviour != Behaviour::Refuse {
        assert!(split.peer.calls() >= 3, "{}", split.peer.calls());
    }
    // a repeat does not know more while the peer is what it is
    assert_unknown(ask(order, &id, &repeated).await);

    split.peer.behave(Behaviour::PassThrough);
    let (reply, _) = ask(order, &id, &repeated).await;
    assert!(reply.is_replay());
    let sold = reply.with_status(201);
    assert_eq!(sold["id"], problems[0]["orderId"]);

    let by_id = json!({ "orderId": problems[2]["orderId"] });
    for (what, problem) in [(json!({ "key": given_up }), &problems[1]), (by_id, &problems[2])] {
        let cancelled = order.post("/orders/cancellations", &what).await;
        match decided {
            true => {
                assert_eq!(cancelled.with_problem(409, "already_confirmed")["orderId"], problem["orderId"])
            }
            false => assert_eq!(cancelled.with_status(200)["status"], "cancelled"),
        }
    }
    let (late, _) = ask(order, &id, &given_up).await;
    match decided {
        true => assert_eq!(late.with_status(201)["id"], problems[1]["orderId"]),
        false => assert_eq!(late.with_problem(409, "order_cancelled")["orderId"], problems[1]["orderId"]),
    }
    split.assert_sold(&id, if decided { 3 } else { 1 }).await;
}

#[rstest]
#[case::down(Behaviour::Refuse)]
#[case::loses_the_answer(Behaviour::LoseAnswer)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_nobody_asks_for_again_is_finished_by_the_sweeper(#[case] behaviour: Behaviour) {
    let split = Split::behind(behaviour, &[]).await;
    let order = split.shop.order();
    let id = split.shop.make_product_id(json!({})).await;
    let problem = assert_unknown(ask(order, &id, &fresh_key()).await);

    split.peer.behave(Behaviour::PassThrough);

    let path = format!("/orders/{}", text(&problem["orderId"]));
    until("the order is confirmed", Duration::from_secs(5), async || {
        (order.get(&path).await.with_status(200)["status"] == "confirmed").then_some(())
    })
    .await;
    split.assert_sold(&id, 1).await;
}

#[rstest]
#[case::down(Behaviour::Refuse)]
#[case::silent(Behaviour::Silence)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_up_is_unknown_too_while_the_product_service_is_away(#[case] behaviour: Behaviour) {
    let split = Split::behind(behaviour, &NO_SWEEPER).await;
    let order = split.shop.order();
    let id = split.shop.make_product_id(json!({})).await;
    let (key, cancellation) = (fresh_key(), fresh_key());
    let cancel = || order.post("/orders/cancellations", &json!({ "key": key })).key(&cancellation);

    let started = Instant::now();
    let told = cancel().await;
    let problem = assert_unknown((told, started.elapsed()));
    // the order that comes late can only be refused, and nobody knows yet that it is
    assert_unknown(ask(order, &id, &key).await);

    split.peer.behave(Behaviour::PassThrough);
    let cancelled = cancel().await;
    assert!(cancelled.is_replay());
    let cancelled = cancelled.with_status(200);
    assert_eq!((&cancelled["status"], &cancelled["id"]), (&json!("cancelled"), &problem["orderId"]));
    ask(order, &id, &key).await.0.with_problem(409, "order_cancelled");
    split.assert_sold(&id, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_service_lives_and_reads_while_the_product_service_is_away() {
    let split = Split::behind(Behaviour::PassThrough, &NO_SWEEPER).await;
    let order = split.shop.order();
    let id = split.shop.make_product_id(json!({})).await;
    let sold = split.shop.place(&[(&id, 1.0)]).await.with_status(201);

    for away in [Behaviour::Refuse, Behaviour::Silence] {
        split.peer.behave(away);
        order.get("/livez").await.with_status(200);
        let ready = order.get("/readyz").await.with_status(200);
        assert!(ready.to_string().contains("degraded"), "{ready}");
    }
    assert_eq!(split.shop.read_order(&text(&sold["id"])).await, sold);
    order.get("/orders").await.with_status(200);
    assert_eq!(order.get("/metrics").await.status, 200);
}

/// Prices of another currency are other prices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_service_of_another_shop_sells_nothing() {
    let strange = [("POS__SHOP__ID", "other"), ("POS__SHOP__CURRENCY", "JPY")];
    let split = Split::behind(Behaviour::PassThrough, &strange).await;
    let id = split.shop.make_product_id(json!({})).await;

    let ready = split.shop.order().get("/readyz").await.with_status(200);
    assert!(ready.to_string().contains("degraded"), "{ready}");
    split.shop.place(&[(&id, 1.0)]).await.with_problem(500, "internal");

    assert_eq!(split.shop.stock(&id).await, 100);
}
