//! What the rules say no to. Remembered under the request's key, so it is written as JSON.

use contract::{ProductId, Quantity};
use serde::{Deserialize, Serialize};

/// Why a change of catalogue or stock was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Unknown or archived.
    NotFound(ProductId),
    DuplicateSku,
    DuplicateBarcode,
    VersionMismatch {
        current: i64,
    },
    /// The policy cannot become `deny` at this level.
    StockNegative {
        quantity: Quantity,
    },
    Untracked,
    InsufficientStock {
        requested: Quantity,
        available: Quantity,
    },
    /// A count was made against a level that is not there any more.
    StaleCount {
        quantity: Quantity,
        seq: i64,
    },
    /// `asOf` names a movement that does not exist.
    UnknownSeq {
        latest: i64,
    },
    StockOutOfRange,
}
