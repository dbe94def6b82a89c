//! Orders as history: read, list, find.

use chrono::{DateTime, FixedOffset};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    client::fresh_key,
    shop::{
        Shape::{self, AllOnPostgres, AllOnSqlite, Split},
        Shop, text,
    },
};

fn ids(orders: &[Value]) -> Vec<String> {
    orders.iter().map(|order| text(&order["id"])).collect()
}

/// Ids by time; of one moment by id.
fn newest_first<'a>(orders: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut orders: Vec<&Value> = orders.into_iter().collect();
    orders.sort_by_key(|order| (created_at(order), text(&order["id"])));
    orders.iter().rev().map(|order| text(&order["id"])).collect()
}

fn created_at(order: &Value) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(order["createdAt"].as_str().unwrap()).unwrap()
}

#[rstest]
#[tokio::test]
async fn lists_orders_newest_first_and_by_status(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 4 })).await;
    let mut placed = Vec::new();
    for _ in 0..4 {
        placed.push(shop.place(&[(&id, 1.0)]).await.with_status(201));
    }
    let refused = shop.place(&[(&id, 1.0)]).await.with_problem(409, "insufficient_stock");
    let cancelled =
        shop.order().post("/orders/cancellations", &json!({ "key": fresh_key() })).await.with_status(200);
    let refused = shop.read_order(&text(&refused["orderId"])).await;
    let mine = newest_first(placed.iter().chain([&refused, &cancelled]));
    let confirmed = newest_first(&placed);

    for replica in &shop.orders {
        let all = Shop::walk(replica, "/orders?limit=3").await;
        let listed: Vec<String> = ids(&all).into_iter().filter(|id| mine.contains(id)).collect();
        assert_eq!(listed, mine, "each once, newest first");
        let (rejected, cancelled) = (newest_first([&refused]), newest_first([&cancelled]));
        for (status, expected) in
            [("confirmed", &confirmed), ("rejected", &rejected), ("cancelled", &cancelled)]
        {
            let found = Shop::walk(replica, &format!("/orders?status={status}&limit=2")).await;
            assert!(found.iter().all(|order| order["status"] == status), "{found:?}");
            let found: Vec<String> = ids(&found).into_iter().filter(|id| mine.contains(id)).collect();
            assert_eq!(&found, expected, "{status}");
        }
    }
    let page = shop.order().get("/orders?limit=200").await.with_status(200);
    let listed = page["items"].as_array().unwrap().iter().find(|order| order["id"] == placed[0]["id"]);
    assert_eq!(listed.map(|order| &order["total"]), Some(&json!("2.50")));
}

#[rstest]
#[tokio::test]
async fn finds_an_order_by_its_key(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;
    let key = fresh_key();
    let order = shop.place(&[(&id, 1.0)]).key(&key).await.with_status(201);
    shop.place(&[(&id, 1.0)]).await.with_status(201);

    for replica in &shop.orders {
        let found = Shop::walk(replica, &format!("/orders?key={key}")).await;
        assert_eq!(ids(&found), ids(std::slice::from_ref(&order)));
        let none = Shop::walk(replica, &format!("/orders?key={}", fresh_key())).await;
        assert_eq!(none, Vec::<Value>::new());
    }
    shop.order().get("/orders?key=short").await.with_malformed("parameter", "key");
}

#[rstest]
#[tokio::test]
async fn filters_by_time(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(shop.place(&[(&id, 1.0)]).await.with_status(201));
    }
    let found = async |query: &str| {
        let orders = Shop::walk(shop.order(), &format!("/orders?{query}&limit=1")).await;
        let mine = ids(&placed);
        ids(&orders).into_iter().filter(|id| mine.contains(id)).collect::<Vec<_>>()
    };
    let expected =
        |wanted: &dyn Fn(&Value) -> bool| newest_first(placed.iter().filter(|order| wanted(order)));

    // from this moment on, before that one
    for order in &placed {
        let time = created_at(order);
        let text = text(&order["createdAt"]).replace('+', "%2B");
        assert_eq!(found(&format!("from={text}")).await, expected(&|order| created_at(order) >= time));
        assert_eq!(found(&format!("to={text}")).await, expected(&|order| created_at(order) < time));
    }
    let (from, to) = (text(&placed[0]["createdAt"]), text(&placed[2]["createdAt"]));
    let between =
        |order: &Value| (created_at(&placed[0])..created_at(&placed[2])).contains(&created_at(order));
    assert_eq!(found(&format!("from={from}&to={to}").replace('+', "%2B")).await, expected(&between));
    shop.order().get("/orders?from=yesterday").await.with_malformed("parameter", "from");
}

#[rstest]
#[tokio::test]
async fn a_rejected_order_can_be_read_with_its_reasons(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1 })).await;

    let problem = shop.place(&[(&id, 2.0)]).await.with_problem(409, "insufficient_stock");
    let order = shop.read_order(&text(&problem["orderId"])).await;

    assert_eq!(order["status"], "rejected");
    assert!(order.to_string().contains("insufficient_stock"), "{order}");
    assert!(order["decidedAt"].is_string(), "{order}");
}

#[rstest]
#[tokio::test]
async fn nothing_is_known_of_an_order_that_never_was(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    shop.order().get(&format!("/orders/{}", Uuid::new_v4())).await.with_problem(404, "not_found");
    shop.order().get("/orders/42").await.with_malformed("path", "id");
}
