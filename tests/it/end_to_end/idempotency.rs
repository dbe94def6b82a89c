//! A repeat with the same key changes nothing and is told what the first was told.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    client::{Service, fresh_key},
    shop::{
        Shape::{self, AllOnPostgres, AllOnSqlite, Split},
        assert_chain, order_of,
    },
};

#[rstest]
#[tokio::test]
async fn a_repeated_order_is_answered_alike_by_every_replica(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 5 })).await;
    let key = fresh_key();
    let first = shop.place(&[(&id, 2.0)]).key(&key).await;
    assert!(!first.is_replay());
    let location = first.header("location").map(str::to_owned);
    let order = first.with_status(201);

    for replica in &shop.orders {
        let again = replica.post("/orders", &order_of(&[(&id, 2.0)])).key(&key).await;
        assert!(again.is_replay());
        assert_eq!(again.header("location").map(str::to_owned), location);
        assert_eq!(again.with_status(201), order);
    }
    assert_eq!(shop.stock(&id).await, 3);
}

#[rstest]
#[tokio::test]
async fn a_repeated_rejected_order_stays_rejected_when_stock_has_come(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1 })).await;
    let key = fresh_key();
    let first = shop.place(&[(&id, 2.0)]).key(&key).await.with_problem(409, "insufficient_stock");
    shop.product.put(&format!("/products/{id}/stock"), &json!({ "quantity": 10 })).await.with_status(200);

    for replica in &shop.orders {
        let again = replica.post("/orders", &order_of(&[(&id, 2.0)])).key(&key).await;
        assert!(again.is_replay());
        let again = again.with_problem(409, "insufficient_stock");
        assert_eq!((&again["orderId"], &again["shortages"]), (&first["orderId"], &first["shortages"]));
    }
    assert_eq!(shop.stock(&id).await, 10);
    shop.place(&[(&id, 2.0)]).await.with_status(201);
}

#[rstest]
#[tokio::test]
async fn the_same_order_is_what_asks_the_same_not_what_is_spelled_the_same(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let a = shop.make_product_id(json!({ "price": "3.00" })).await;
    let b = shop.make_product_id(json!({ "price": "1.00" })).await;
    let key = fresh_key();
    let body = json!({ "items": [
        { "productId": a, "quantity": 2, "expectedUnitPrice": "3.00" },
        { "productId": b, "quantity": 0.5 },
    ] });
    let order = shop.order().post("/orders", &body).key(&key).await.with_status(201);

    let spelled = format!(
        r#"{{"items": [{{"quantity": "0.50", "productId": "{}", "expectedUnitPrice": null}},
            {{"productId":"{a}","quantity":2.000,"expectedUnitPrice":3}}]}}"#,
        b.to_uppercase()
    );
    let again = shop.order().call(Method::POST, "/orders").raw("application/json", &spelled).key(&key).await;
    assert!(again.is_replay());
    assert_eq!(again.with_status(201), order);

    for other in [
        json!({ "items": [{ "productId": a, "quantity": 2 }, { "productId": b, "quantity": 0.5 }] }),
        json!({ "items": [{ "productId": a, "quantity": 2, "expectedUnitPrice": "3.00" }] }),
        order_of(&[(&a, 2.0), (&b, 0.501)]),
    ] {
        for replica in &shop.orders {
            replica.post("/orders", &other).key(&key).await.with_problem(422, "key_reused");
        }
    }
    assert_eq!((shop.stock(&a).await, shop.stock(&b).await), (json!(98), json!(99.5)));
}

#[rstest]
#[tokio::test]
async fn every_change_of_a_product_is_made_once_a_key(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 10 })).await;
    let path = format!("/products/{id}");
    let (stock, deduct) = (format!("{path}/stock"), format!("{path}/deduct"));
    let adjustments = format!("{path}/stock/adjustments");
    let changes = [
        (
            Method::POST,
            "/products",
            json!({ "name": "One", "price": "1.00" }),
            json!({ "name": "Two", "price": "1.00" }),
        ),
        (
            Method::PUT,
            &path,
            json!({ "name": "A", "price": "1.00" }),
            json!({ "name": "B", "price": "1.00" }),
        ),
        (Method::POST, &deduct, json!({ "quantity": 1 }), json!({ "quantity": 2 })),
        (
            Method::POST,
            &adjustments,
            json!({ "quantity": 3, "reason": "receive" }),
            json!({ "quantity": 3, "reason": "correct" }),
        ),
        (Method::PUT, &stock, json!({ "quantity": 7 }), json!({ "quantity": 7, "expectedQuantity": 7 })),
    ];
    for (method, path, body, other) in changes {
        assert_once(&shop.product, method, path, &body, &other).await;
    }
    let ledger = shop.ledger(&id).await;
    assert_chain(&ledger, &json!(7));
    assert_eq!(ledger.len(), 4, "opening, deduct, receive, count: each once");

    let key = fresh_key();
    shop.product.delete(&path).key(&key).await.with_status(204);
    let again = shop.product.delete(&path).key(&key).await;
    assert!(again.is_replay());
    again.with_status(204);
}

async fn assert_once(product: &Service, method: Method, path: &str, body: &Value, other: &Value) {
    let key = fresh_key();
    let call = |body: &Value| product.call(method.clone(), path).json(body).key(&key);
    let first = call(body).await;
    assert!(!first.is_replay() && first.status < 300, "{method} {path}: {}", first.text);
    // also when the state has moved on since then
    let again = call(body).await;
    assert!(again.is_replay(), "{method} {path}");
    assert_eq!((again.status, &again.body), (first.status, &first.body), "{method} {path}");
    for header in ["etag", "location"] {
        assert_eq!(again.header(header), first.header(header), "{method} {path}: {header}");
    }
    call(other).await.with_problem(422, "key_reused");
}

#[rstest]
#[tokio::test]
async fn a_refused_change_is_refused_again_when_the_state_would_allow_it(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1 })).await;
    let key = fresh_key();
    let deduct = || shop.product.post(&format!("/products/{id}/deduct"), &json!({ "quantity": 2 })).key(&key);
    deduct().await.with_problem(409, "insufficient_stock");
    shop.product.put(&format!("/products/{id}/stock"), &json!({ "quantity": 5 })).await.with_status(200);

    let again = deduct().await;

    assert!(again.is_replay());
    again.with_problem(409, "insufficient_stock");
    assert_eq!(shop.stock(&id).await, 5);
}

#[rstest]
#[tokio::test]
async fn one_key_of_a_product_change_names_one_route(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let (a, b) = (shop.make_product_id(json!({})).await, shop.make_product_id(json!({})).await);
    let key = fresh_key();
    let deduct =
        |id: &str| shop.product.post(&format!("/products/{id}/deduct"), &json!({ "quantity": 1 })).key(&key);
    deduct(&a).await.with_status(200);

    deduct(&b).await.with_problem(422, "key_reused");

    assert_eq!(shop.stock(&b).await, 100);
}
