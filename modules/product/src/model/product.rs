//! A product: its catalogue fields and its stock on hand.

use chrono::{DateTime, Utc};
use contract::{Money, ProductId, Quantity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What happens when less is there than is sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StockPolicy {
    /// The sale is refused: stock never goes below 0.
    #[default]
    Deny,
    /// Stock may go below 0.
    Allow,
    /// Stock may go below 0; the line and the product are marked.
    Flag,
    /// No stock and no movements: a service.
    Untracked,
}

impl StockPolicy {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
            Self::Flag => "flag",
            Self::Untracked => "untracked",
        }
    }

    /// Reads what [`StockPolicy::as_str`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Deny, Self::Allow, Self::Flag, Self::Untracked]
            .into_iter()
            .find(|policy| policy.as_str() == text)
    }

    /// Whether stock may be at this level.
    pub fn allows_level(self, quantity: Quantity) -> bool {
        match self {
            Self::Deny => quantity >= Quantity::ZERO,
            Self::Allow | Self::Flag | Self::Untracked => true,
        }
    }

    pub fn is_tracked(self) -> bool {
        match self {
            Self::Deny | Self::Allow | Self::Flag => true,
            Self::Untracked => false,
        }
    }
}

/// The fields that a person edits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    pub name: String,
    pub price: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    pub stock_policy: StockPolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder_level: Option<Quantity>,
}

/// A product as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    pub id: ProductId,
    pub catalogue: Catalogue,
    pub stock: Quantity,
    pub seq: i64,
    pub archived: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Product {
    /// Sold below 0 under the policy `flag` and not set right since.
    pub fn is_flagged(&self) -> bool {
        self.catalogue.stock_policy == StockPolicy::Flag && self.stock < Quantity::ZERO
    }
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;

    /// A coffee at 3.80, with a fresh id.
    pub fn product(stock_policy: StockPolicy, stock_milli: i64) -> Product {
        let now = DateTime::UNIX_EPOCH;
        let catalogue = Catalogue {
            name: "Flat white".into(),
            price: Money::from_minor(380),
            sku: Some("FW-1".into()),
            barcode: None,
            category: None,
            stock_policy,
            reorder_level: None,
        };
        Product {
            id: ProductId(Uuid::now_v7()),
            catalogue,
            stock: Quantity::from_milli(stock_milli),
            seq: 0,
            archived: false,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}
