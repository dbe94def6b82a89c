//! What a caller is told of each failure.

use contract::Code;
use platform::{
    database::{ErrorClass, StoreError},
    idempotency::Answer,
    problem::{Place, Problem},
};
use serde_json::json;

use crate::{model::Refusal, service::ProductError};

impl From<ProductError> for Problem {
    fn from(error: ProductError) -> Self {
        match error {
            ProductError::Refused(Answer { value, replayed }) => Self { replayed, ..refused(&value) },
            ProductError::KeyReused => Code::KeyReused.problem(
                "The Idempotency-Key was used for another request; use a new key for a new request.",
            ),
            ProductError::Store(error) => store_problem(error),
        }
    }
}

fn refused(refusal: &Refusal) -> Problem {
    let told = |code: Code| code.problem(refusal.to_string());
    match refusal {
        Refusal::NotFound(_) => told(Code::NotFound),
        Refusal::DuplicateSku => told(Code::DuplicateSku).at(Place::Body("/sku".into())),
        Refusal::DuplicateBarcode => told(Code::DuplicateBarcode).at(Place::Body("/barcode".into())),
        Refusal::VersionMismatch { current } => told(Code::VersionMismatch).member("version", *current),
        Refusal::StockNegative { quantity } => told(Code::StockNegative).member("quantity", json!(quantity)),
        Refusal::Untracked => told(Code::StockUntracked),
        Refusal::InsufficientStock { requested, available } => told(Code::InsufficientStock)
            .member("requested", json!(requested))
            .member("available", json!(available)),
        Refusal::StaleCount { quantity, seq } => {
            told(Code::StaleCount).member("quantity", json!(quantity)).member("seq", *seq)
        }
        Refusal::UnknownSeq { .. } => told(Code::Conflict).at(Place::Body("/asOf".into())),
        Refusal::StockOutOfRange => told(Code::StockOutOfRange),
    }
}

/// Of a change.
pub fn unknown() -> Problem {
    Code::unknown("It is not known whether the change was made; repeat with the same Idempotency-Key.")
}

fn store_problem(error: StoreError) -> Problem {
    let problem = match error.class {
        ErrorClass::CommitUnknown => unknown(),
        ErrorClass::Full => Code::Overloaded
            .not_now("Too many wait for the product database; this request changed nothing. Ask again, a change with its key."),
        ErrorClass::Unwritable => Code::Unavailable
            .not_now("The product database takes no changes now; this request changed nothing. Repeat it with the same key."),
        ErrorClass::Contention | ErrorClass::NotSent | ErrorClass::Broken => Code::Unavailable
            .not_now("The product database cannot serve this now; this request changed nothing. Ask again, a change with its key."),
        ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => {
            return Problem::internal(error);
        }
    };
    problem.caused_by(error)
}
