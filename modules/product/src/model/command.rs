//! What can be asked of catalogue and stock, after it was checked.

use contract::Quantity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{movement::Reason, product::Catalogue};

/// Put a product into the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewProduct {
    #[serde(flatten)]
    pub catalogue: Catalogue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<Quantity>,
}

/// Replace the catalogue fields of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replacement {
    #[serde(flatten)]
    pub catalogue: Catalogue,
    /// The stock policy was not named: it stays. A price is edited more often than the way stock is sold.
    pub keeps_policy: bool,
    /// The versions that the caller accepts to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<i64>>,
}

/// Set stock to what was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StockCount {
    pub quantity: Quantity,
    /// What the counter believed was there; when it is not, nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_quantity: Option<Quantity>,
    /// The movement after which the shelf was counted; what moved since then is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<i64>,
}

/// Move stock by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    pub quantity: Quantity,
    pub reason: AdjustmentReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why stock is moved by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AdjustmentReason {
    /// Goods came in: more than 0.
    Receive,
    /// Goods were lost or thrown away: less than 0.
    Waste,
    /// A mistake is set right, either way.
    Correct,
}

impl AdjustmentReason {
    /// Whether the reason goes with this direction.
    pub fn allows(self, quantity: Quantity) -> bool {
        match self {
            Self::Receive => quantity > Quantity::ZERO,
            Self::Waste => quantity < Quantity::ZERO,
            Self::Correct => true,
        }
    }

    /// The same reason in the ledger.
    pub fn in_ledger(self) -> Reason {
        match self {
            Self::Receive => Reason::Receive,
            Self::Waste => Reason::Waste,
            Self::Correct => Reason::Correct,
        }
    }
}
