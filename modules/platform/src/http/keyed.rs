//! A request that changes something, made recognisable.

use serde::Serialize;

use crate::{
    idempotency::{IdempotencyKey, Keyed, RequestHash},
    problem::Problem,
};

/// The key with the hash of what is asked. `operation` is method and route with its ids.
///
/// # Errors
/// When the command cannot be written as JSON: a fault of ours.
pub fn keyed(key: IdempotencyKey, operation: &str, command: &impl Serialize) -> Result<Keyed, Problem> {
    let hash = RequestHash::of(operation, command).map_err(Problem::internal)?;
    Ok(Keyed { key, hash })
}
