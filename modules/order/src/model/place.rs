//! The command that places an order, and its hash.

use contract::{DecideLine, Money, ProductId, Quantity};
use platform::idempotency::RequestHash;
use serde::{Deserialize, Serialize};

/// Method and route, as they go into the hash.
const OPERATION: &str = "POST /orders";

/// A checked request: one line a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    pub request: OrderRequest,
    pub hash: RequestHash,
}

/// What is wanted, as it is kept with the order: in the order in which the products were first named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRequest {
    pub lines: Vec<RequestedLine>,
}

/// What is wanted of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestedLine {
    pub product_id: ProductId,
    pub quantity_milli: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_unit_price_minor: Option<i64>,
    /// Index of the first item of the request that named the product.
    pub item: usize,
}

/// A line as it is hashed: its own type, so that neither the wire nor the database can change what 'the same' means.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HashedLine {
    product_id: ProductId,
    quantity_milli: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_unit_price_minor: Option<i64>,
}

impl PlaceOrder {
    /// Takes merged lines and hashes them, sorted by product.
    ///
    /// # Errors
    /// As [`RequestHash::of`].
    pub fn new(lines: Vec<RequestedLine>) -> Result<Self, serde_json::Error> {
        let mut hashed: Vec<HashedLine> = lines.iter().map(RequestedLine::hashed).collect();
        hashed.sort_by_key(|line| line.product_id);
        let hash = RequestHash::of(OPERATION, &hashed)?;
        Ok(Self { request: OrderRequest { lines }, hash })
    }
}

impl OrderRequest {
    /// The lines as the product module is asked for them.
    pub fn decide_lines(&self) -> Vec<DecideLine> {
        self.lines
            .iter()
            .map(|line| DecideLine {
                product_id: line.product_id,
                quantity_milli: line.quantity_milli,
                expected_unit_price_minor: line.expected_unit_price_minor,
            })
            .collect()
    }

    /// Where in the request the product was named first, as a JSON pointer.
    pub fn pointer(&self, product: ProductId) -> String {
        let line = self.lines.iter().find(|line| line.product_id == product);
        line.map_or_else(|| "/items".to_owned(), |line| format!("/items/{}", line.item))
    }
}

impl RequestedLine {
    pub fn quantity(&self) -> Quantity {
        Quantity::from_milli(self.quantity_milli)
    }

    pub fn expected_unit_price(&self) -> Option<Money> {
        self.expected_unit_price_minor.map(Money::from_minor)
    }

    fn hashed(&self) -> HashedLine {
        HashedLine {
            product_id: self.product_id,
            quantity_milli: self.quantity_milli,
            expected_unit_price_minor: self.expected_unit_price_minor,
        }
    }
}
