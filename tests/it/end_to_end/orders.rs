//! Placing an order.

use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::shop::{
    Shape::{self, AllOnPostgres, AllOnSqlite, Split},
    assert_chain, text, unique,
};

#[rstest]
#[tokio::test]
async fn sells_at_the_names_and_prices_of_the_moment(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let sku = unique("FW");
    let new = json!({ "name": "Flat white", "price": "3.80", "sku": sku, "stock": 40 });
    let id = shop.make_product_id(new).await;
    let items = json!({ "items": [{ "productId": id, "quantity": 2, "expectedUnitPrice": "3.80" }] });

    let reply = shop.order().post("/orders", &items).await;

    assert!(!reply.is_replay());
    let location = reply.header("location").unwrap().to_owned();
    let order = reply.with_status(201);
    let order_id = text(&order["id"]);
    assert!(location.ends_with(&format!("/orders/{order_id}")), "{location}");
    let [id_of_order, key] = [&order_id, &text(&order["key"])].map(|id| Uuid::parse_str(id).unwrap());
    assert_eq!(id_of_order.as_bytes()[..6], key.as_bytes()[..6], "it begins with the key's time");
    assert_eq!(
        (&order["status"], &order["total"], &order["currency"]),
        (&json!("confirmed"), &json!("7.60"), &json!("EUR"))
    );
    let line = &order["items"][0];
    for (name, value) in [
        ("productId", json!(id)),
        ("name", json!("Flat white")),
        ("sku", json!(sku)),
        ("quantity", json!(2)),
        ("unitPrice", json!("3.80")),
        ("total", json!("7.60")),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    for time in ["createdAt", "decidedAt"] {
        assert!(
            chrono::DateTime::parse_from_rfc3339(order[time].as_str().unwrap()).is_ok(),
            "{}",
            order[time]
        );
    }
    assert_eq!(shop.stock(&id).await, 38);

    let new = json!({ "name": "Dearer", "price": "9.99" });
    shop.product.put(&format!("/products/{id}"), &new).await.with_status(200);
    shop.product.delete(&format!("/products/{id}")).await.with_status(204);
    for replica in &shop.orders {
        let read = replica.get(&format!("/orders/{order_id}")).await.with_status(200);
        assert_eq!(read, order, "orders keep their snapshot");
    }
}

#[rstest]
#[tokio::test]
async fn merges_lines_of_one_product(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let a = shop.make_product_id(json!({ "price": "1.00", "stock": 3 })).await;
    let b = shop.make_product_id(json!({ "price": "2.00" })).await;

    let order = shop.place(&[(&b, 1.0), (&a, 1.0), (&b, 0.5), (&a, 2.0)]).await.with_status(201);

    let lines = order["items"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["productId"], &lines[0]["quantity"], &lines[0]["total"]),
        (&json!(b), &json!(1.5), &json!("3.00"))
    );
    assert_eq!(
        (&lines[1]["productId"], &lines[1]["quantity"], &lines[1]["total"]),
        (&json!(a), &json!(3), &json!("3.00"))
    );
    assert_eq!(order["total"], "6.00");
    assert_chain(&shop.ledger(&a).await, &json!(0));
    // each line fits, both together do not
    shop.product.put(&format!("/products/{a}/stock"), &json!({ "quantity": 3 })).await.with_status(200);
    shop.place(&[(&a, 2.0), (&a, 2.0)]).await.with_problem(409, "insufficient_stock");
    assert_eq!(shop.stock(&a).await, 3);
}

#[rstest]
#[tokio::test]
async fn rounds_line_totals_half_away_from_zero(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let mut items = Vec::new();
    for (price, quantity, _) in ROUNDED {
        items.push((shop.make_product_id(json!({ "price": price })).await, quantity));
    }
    let items: Vec<(&str, f64)> = items.iter().map(|(id, quantity)| (id.as_str(), *quantity)).collect();

    let order = shop.place(&items).await.with_status(201);

    for (line, (_, quantity, total)) in order["items"].as_array().unwrap().iter().zip(ROUNDED) {
        assert_eq!((line["quantity"].as_f64(), &line["total"]), (Some(quantity), &json!(total)));
    }
    assert_eq!(order["total"], "14.77", "the sum of the lines");
}

/// Price, quantity, line total.
const ROUNDED: [(&str, f64, &str); 6] = [
    ("3.33", 0.35, "1.17"),
    ("3.33", 0.5, "1.67"),
    ("0.01", 0.5, "0.01"),
    ("0.01", 0.499, "0.00"),
    ("2.05", 0.1, "0.21"),
    ("11.71", 1.0, "11.71"),
];

#[rstest]
#[tokio::test]
async fn a_total_within_bounds_is_exact_and_one_beyond_is_refused(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let dear = json!({ "price": "1000000000.00", "stock": null, "stockPolicy": "untracked" });
    let id = shop.make_product_id(dear.clone()).await;

    let order = shop.place(&[(&id, 1_000_000.0)]).await.with_status(201);
    assert_eq!(order["total"], "1000000000000000.00");

    // 93 lines of 10^17 minor units are beyond 64 bits
    let mut ids = vec![id];
    for _ in 0..92 {
        ids.push(shop.make_product_id(dear.clone()).await);
    }
    let items: Vec<(&str, f64)> = ids.iter().map(|id| (id.as_str(), 1_000_000.0)).collect();
    let problem = shop.place(&items).await.with_problem(409, "total_out_of_range");
    assert_eq!(shop.read_order(&text(&problem["orderId"])).await["status"], "rejected");
}

#[rstest]
#[tokio::test]
async fn takes_two_hundred_lines_and_no_more(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "price": "0.10", "stock": 1000 })).await;
    let lines = |count: usize| vec![(id.as_str(), 1.0); count];

    let order = shop.place(&lines(200)).await.with_status(201);
    assert_eq!((&order["items"][0]["quantity"], &order["total"]), (&json!(200), &json!("20.00")));

    shop.place(&lines(201)).await.with_faults_at(&["/items"]);
    shop.place(&[]).await.with_faults_at(&["/items"]);
    assert_eq!(shop.stock(&id).await, 800);
}

#[rstest]
#[tokio::test]
async fn tells_all_faults_of_value_at_once(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = Uuid::now_v7();
    let order = json!({ "items": [
        { "productId": id, "quantity": 0 },
        { "productId": id, "quantity": 1, "expectedUnitPrice": "3.801" },
        { "productId": "FW-1", "quantity": "1.0001" },
        { "productId": id, "quantity": 1_000_001 },
        { "productId": id, "quantity": 1 },
    ] });

    let reply = shop.order().post("/orders", &order).await;

    reply.with_faults_at(&[
        "/items/0/quantity",
        "/items/1/expectedUnitPrice",
        "/items/2/productId",
        "/items/2/quantity",
        "/items/3/quantity",
    ]);
    let nothing: Vec<Value> = vec![];
    assert_eq!(shop.order().post("/orders", &json!({ "items": nothing })).await.status, 422);
}
