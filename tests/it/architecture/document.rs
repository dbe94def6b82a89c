//! The API document shows every route and every code.

use std::collections::BTreeSet;

use contract::Code;
use serde_json::Value;

use crate::support::shop::Shape;

/// The routes of docs/API.md, and what every role serves.
const ROUTES: [&str; 18] = [
    "POST /products",
    "GET /products",
    "GET /products/{id}",
    "PUT /products/{id}",
    "DELETE /products/{id}",
    "GET /products/{id}/stock",
    "PUT /products/{id}/stock",
    "POST /products/{id}/stock/adjustments",
    "POST /products/{id}/deduct",
    "GET /products/{id}/stock/movements",
    "POST /orders",
    "GET /orders",
    "GET /orders/{id}",
    "POST /orders/cancellations",
    "GET /livez",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
];

fn routes(document: &Value) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    routes
}

#[tokio::test]
async fn the_document_shows_every_route_and_no_internal_one() {
    let shop = Shape::AllOnSqlite.start().await;
    let document = shop.order().get("/openapi.json").await.with_status(200);
    let expected: BTreeSet<String> = ROUTES.iter().map(|route| (*route).to_owned()).collect();
    assert_eq!(routes(&document), expected);
}

#[tokio::test]
async fn the_split_services_show_together_what_one_process_shows() {
    let (one, split) = (Shape::AllOnSqlite.start().await, Shape::Split.start().await);
    let document = one.order().get("/openapi.json").await.with_status(200);
    let product = split.product.get("/openapi.json").await.with_status(200);
    let order = split.order().get("/openapi.json").await.with_status(200);

    let mut together = routes(&product);
    together.extend(routes(&order));

    assert_eq!(together, routes(&document));
    assert!(routes(&product).iter().all(|route| !route.contains("/orders")));
    assert!(routes(&order).iter().all(|route| !route.contains("/products")));
}

#[tokio::test]
async fn the_document_lists_exactly_the_codes() {
    let shop = Shape::AllOnSqlite.start().await;
    let document = shop.order().get("/openapi.json").await.with_status(200);
    let schema = &document["components"]["schemas"]["Code"];
    // an enumeration, or one constant each with its description
    let listed = match schema["enum"].as_array() {
        Some(names) => names.iter().map(text).collect::<BTreeSet<_>>(),
        None => schema["oneOf"].as_array().unwrap().iter().map(|case| text(&case["enum"][0])).collect(),
    };
    let expected: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(listed, expected);
}

/// Every change says that it takes a key, and every operation how it can fail.
#[tokio::test]
async fn every_operation_is_described() {
    let shop = Shape::AllOnSqlite.start().await;
    let document = shop.order().get("/openapi.json").await.with_status(200);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(
                operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                "{name} has no summary"
            );
            let responses = operation["responses"].as_object().unwrap();
            let documented = |prefix: char| responses.keys().any(|status| status.starts_with(prefix));
            assert!(documented('2'), "{name} has no success");
            assert!(responses.contains_key("default") || documented('4'), "{name} does not say how it fails");
            if method != "get" {
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let takes_key = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
                assert!(takes_key, "{name} does not show the Idempotency-Key");
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
