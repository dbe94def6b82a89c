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
    match refusal {
        Refusal::NotFound(id) => Code::NotFound.problem(format!("There is no product {id}.")),
        Refusal::DuplicateSku => taken(Code::DuplicateSku, "/sku", "SKU"),
        Refusal::DuplicateBarcode => taken(Code::DuplicateBarcode, "/barcode", "barcode"),
        Refusal::VersionMismatch { current } => Code::VersionMismatch
            .problem(format!("The product is at version {current}; read it again and repeat the change."))
            .member("version", *current),
        Refusal::StockNegative { quantity } => Code::StockNegative
            .problem("Stock is below 0, so the policy cannot become deny; set it to allow, count the stock, then set deny.")
            .member("quantity", json!(quantity)),
        Refusal::Untracked => {
            Code::StockUntracked.problem("The product's stock is not tracked; set its stockPolicy to allow first.")
        }
        Refusal::InsufficientStock { requested, available } => Code::InsufficientStock
            .problem("Less is available than that; stock cannot go below its floor.")
            .member("requested", json!(requested))
            .member("available", json!(available)),
        Refusal::StaleCount { quantity, seq } => Code::StaleCount
            .problem("Stock is not what the count expected; count again, or send the movement's seq as asOf.")
            .member("quantity", json!(quantity))
            .member("seq", *seq),
        Refusal::UnknownSeq { latest } => Code::Conflict
            .problem(format!("asOf names no movement of this product; the latest is {latest}."))
            .at(Place::Body("/asOf".into())),
        Refusal::StockOutOfRange => {
            Code::StockOutOfRange.problem("Stock would be more than 1000000000000, the most that is kept.")
        }
    }
}

fn taken(code: Code, pointer: &str, name: &str) -> Problem {
    let detail = format!("Another product has this {name}; choose another, or archive that product first.");
    code.problem(detail).at(Place::Body(pointer.into()))
}

fn store_problem(error: StoreError) -> Problem {
    let problem = match error.class {
        ErrorClass::CommitUnknown => Code::unknown(
            "It is not known whether the change was made; repeat with the same Idempotency-Key.",
        ),
        ErrorClass::Contention | ErrorClass::NotSent | ErrorClass::Broken => Code::Unavailable
            .not_now("The product database cannot serve this now; this request changed nothing. Repeat it with the same key."),
        ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => {
            return Problem::internal(error);
        }
    };
    problem.caused_by(error)
}
