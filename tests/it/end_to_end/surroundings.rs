//! What every role serves beside its resources.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::shop::{
    Shape::{self, AllOnPostgres, AllOnSqlite, Split},
    text,
};

#[rstest]
#[tokio::test]
async fn every_role_tells_how_it_is(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    for service in [&shop.product, shop.order()] {
        service.get("/livez").await.with_status(200);
        let ready = service.get("/readyz").await.with_status(200);
        assert_eq!(ready["status"], "ready", "{ready}");
        for (name, state) in ready["waitsFor"].as_object().unwrap() {
            assert_eq!(state, "ok", "{name}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn figures_count_requests_and_orders(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 1 })).await;
    shop.place(&[(&id, 1.0)]).await.with_status(201);
    shop.place(&[(&id, 1.0)]).await.with_problem(409, "insufficient_stock");

    let reply = shop.order().get("/metrics").await;

    assert_eq!(reply.status, 200);
    let line = |parts: &[&str]| {
        let found = reply
            .text
            .lines()
            .find(|line| !line.starts_with('#') && parts.iter().all(|part| line.contains(part)));
        let line = found.unwrap_or_else(|| panic!("no figure with {parts:?} in\n{}", reply.text));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(line(&["pos_http_requests_total", "POST", "/orders", "201"]) >= 1.0);
    assert!(line(&["pos_http_requests_total", "POST", "/orders", "409"]) >= 1.0);
    assert!(line(&["pos_http_request_duration_seconds_bucket", "POST", "/orders"]) >= 0.0);
    assert!(line(&["orders", "total", "confirmed"]) >= 1.0);
    assert!(line(&["orders", "total", "rejected"]) >= 1.0);
    assert!(line(&["pending"]) >= 0.0);
    assert!(line(&["oldest"]) >= 0.0);
    assert!(line(&["sweep"]) >= 0.0);
    assert!(line(&["pos_database_connections", "open"]) >= 1.0);
}

#[rstest]
#[tokio::test]
async fn the_api_document_and_its_pages_come_from_the_binary(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    for service in [&shop.product, shop.order()] {
        let document = service.get("/openapi.json").await.with_status(200);
        assert!(text(&document["openapi"]).starts_with("3.1"), "{}", document["openapi"]);
        let page = service.get("/docs/").await;
        assert_eq!(page.status, 200);
        assert!(page.text.to_lowercase().contains("swagger"), "{}", page.text);
        assert!(!page.text.contains("://"), "nothing is fetched from elsewhere: {}", page.text);
        assert_eq!(service.get("/docs").await.status, 200, "also without the slash");
    }
}

#[rstest]
#[tokio::test]
async fn a_request_id_is_taken_where_well_formed_and_made_where_not(
    #[values(AllOnSqlite, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    for service in [&shop.product, shop.order()] {
        let given = service.get("/livez").header("x-request-id", "till-4.2026_11").await;
        assert_eq!(given.header("x-request-id"), Some("till-4.2026_11"));
        let problem = service.get("/nowhere").header("x-request-id", "till-5").await;
        assert_eq!(problem.with_problem(404, "not_found")["requestId"], "till-5");
        for bad in ["with space", &"x".repeat(65), ""] {
            let made = service.get("/livez").header("x-request-id", bad).await;
            let id = made.header("x-request-id").unwrap();
            assert!(!id.is_empty() && id != bad, "{id}");
        }
        let one = service.get("/livez").await;
        let other = service.get("/livez").await;
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    }
    assert_ne!(Value::Null, shop.product.get("/products?limit=1").await.body);
}
