//! Where an order stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an order stands. Only `pending` ever changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Not decided yet; nobody was told anything.
    Pending,
    /// Sold: the stock was taken.
    Confirmed,
    /// A line could not be sold; nothing was taken.
    Rejected,
    /// It was given up; nothing was taken.
    Cancelled,
}

impl OrderStatus {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Confirmed, Self::Rejected, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads what [`OrderStatus::as_str`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
