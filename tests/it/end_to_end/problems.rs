//! What a caller is told when a request is wrong.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    client::Service,
    shop::Shape::{self, AllOnPostgres, AllOnSqlite, Split},
};

const NEW: &str = r#"{"name": "Tea", "price": "1.00"}"#;

fn post(service: &Service, path: &str, media_type: &str, body: &str) -> crate::support::client::Call {
    service.call(Method::POST, path).raw(media_type, body)
}

#[rstest]
#[tokio::test]
async fn a_wrong_shape_is_told_with_its_first_fault(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    for (body, pointer) in [
        (r#"{"name": "Tea", "price": "1.00", "colour": "green"}"#, "/colour"),
        (r#"{"price": "1.00"}"#, "/name"),
        (r#"{"name": "Tea"}"#, "/price"),
        (r#"{"name": 7, "price": "1.00"}"#, "/name"),
        (r#"{"name": "Tea", "price": {"amount": 1}}"#, "/price"),
        (r#"{"name": "Tea", "price": "1.00", "stockPolicy": "maybe"}"#, "/stockPolicy"),
        (r#"{"name": "Tea", "name": "Tee", "price": "1.00"}"#, "/name"),
        (r#"["Tea", "1.00"]"#, ""),
    ] {
        post(&shop.product, "/products", "application/json", body).await.with_faults_at(&[pointer]);
    }
    for (body, pointer) in [
        (r#"{}"#, "/items"),
        (r#"{"items": {}}"#, "/items"),
        (r#"{"items": [{"quantity": 1}]}"#, "/items/0/productId"),
        (r#"{"items": [{"productId": "0", "quantity": true}]}"#, "/items/0/quantity"),
        (r#"{"items": [{"productId": "0", "quantity": 1, "price": "0.01"}]}"#, "/items/0/price"),
        (r#"{"items": [], "customer": "me"}"#, "/customer"),
    ] {
        post(shop.order(), "/orders", "application/json", body).await.with_faults_at(&[pointer]);
    }
}

#[rstest]
#[tokio::test]
async fn faults_of_value_are_told_all_at_once(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let new = json!({
        "name": "", "price": "12.345", "sku": "", "stock": "1e3", "reorderLevel": 0.0001, "category": "x".repeat(1000),
    });

    let reply = shop.product.post("/products", &new).await;

    reply.with_faults_at(&["/name", "/price", "/sku", "/stock", "/reorderLevel", "/category"]);
    for price in ["-0.01", "1000000000.01", "1,50", "NaN", ""] {
        let body = json!({ "name": "Tea", "price": price });
        shop.product.post("/products", &body).await.with_faults_at(&["/price"]);
    }
    for stock in [json!(-1), json!(1_000_000.001), json!("two")] {
        let body = json!({ "name": "Tea", "price": "1.00", "stock": stock });
        shop.product.post("/products", &body).await.with_faults_at(&["/stock"]);
    }
}

#[rstest]
#[tokio::test]
async fn what_is_no_json_is_malformed(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let whole = [(&shop.product, "/products", NEW), (shop.order(), "/orders", r#"{"items": []}"#)];
    for (service, path, whole) in whole {
        let (cut, trailing) = (&whole[..whole.len() - 1], format!("{whole} x"));
        for body in ["", "{", "tea", cut, &format!("{cut},}}"), &trailing] {
            post(service, path, "application/json", body).await.with_problem(400, "malformed");
        }
    }
    let exponent = r#"{"name": "Tea", "price": 1e3}"#;
    post(&shop.product, "/products", "application/json", exponent).await.with_faults_at(&["/price"]);
}

#[rstest]
#[tokio::test]
async fn what_is_not_announced_as_json_is_not_read(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        for (service, path) in [(&shop.product, "/products"), (shop.order(), "/orders")] {
            post(service, path, media_type, NEW).await.with_problem(415, "unsupported_media_type");
        }
    }
    post(&shop.product, "/products", "application/json; charset=utf-8", NEW).await.with_status(201);
}

#[rstest]
#[tokio::test]
async fn a_body_that_is_too_long_is_not_read(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let long = json!({ "name": "x".repeat(3 << 20), "price": "1.00" });
    for (service, path) in [(&shop.product, "/products"), (shop.order(), "/orders")] {
        // the connection may be closed before the whole body was taken
        if let Ok(reply) = service.post(path, &long).try_send().await {
            reply.with_problem(413, "too_large");
        }
    }
    shop.product.get("/products?limit=1").await.with_status(200);
}

#[rstest]
#[tokio::test]
async fn a_path_that_is_not_served_is_not_found(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    for service in [&shop.product, shop.order()] {
        for path in ["/", "/product", "/products/1/2/3/4", "/orders/1/2", "/internal", "/internal/deductions"]
        {
            service.get(path).await.with_problem(404, "not_found");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_method_that_is_not_served_names_those_that_are(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = uuid::Uuid::now_v7();
    for (service, method, path, allowed) in [
        (&shop.product, Method::DELETE, "/products".to_owned(), vec!["GET", "POST"]),
        (&shop.product, Method::POST, format!("/products/{id}"), vec!["DELETE", "GET", "PUT"]),
        (&shop.product, Method::GET, format!("/products/{id}/deduct"), vec!["POST"]),
        (shop.order(), Method::PUT, "/orders".to_owned(), vec!["GET", "POST"]),
        (shop.order(), Method::DELETE, format!("/orders/{id}"), vec!["GET"]),
        (shop.order(), Method::DELETE, "/orders/cancellations".to_owned(), vec!["POST"]),
        (shop.order(), Method::GET, "/orders/cancellations".to_owned(), vec!["POST"]),
    ] {
        let reply = service.call(method.clone(), &path).json(&Value::Null).await;
        let mut allow: Vec<&str> = reply.header("allow").unwrap_or_default().split(", ").collect();
        allow.retain(|method| *method != "HEAD");
        allow.sort_unstable();
        assert_eq!(allow, allowed, "{method} {path}");
        reply.with_problem(405, "method_not_allowed");
    }
}

#[rstest]
#[tokio::test]
async fn the_decision_is_not_public(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let path = format!("/internal/deductions/{}", uuid::Uuid::new_v4());
    let body = json!({ "requestHash": "0".repeat(64), "lines": [] });
    for service in &shop.orders {
        service.put(&path, &body).await.with_problem(404, "not_found");
        service.post(&format!("{path}/refuse"), &json!({})).await.with_problem(404, "not_found");
    }
}
