//! The command that gives an order up.

use contract::OrderId;
use platform::idempotency::{IdempotencyKey, Keyed, RequestHash};
use serde::Serialize;

/// Method and route, as they go into the hash.
const OPERATION: &str = "POST /orders/cancellations";

/// Which order is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelTarget {
    /// The order of this key, also one that never arrived.
    Key(IdempotencyKey),
    /// An order that is known.
    Order(OrderId),
}

/// A checked request, under its own key.
#[derive(Clone, Debug)]
pub struct CancelOrder {
    pub keyed: Keyed,
    pub target: CancelTarget,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum HashedTarget<'a> {
    Key(&'a str),
    OrderId(OrderId),
}

impl CancelOrder {
    /// Takes the cancellation's own key and what it gives up.
    ///
    /// # Errors
    /// As [`RequestHash::of`].
    pub fn new(key: IdempotencyKey, target: CancelTarget) -> Result<Self, serde_json::Error> {
        let hashed = match &target {
            CancelTarget::Key(key) => HashedTarget::Key(key.as_str()),
            CancelTarget::Order(id) => HashedTarget::OrderId(*id),
        };
        let hash = RequestHash::of(OPERATION, &hashed)?;
        Ok(Self { keyed: Keyed { key, hash }, target })
    }
}
