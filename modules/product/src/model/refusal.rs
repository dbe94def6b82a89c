//! What the rules say no to. Remembered under the request's key, so it is written as JSON.

use contract::{ProductId, Quantity};
use serde::{Deserialize, Serialize};

/// Why a change of catalogue or stock was not made.
///
/// Its words are for the public: an answer of the API, or a line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Unknown or archived.
    #[error("There is no product {0}.")]
    NotFound(ProductId),
    #[error("Another product has this SKU; choose another, or archive that product first.")]
    DuplicateSku,
    #[error("Another product has this barcode; choose another, or archive that product first.")]
    DuplicateBarcode,
    #[error("The product is at version {current}; read it again and repeat the change.")]
    VersionMismatch { current: i64 },
    /// The policy cannot become `deny` at this level.
    #[error(
        "Stock is below 0, so the policy cannot become deny; set it to allow, count the stock, then set deny."
    )]
    StockNegative { quantity: Quantity },
    #[error("The product's stock is not tracked; set its stockPolicy to allow first.")]
    Untracked,
    #[error("Less is available than that; stock cannot go below its floor.")]
    InsufficientStock { requested: Quantity, available: Quantity },
    /// A count was made against a level that is not there any more.
    #[error("Stock is not what the count expected; count again, or send the movement's seq as asOf.")]
    StaleCount { quantity: Quantity, seq: i64 },
    /// `asOf` names a movement that does not exist.
    #[error("asOf names no movement of this product; the latest is {latest}.")]
    UnknownSeq { latest: i64 },
    #[error("Stock would be more than 1000000000000, the most that is kept.")]
    StockOutOfRange,
}
