//! Stock on hand: counts, adjustments, deductions, the ledger.

use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::shop::{
    Shape::{self, AllOnPostgres, AllOnSqlite, Split},
    assert_chain, text,
};

#[rstest]
#[tokio::test]
async fn a_count_sets_stock(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 40 })).await;
    let path = format!("/products/{id}/stock");

    let level = shop.product.get(&path).await.with_status(200);
    assert_eq!(level, json!({ "productId": id, "quantity": 40, "seq": 1 }));
    let counted = shop.product.put(&path, &json!({ "quantity": 38.5 })).await.with_status(200);

    assert_eq!(counted, json!({ "productId": id, "quantity": 38.5, "seq": 2 }));
    assert_eq!(shop.product.get(&path).await.with_status(200), counted);
    let ledger = shop.ledger(&id).await;
    assert_chain(&ledger, &json!(38.5));
    assert_eq!((&ledger[0]["reason"], &ledger[0]["quantity"]), (&json!("count"), &json!(-1.5)));
    assert_eq!(ledger[1]["reason"], "opening");
}

#[rstest]
#[tokio::test]
async fn a_count_against_another_level_is_stale(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 40 })).await;
    let count = |quantity: i64, expected: i64| {
        let body = json!({ "quantity": quantity, "expectedQuantity": expected });
        shop.product.put(&format!("/products/{id}/stock"), &body)
    };

    count(38, 40).await.with_status(200);
    count(37, 40).await.with_problem(409, "stale_count");

    assert_eq!(shop.stock(&id).await, 38);
}

#[rstest]
#[tokio::test]
async fn a_shelf_can_be_counted_while_it_sells(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 10 })).await;
    let path = format!("/products/{id}/stock");
    let seen = shop.product.get(&path).await.with_status(200);
    shop.place(&[(&id, 3.0)]).await.with_status(201);

    // 12 stood there when 10 were believed to: two more than thought, also after three were sold
    let body = json!({ "quantity": 12, "asOf": seen["seq"] });
    let counted = shop.product.put(&path, &body).await.with_status(200);

    assert_eq!((&counted["quantity"], &counted["seq"]), (&json!(9), &json!(3)));
    let ledger = shop.ledger(&id).await;
    assert_chain(&ledger, &json!(9));
    assert_eq!((&ledger[0]["reason"], &ledger[0]["quantity"]), (&json!("count"), &json!(2)));
    let future = json!({ "quantity": 12, "asOf": 99 });
    shop.product.put(&path, &future).await.with_problem(409, "conflict");
    assert_eq!(shop.stock(&id).await, 9);
}

#[rstest]
#[tokio::test]
async fn adjustments_move_stock_with_their_reason(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 10 })).await;
    let path = format!("/products/{id}/stock/adjustments");
    let adjust = |quantity: f64, reason: &str, note: Option<&str>| {
        shop.product.post(&path, &json!({ "quantity": quantity, "reason": reason, "note": note }))
    };

    let wasted = adjust(-2.0, "waste", Some("dropped")).await.with_status(201);

    assert_eq!(
        (&wasted["seq"], &wasted["reason"], &wasted["quantity"]),
        (&json!(2), &json!("waste"), &json!(-2))
    );
    assert_eq!(
        (&wasted["before"], &wasted["after"], &wasted["note"]),
        (&json!(10), &json!(8), &json!("dropped"))
    );
    assert_eq!(wasted["orderId"], Value::Null);
    adjust(5.5, "receive", None).await.with_status(201);
    adjust(-0.5, "correct", None).await.with_status(201);
    adjust(1.0, "correct", None).await.with_status(201);
    let ledger = shop.ledger(&id).await;
    assert_chain(&ledger, &json!(14));
    assert_eq!(ledger[3], wasted);

    for (quantity, reason) in [(-1.0, "receive"), (1.0, "waste"), (0.0, "correct")] {
        adjust(quantity, reason, None).await.with_faults_at(&["/quantity"]);
    }
    adjust(-1.0, "sale", None).await.with_faults_at(&["/reason"]);
    let short = adjust(-14.001, "waste", None).await.with_problem(409, "insufficient_stock");
    assert_eq!(short["requestId"].as_str().map(str::is_empty), Some(false));
    assert_eq!(shop.stock(&id).await, 14);
}

#[rstest]
#[tokio::test]
async fn deducts_one_product_and_never_below_the_floor(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 3 })).await;
    let deduct = |quantity: f64| {
        shop.product.post(&format!("/products/{id}/deduct"), &json!({ "quantity": quantity }))
    };

    let level = deduct(1.25).await.with_status(200);

    assert_eq!(level, json!({ "productId": id, "quantity": 1.75, "seq": 2 }));
    deduct(1.751).await.with_problem(409, "insufficient_stock");
    deduct(0.0).await.with_faults_at(&["/quantity"]);
    deduct(-1.0).await.with_faults_at(&["/quantity"]);
    deduct(1.75).await.with_status(200);
    assert_eq!(shop.stock(&id).await, 0);
    let ledger = shop.ledger(&id).await;
    assert_chain(&ledger, &json!(0));
    assert_eq!(ledger[0]["reason"], "deduct");
}

#[rstest]
#[tokio::test]
async fn the_ledger_shows_every_movement_newest_first(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 20 })).await;
    let order = shop.place(&[(&id, 2.0)]).await.with_status(201);
    for _ in 0..5 {
        let body = json!({ "quantity": 1 });
        shop.product.post(&format!("/products/{id}/deduct"), &body).await.with_status(200);
    }

    let ledger = shop.ledger(&id).await;

    assert_eq!(ledger.len(), 7);
    assert_chain(&ledger, &json!(13));
    let sale = &ledger[5];
    assert_eq!((&sale["reason"], &sale["orderId"]), (&json!("sale"), &order["id"]));
    let path = format!("/products/{id}/stock/movements?limit=2");
    let page = shop.product.get(&path).await.with_status(200);
    assert_eq!(page["items"].as_array().unwrap()[..], ledger[..2]);
    let next = format!("/products/{id}/stock/movements?limit=5&cursor={}", text(&page["nextCursor"]));
    let page = shop.product.get(&next).await.with_status(200);
    assert_eq!(page["items"].as_array().unwrap()[..], ledger[2..]);
    assert_eq!(page["nextCursor"], Value::Null);
    let other = shop.make_product_id(json!({})).await;
    shop.product.get(&next.replace(&id, &other)).await.with_malformed("parameter", "cursor");
}

#[rstest]
#[tokio::test]
async fn nothing_is_known_of_a_product_that_never_was(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let path = format!("/products/{}", Uuid::now_v7());
    for sub in ["", "/stock", "/stock/movements"] {
        shop.product.get(&format!("{path}{sub}")).await.with_problem(404, "not_found");
    }
    shop.product
        .put(&format!("{path}/stock"), &json!({ "quantity": 1 }))
        .await
        .with_problem(404, "not_found");
    shop.product.get("/products/42").await.with_malformed("path", "id");
}
