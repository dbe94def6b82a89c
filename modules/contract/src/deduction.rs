//! The decision about an order, as the order and product modules tell it each other. Unknown fields are ignored, so that
//! versions can roll.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ids::{OrderId, ProductId},
    money::Money,
    quantity::Quantity,
};

/// Items of an order at most.
pub const MAX_ORDER_LINES: usize = 200;

/// S2: decide about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecideRequest {
    /// Hash of the order's request, in hexadecimal.
    pub request_hash: String,
    /// One line a product, in the order of the request.
    pub lines: Vec<DecideLine>,
}

/// What is wanted of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecideLine {
    pub product_id: ProductId,
    pub quantity_milli: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_unit_price_minor: Option<i64>,
}

/// Give an order up, unless it was decided already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefuseRequest {
    /// The order's hash; absent when no request of it ever arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
}

/// The decision, written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deduction {
    pub order_id: OrderId,
    pub decided_at: DateTime<Utc>,
    pub verdict: Verdict,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Verdict {
    /// The stock was taken.
    #[serde(rename_all = "camelCase")]
    Held { lines: Vec<DeductionLine>, total_minor: i64 },
    /// Nothing was taken, and never will be.
    #[serde(rename_all = "camelCase")]
    Refused { cause: RefusalCause, lines: Vec<LineRefusal> },
}

/// A line as it was sold: name and price of that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeductionLine {
    pub product_id: ProductId,
    pub name: String,
    #[serde(default)]
    pub sku: Option<String>,
    pub quantity_milli: i64,
    pub unit_price_minor: i64,
    pub total_minor: i64,
    /// Sold below zero under the policy `flag`.
    #[serde(default)]
    pub flagged: bool,
    /// Stock was taken, so there is a movement.
    pub tracked: bool,
}

/// Why an order was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCause {
    /// One or more lines could not be sold.
    Lines,
    /// The total is beyond what can be kept.
    TotalOutOfRange,
    /// It was given up: cancelled, or not decided in time.
    GivenUp,
}

/// Why a line could not be sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineRefusal {
    pub product_id: ProductId,
    #[serde(flatten)]
    pub cause: LineRefusalCause,
}

/// The reason, with what the caller needs to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum LineRefusalCause {
    #[serde(rename_all = "camelCase")]
    Shortage {
        requested_milli: i64,
        available_milli: i64,
    },
    Unavailable,
    #[serde(rename_all = "camelCase")]
    PriceChanged {
        expected_minor: i64,
        current_minor: i64,
    },
}

impl DecideLine {
    pub fn quantity(&self) -> Quantity {
        Quantity::from_milli(self.quantity_milli)
    }

    pub fn expected_unit_price(&self) -> Option<Money> {
        self.expected_unit_price_minor.map(Money::from_minor)
    }
}
