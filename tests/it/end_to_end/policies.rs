//! What happens when less is there than is sold: the product's choice.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::shop::{
    Shape::{self, AllOnPostgres, AllOnSqlite, Split},
    Shop, assert_chain, text, unique,
};

#[rstest]
#[tokio::test]
async fn deny_sells_no_more_than_there_is(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1.5, "stockPolicy": "deny" })).await;

    shop.place(&[(&id, 1.501)]).await.with_problem(409, "insufficient_stock");
    shop.place(&[(&id, 1.5)]).await.with_status(201);

    assert_eq!(shop.stock(&id).await, 0);
    assert_chain(&shop.ledger(&id).await, &json!(0));
}

#[rstest]
#[tokio::test]
async fn allow_sells_below_zero(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1, "stockPolicy": "allow" })).await;

    let order = shop.place(&[(&id, 3.0)]).await.with_status(201);

    assert_ne!(order["items"][0]["flagged"], true);
    assert_eq!(shop.stock(&id).await, -2);
    shop.product.post(&format!("/products/{id}/deduct"), &json!({ "quantity": 1 })).await.with_status(200);
    assert_chain(&shop.ledger(&id).await, &json!(-3));
}

#[rstest]
#[tokio::test]
async fn flag_sells_below_zero_and_marks_line_and_product(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let category = unique("flag").replace(' ', "-");
    let new = json!({ "stock": 2, "stockPolicy": "flag", "category": category });
    let id = shop.make_product_id(new).await;
    let flagged =
        async || Shop::walk(&shop.product, &format!("/products?category={category}&flagged=true")).await;

    let covered = shop.place(&[(&id, 2.0)]).await.with_status(201);
    assert_ne!(covered["items"][0]["flagged"], true);
    assert_eq!(flagged().await, Vec::<Value>::new());

    let short = shop.place(&[(&id, 1.0)]).await.with_status(201);
    assert_eq!(short["items"][0]["flagged"], true);
    assert_eq!(shop.read_order(&text(&short["id"])).await, short);
    let listed = flagged().await;
    assert_eq!((listed.len(), &listed[0]["id"], &listed[0]["flagged"]), (1, &json!(id), &json!(true)));
    assert_eq!(shop.stock(&id).await, -1);
}

#[rstest]
#[tokio::test]
async fn untracked_sells_without_stock_or_movements(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let new = json!({ "stock": null, "stockPolicy": "untracked", "price": "19.99" });
    let id = shop.make_product_id(new).await;

    let order = shop.place(&[(&id, 0.25)]).await.with_status(201);

    assert_eq!(order["total"], "5.00");
    assert_eq!(shop.ledger(&id).await, Vec::<Value>::new());
    let path = format!("/products/{id}");
    shop.product
        .put(&format!("{path}/stock"), &json!({ "quantity": 1 }))
        .await
        .with_problem(409, "stock_untracked");
    let deduct = json!({ "quantity": 1 });
    shop.product.post(&format!("{path}/deduct"), &deduct).await.with_problem(409, "stock_untracked");
    let receive = json!({ "quantity": 1, "reason": "receive" });
    let adjust = shop.product.post(&format!("{path}/stock/adjustments"), &receive);
    adjust.await.with_problem(409, "stock_untracked");
    shop.product.get(&format!("{path}/stock")).await.with_problem(409, "stock_untracked");
}

#[rstest]
#[tokio::test]
async fn deny_waits_until_stock_is_not_below_zero(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 0, "stockPolicy": "allow" })).await;
    shop.place(&[(&id, 1.0)]).await.with_status(201);
    let path = format!("/products/{id}");
    let deny = json!({ "name": "Strict", "price": "2.50", "stockPolicy": "deny" });

    shop.product.put(&path, &deny).await.with_problem(409, "stock_negative");

    let receive = json!({ "quantity": 1, "reason": "receive" });
    shop.product.post(&format!("{path}/stock/adjustments"), &receive).await.with_status(201);
    let strict = shop.product.put(&path, &deny).await.with_status(200);
    assert_eq!(strict["stockPolicy"], "deny");
    shop.place(&[(&id, 1.0)]).await.with_problem(409, "insufficient_stock");
}

#[rstest]
#[tokio::test]
async fn a_new_price_leaves_the_policy_as_it_is(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stockPolicy": "allow", "stock": 1 })).await;
    let path = format!("/products/{id}");
    let dearer = json!({ "name": "Dearer", "price": "9.00" });
    let edited = shop.product.put(&path, &dearer).await.with_status(200);
    assert_eq!((&edited["stockPolicy"], &edited["price"]), (&json!("allow"), &json!("9.00")));
}
