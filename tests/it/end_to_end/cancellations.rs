//! Giving an order up.

use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    client::{Call, fresh_key},
    shop::{
        Shape::{self, AllOnPostgres, AllOnSqlite, Split},
        Shop, order_of, text,
    },
};

fn cancel(shop: &Shop, what: Value) -> Call {
    shop.order().post("/orders/cancellations", &what)
}

#[rstest]
#[tokio::test]
async fn an_order_that_never_arrived_is_cancelled_and_fenced(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;
    let key = fresh_key();

    let cancelled = cancel(&shop, json!({ "key": key })).await.with_status(200);

    assert_eq!(cancelled["status"], "cancelled");
    for replica in &shop.orders {
        let late = replica.post("/orders", &order_of(&[(&id, 1.0)])).key(&key).await;
        let problem = late.with_problem(409, "order_cancelled");
        assert_eq!(problem["orderId"], cancelled["id"]);
        let read = replica.get(&format!("/orders/{}", text(&cancelled["id"]))).await.with_status(200);
        assert_eq!(read["status"], "cancelled");
    }
    assert_eq!(shop.stock(&id).await, 100);
    let again = cancel(&shop, json!({ "key": key })).await.with_status(200);
    assert_eq!((&again["id"], &again["status"]), (&cancelled["id"], &cancelled["status"]));
}

#[rstest]
#[tokio::test]
async fn a_confirmed_order_cannot_be_given_up(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;
    let key = fresh_key();
    let order = shop.place(&[(&id, 1.0)]).key(&key).await.with_status(201);

    for what in [json!({ "key": key }), json!({ "orderId": order["id"] })] {
        let problem = cancel(&shop, what).await.with_problem(409, "already_confirmed");
        assert_eq!(problem["orderId"], order["id"]);
    }
    assert_eq!(shop.read_order(&text(&order["id"])).await, order);
    assert_eq!(shop.stock(&id).await, 99);
}

#[rstest]
#[tokio::test]
async fn a_rejected_order_is_answered_as_it_stands(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1 })).await;
    let key = fresh_key();
    let problem = shop.place(&[(&id, 2.0)]).key(&key).await.with_problem(409, "insufficient_stock");

    for what in [json!({ "key": key }), json!({ "orderId": problem["orderId"] })] {
        let order = cancel(&shop, what).await.with_status(200);
        assert_eq!((&order["id"], &order["status"]), (&problem["orderId"], &json!("rejected")));
    }
    let again = shop.place(&[(&id, 2.0)]).key(&key).await;
    assert!(again.is_replay());
    again.with_problem(409, "insufficient_stock");
}

#[rstest]
#[tokio::test]
async fn an_order_id_that_is_not_known_proves_nothing(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    cancel(&shop, json!({ "orderId": Uuid::new_v4() })).await.with_problem(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn says_which_order_by_key_or_by_id(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    assert_eq!(cancel(&shop, json!({})).await.code(), "invalid");
    assert_eq!(
        cancel(&shop, json!({ "key": fresh_key(), "orderId": Uuid::new_v4() })).await.code(),
        "invalid"
    );
    cancel(&shop, json!({ "key": "short" })).await.with_faults_at(&["/key"]);
    cancel(&shop, json!({ "orderId": "42" })).await.with_faults_at(&["/orderId"]);
    cancel(&shop, json!({ "order": "42" })).await.with_faults_at(&["/order"]);
}

#[rstest]
#[tokio::test]
async fn a_cancellation_that_races_the_order_ends_both_alike(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 30 })).await;
    let mut sold = 0;
    for round in 0..30 {
        let key = fresh_key();
        let replica = &shop.orders[round % shop.orders.len()];
        let (placed, given_up) = tokio::join!(
            shop.place(&[(&id, 1.0)]).key(&key).into_future(),
            replica.post("/orders/cancellations", &json!({ "key": key })).into_future(),
        );

        match placed.status {
            201 => {
                sold += 1;
                let problem = given_up.with_problem(409, "already_confirmed");
                assert_eq!(problem["orderId"], placed.body["id"]);
            }
            _ => {
                let problem = placed.with_problem(409, "order_cancelled");
                let cancelled = given_up.with_status(200);
                assert_eq!(
                    (&cancelled["status"], &cancelled["id"]),
                    (&json!("cancelled"), &problem["orderId"])
                );
            }
        }
    }
    assert_eq!(shop.stock(&id).await, 30 - sold);
}
