//! What an audit reads.

use contract::audit::SoldLine;
use uuid::Uuid;

/// An order as it is stored, with the lines that it sold.
pub struct AuditedOrder {
    pub id: Uuid,
    pub key: String,
    /// Of the request, in hexadecimal digits.
    pub hash: Option<String>,
    pub status: String,
    pub cause: Option<String>,
    pub total_minor: Option<i64>,
    pub lines: Vec<SoldLine>,
}
