//! All that a shop shows, so that one can tell whether anything came of a request.

use serde_json::{Value, json};

use crate::support::shop::Shop;

/// Products, archived ones too, their stock and ledgers, and orders.
pub async fn of(shop: &Shop) -> Value {
    let mut products = Shop::walk(&shop.product, "/products?limit=200").await;
    let archived = Shop::walk(&shop.product, "/products?archived=true&limit=200").await;
    let mut ledgers = Vec::new();
    for product in &products {
        ledgers.push(shop.ledger(product["id"].as_str().unwrap()).await);
    }
    products.extend(archived);
    let orders = Shop::walk(shop.order(), "/orders?limit=200").await;
    json!({ "products": products, "ledgers": ledgers, "orders": orders })
}
