//! Answers, as they are on the wire.

use chrono::{DateTime, Utc};
use contract::{Currency, ProductId, Quantity};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Movement, Product, StockPolicy};

/// A product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Product)]
pub struct ProductView {
    pub id: ProductId,
    pub name: String,
    /// With the currency's places.
    #[schema(example = "3.80")]
    pub price: String,
    #[schema(example = "EUR")]
    pub currency: &'static str,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub category: Option<String>,
    /// On hand; null for an untracked product.
    pub stock: Option<Quantity>,
    pub stock_policy: StockPolicy,
    pub reorder_level: Option<Quantity>,
    /// Sold below 0 under the policy `flag`, and not set right since.
    pub flagged: bool,
    pub archived: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Of the catalogue fields; a sale does not change it. Also the ETag.
    pub version: i64,
}

impl ProductView {
    pub fn new(product: Product, currency: Currency) -> Self {
        let flagged = product.is_flagged();
        let catalogue = product.catalogue;
        Self {
            id: product.id,
            name: catalogue.name,
            price: catalogue.price.format(currency),
            currency: currency.code(),
            sku: catalogue.sku,
            barcode: catalogue.barcode,
            category: catalogue.category,
            stock: catalogue.stock_policy.is_tracked().then_some(product.stock),
            stock_policy: catalogue.stock_policy,
            reorder_level: catalogue.reorder_level,
            flagged,
            archived: product.archived,
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        }
    }
}

/// A page of products.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProductPage)]
pub struct ProductPage {
    pub items: Vec<ProductView>,
    /// Where the next page starts; null on the last one.
    pub next_cursor: Option<String>,
}

/// A page of the ledger.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MovementPage)]
pub struct MovementPage {
    pub items: Vec<Movement>,
    /// Where the next page starts; null on the last one.
    pub next_cursor: Option<String>,
}
