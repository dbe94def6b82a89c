//! What an audit reads.

use contract::audit::SoldLine;
use uuid::Uuid;

/// A stock row that breaks a rule as it stands.
pub struct BadLevel {
    pub product_id: Uuid,
    pub policy: String,
    pub quantity_milli: i64,
    pub seq: i64,
    /// The level after movement `seq`, if there is such a movement.
    pub ledger_milli: Option<i64>,
}

/// A movement that does not follow from the one before it, or whose sale nobody decided.
pub struct BadMovement {
    pub product_id: Uuid,
    pub seq: i64,
    pub order_id: Option<Uuid>,
    pub is_orphan: bool,
}

/// A decision, with what it sold, and what it took.
pub struct Decision {
    pub order_id: Uuid,
    pub is_held: bool,
    pub cause: Option<String>,
    /// Of the request that it was made for, in hexadecimal digits.
    pub hash: Option<String>,
    pub total_minor: Option<i64>,
    pub lines: Vec<SoldLine>,
    /// What its tracked lines should have taken: `product:thousandths`, in the products' order.
    pub due: String,
    /// What its movements took, likewise.
    pub taken: String,
}
