//! Keys that are missing, or none.

use rstest::rstest;
use serde_json::json;

use crate::support::{
    client::fresh_key,
    shop::{
        Shape::{self, AllOnPostgres, AllOnSqlite, Split},
        text,
    },
};

#[rstest]
#[tokio::test]
async fn a_change_without_a_key_gets_one_that_is_named(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;

    let placed = shop.place(&[(&id, 1.0)]).without_key().await;
    let key = placed.header("idempotency-key").unwrap().to_owned();
    let order = placed.with_status(201);
    let again = shop.place(&[(&id, 1.0)]).key(&key).await;
    assert!(again.is_replay());
    assert_eq!(again.header("idempotency-key"), None, "a key that was given is not named");
    assert_eq!(text(&again.with_status(201)["id"]), text(&order["id"]));

    let body = json!({ "quantity": 1 });
    let path = format!("/products/{id}/deduct");
    let deducted = shop.product.post(&path, &body).without_key().await;
    let key = deducted.header("idempotency-key").unwrap().to_owned();
    let level = deducted.with_status(200);
    assert_eq!(shop.product.post(&path, &body).key(&key).await.with_status(200), level);
    assert_eq!(shop.product.get("/products").await.header("idempotency-key"), None);
}

#[rstest]
#[tokio::test]
async fn a_key_that_is_none_is_refused(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;
    for key in ["short", "with a space in it", &"x".repeat(256), "fifteen-letters"] {
        shop.place(&[(&id, 1.0)]).key(key).await.with_malformed("header", "Idempotency-Key");
        let body = json!({ "quantity": 1 });
        let deduct = shop.product.post(&format!("/products/{id}/deduct"), &body);
        deduct.key(key).await.with_malformed("header", "Idempotency-Key");
    }
    let twice = shop.place(&[(&id, 1.0)]).header("idempotency-key", &fresh_key());
    twice.await.with_malformed("header", "Idempotency-Key");
    for key in ["sixteen-letters!", &"x".repeat(255)] {
        shop.place(&[(&id, 1.0)]).key(key).await;
    }
    assert_ne!(shop.stock(&id).await, 100, "the bounds are keys");
}
