//! Cursors that are good somewhere else.

use serde_json::json;

use super::routes::Route;
use crate::support::{client::Service, shop::Shop};

/// One of each list, of things of its own.
pub struct Cursors {
    /// Of the archived products.
    products: String,
    orders: String,
    /// Of another product's ledger.
    movements: String,
}

impl Cursors {
    pub async fn take(shop: &Shop) -> Self {
        let mut ids = Vec::new();
        for name in ["a", "b", "c"] {
            ids.push(shop.make_product_id(json!({ "name": name })).await);
        }
        for id in &ids[..2] {
            shop.place(&[(&ids[2], 1.0)]).await.with_status(201);
            shop.product.delete(&format!("/products/{id}")).await.with_status(204);
        }
        let ledger = format!("/products/{}/stock/movements", ids[2]);
        Self {
            products: first_cursor(&shop.product, "/products?archived=true&limit=1").await,
            orders: first_cursor(shop.order(), "/orders?limit=1").await,
            movements: first_cursor(&shop.product, &format!("{ledger}?limit=1")).await,
        }
    }

    /// Of another list than this route's.
    pub fn foreign(&self, route: &Route) -> &str {
        match route.template {
            "/products" => &self.orders,
            "/orders" => &self.products,
            _ => &self.movements,
        }
    }

    /// A query with a cursor of this very list, and a filter that is not the cursor's.
    pub fn refiltered(&self, route: &Route) -> Option<String> {
        match route.template {
            "/products" => Some(format!("category=tea&cursor={}", self.products)),
            "/orders" => Some(format!("status=rejected&cursor={}", self.orders)),
            _ => None,
        }
    }
}

async fn first_cursor(service: &Service, path: &str) -> String {
    let page = service.get(path).await.with_status(200);
    page["nextCursor"].as_str().unwrap().to_owned()
}
