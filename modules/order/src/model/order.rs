//! An order, in each of its states.

use chrono::{DateTime, Utc};
use contract::{Money, OrderId, ProductId, Quantity};

use super::{place::OrderRequest, rejection::Rejection, status::OrderStatus};

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    /// The Idempotency-Key that it was placed or given up by.
    pub key: String,
    /// Absent where it was given up before any request of it arrived.
    pub request: Option<OrderRequest>,
    pub created_at: DateTime<Utc>,
    pub state: OrderState,
}

/// What the decision made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    Pending,
    Confirmed { decided_at: DateTime<Utc>, lines: Vec<OrderLine>, total: Money },
    Rejected { decided_at: DateTime<Utc>, rejection: Rejection },
    Cancelled { decided_at: DateTime<Utc> },
}

/// A line as it was sold: name and price of that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    pub product_id: ProductId,
    pub name: String,
    pub sku: Option<String>,
    pub quantity: Quantity,
    pub unit_price: Money,
    pub total: Money,
    /// Sold below zero under the stock policy `flag`.
    pub flagged: bool,
}

impl Order {
    pub const fn status(&self) -> OrderStatus {
        match self.state {
            OrderState::Pending => OrderStatus::Pending,
            OrderState::Confirmed { .. } => OrderStatus::Confirmed,
            OrderState::Rejected { .. } => OrderStatus::Rejected,
            OrderState::Cancelled { .. } => OrderStatus::Cancelled,
        }
    }

    /// When it was decided; `None` while it is pending.
    pub const fn decided_at(&self) -> Option<DateTime<Utc>> {
        match &self.state {
            OrderState::Pending => None,
            OrderState::Confirmed { decided_at, .. }
            | OrderState::Rejected { decided_at, .. }
            | OrderState::Cancelled { decided_at } => Some(*decided_at),
        }
    }
}
