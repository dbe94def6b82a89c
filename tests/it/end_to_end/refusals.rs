//! Orders that are not sold, and why.

use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use crate::support::shop::{
    Shape::{self, AllOnPostgres, AllOnSqlite, Split},
    text,
};

#[rstest]
#[tokio::test]
async fn refuses_another_price_than_the_expected_one(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "price": "3.80" })).await;
    let item =
        |price: &str| json!({ "items": [{ "productId": id, "quantity": 1, "expectedUnitPrice": price }] });

    let problem = shop.order().post("/orders", &item("3.70")).await.with_problem(409, "price_changed");

    let order = shop.read_order(&text(&problem["orderId"])).await;
    assert_eq!(order["status"], "rejected");
    assert_eq!(shop.stock(&id).await, 100);
    assert_eq!(shop.ledger(&id).await.len(), 1);
    shop.order().post("/orders", &item("3.8")).await.with_status(201);
}

#[rstest]
#[tokio::test]
async fn tells_every_shortage_with_its_place(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let plenty = shop.make_product_id(json!({})).await;
    let one = shop.make_product_id(json!({ "stock": 1 })).await;
    let half = shop.make_product_id(json!({ "stock": 0.5 })).await;

    let reply = shop.place(&[(&plenty, 1.0), (&one, 2.0), (&half, 0.75)]).await;

    let problem = reply.with_problem(409, "insufficient_stock");
    let expected = json!([
        { "pointer": "/items/1", "productId": one, "requested": 2, "available": 1 },
        { "pointer": "/items/2", "productId": half, "requested": 0.75, "available": 0.5 },
    ]);
    assert_eq!(problem["shortages"], expected);
    let order = shop.read_order(&text(&problem["orderId"])).await;
    assert_eq!(order["status"], "rejected");
    for (id, stock) in [(&plenty, json!(100)), (&one, json!(1)), (&half, json!(0.5))] {
        assert_eq!(shop.stock(id).await, stock, "one line that is short takes nothing of the others");
    }
}

#[rstest]
#[tokio::test]
async fn refuses_products_that_are_unknown_or_archived(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let sold = shop.make_product_id(json!({})).await;
    let archived = shop.make_product_id(json!({})).await;
    shop.product.delete(&format!("/products/{archived}")).await.with_status(204);
    let unknown = Uuid::now_v7().to_string();

    for id in [&archived, &unknown] {
        let reply = shop.place(&[(&sold, 1.0), (id, 1.0)]).await;
        let problem = reply.with_problem(409, "product_unavailable");
        assert!(problem.to_string().contains(id.as_str()), "{problem}");
        assert_eq!(shop.read_order(&text(&problem["orderId"])).await["status"], "rejected");
    }
    assert_eq!(shop.stock(&sold).await, 100);
}
