//! The ledger's entries.

use chrono::{DateTime, Utc};
use contract::{OrderId, ProductId, Quantity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why stock moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    Sale,
    Deduct,
    Receive,
    Waste,
    Correct,
    Count,
    Opening,
}

impl Reason {
    const ALL: [Self; 7] =
        [Self::Sale, Self::Deduct, Self::Receive, Self::Waste, Self::Correct, Self::Count, Self::Opening];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Deduct => "deduct",
            Self::Receive => "receive",
            Self::Waste => "waste",
            Self::Correct => "correct",
            Self::Count => "count",
            Self::Opening => "opening",
        }
    }

    /// Reads what [`Reason::as_str`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// One entry: `after − before = quantity`, and `before` is the last one's `after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Movement {
    /// Counts a product's movements from 1, without gaps.
    pub seq: i64,
    pub reason: Reason,
    pub quantity: Quantity,
    pub before: Quantity,
    pub after: Quantity,
    pub order_id: Option<OrderId>,
    pub note: Option<String>,
    pub at: DateTime<Utc>,
}

/// Stock on hand after movement `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockLevel {
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub seq: i64,
}
