//! Many clients at once over HTTP.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{
    client::{Reply, Service, fresh_key},
    shop::{
        Shape::{self, AllOnPostgres, AllOnSqlite, Split},
        assert_chain, order_of, text,
    },
};

/// However busy the machine is.
const TOLD_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(25);

/// Asks with one key until it is told, as whoever gets a 503 must.
async fn ask_until_told(replica: Service, order: Value, key: String) -> Reply {
    let started = Instant::now();
    loop {
        let reply = replica.post("/orders", &order).key(&key).await;
        if reply.status != 503 {
            return reply;
        }
        let code = reply.code().to_owned();
        reply.with_problem(503, &code);
        assert!(started.elapsed() < TOLD_WITHIN, "nobody tells: {code}");
        tokio::time::sleep(PAUSE).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_clients_who_want_the_last_10_pieces_10_get_one(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 10 })).await;

    let mut clients = JoinSet::new();
    for client in 0..64 {
        let replica = shop.orders[client % shop.orders.len()].clone();
        clients.spawn(ask_until_told(replica, order_of(&[(&id, 1.0)]), fresh_key()));
    }
    let replies = clients.join_all().await;

    let confirmed = replies.iter().filter(|reply| reply.status == 201).count();
    let rejected = replies.iter().filter(|reply| reply.code() == "insufficient_stock").count();
    assert_eq!((confirmed, rejected), (10, 54));
    assert_eq!(shop.stock(&id).await, 0);
    let ledger = shop.ledger(&id).await;
    assert_eq!(ledger.len(), 11);
    assert_chain(&ledger, &json!(0));
    for reply in replies {
        let id = if reply.status == 201 { &reply.body["id"] } else { &reply.body["orderId"] };
        let order = shop.read_order(&text(id)).await;
        assert_eq!(order["status"] == "confirmed", reply.status == 201, "{order}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_several_products_in_opposite_orders_do_not_deadlock(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let mut products = Vec::new();
    for _ in 0..5 {
        products.push(shop.make_product_id(json!({ "stock": 40 })).await);
    }
    let there: Vec<(&str, f64)> = products.iter().map(|id| (id.as_str(), 0.5)).collect();
    let back: Vec<(&str, f64)> = there.iter().rev().copied().collect();

    let mut clients = JoinSet::new();
    for client in 0..48 {
        let replica = shop.orders[client % shop.orders.len()].clone();
        let order = order_of(if client % 2 == 0 { &there } else { &back });
        clients.spawn(ask_until_told(replica, order, fresh_key()));
    }

    for reply in clients.join_all().await {
        reply.with_status(201);
    }
    for id in &products {
        assert_eq!(shop.stock(id).await, 16);
        assert_chain(&shop.ledger(id).await, &json!(16));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_requests_with_one_key_one_order_is_made(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 32 })).await;
    let key = fresh_key();

    let mut clients = JoinSet::new();
    for client in 0..32 {
        let replica = shop.orders[client % shop.orders.len()].clone();
        clients.spawn(ask_until_told(replica, order_of(&[(&id, 1.0)]), key.clone()));
    }
    let replies = clients.join_all().await;

    let first = replies[0].body.clone();
    assert!(replies.iter().filter(|reply| !reply.is_replay()).count() <= 1);
    for reply in replies {
        assert_eq!(reply.with_status(201), first);
    }
    assert_eq!(shop.stock(&id).await, 31);
    let found = shop.order().get(&format!("/orders?key={key}")).await.with_status(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_equal_changes_of_a_product_with_one_key_one_is_made(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 32 })).await;
    let key = fresh_key();

    let mut clients = JoinSet::new();
    for _ in 0..32 {
        let call = shop.product.post(&format!("/products/{id}/deduct"), &json!({ "quantity": 1 })).key(&key);
        clients.spawn(call.into_future());
    }

    for reply in clients.join_all().await {
        assert_eq!(reply.with_status(200), json!({ "productId": id, "quantity": 31, "seq": 2 }));
    }
    assert_eq!(shop.ledger(&id).await.len(), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sales_counts_and_edits_of_one_product_at_once_keep_the_ledger_whole(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1000 })).await;
    let path = format!("/products/{id}");

    let mut clients = JoinSet::new();
    for client in 0..24 {
        let replica = shop.orders[client % shop.orders.len()].clone();
        clients.spawn(ask_until_told(replica, order_of(&[(&id, 1.0)]), fresh_key()));
        let call = match client % 4 {
            0 => shop
                .product
                .post(&format!("{path}/stock/adjustments"), &json!({ "quantity": 5, "reason": "receive" })),
            1 => shop.product.put(&format!("{path}/stock"), &json!({ "quantity": 1001, "asOf": 1 })),
            2 => shop.product.post(&format!("{path}/deduct"), &json!({ "quantity": 2 })),
            _ => shop.product.put(&path, &json!({ "name": "Other", "price": format!("{client}.00") })),
        };
        clients.spawn(call.into_future());
    }

    for reply in clients.join_all().await {
        assert!(reply.status < 300, "{}", reply.text);
    }
    // 24 sold, 6 times 5 received, 6 counts that each found one more, 6 times 2 deducted
    let stock = json!(1000 - 24 + 30 + 6 - 12);
    assert_eq!(shop.stock(&id).await, stock);
    let ledger = shop.ledger(&id).await;
    assert_eq!(ledger.len(), 1 + 24 + 18);
    assert_chain(&ledger, &stock);
}
