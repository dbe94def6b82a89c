//! The one place where errors and refusals become problem documents.

use contract::{Code, Currency, OrderId};
use platform::{
    database::{ErrorClass, StoreError},
    problem::Problem,
};
use serde_json::Value;

use super::document::ReasonsDocument;
use crate::{
    model::{Order, OrderState, Rejection},
    service::OrderError,
};

/// What the caller is told about an error.
pub fn order_problem(error: OrderError) -> Problem {
    match error {
        OrderError::NotFound(id) => about(Code::NotFound.problem("There is no order with this id."), id),
        OrderError::KeyReused => Code::KeyReused
            .problem("The Idempotency-Key was used for another request; a new request needs a new key."),
        OrderError::Overloaded { .. } => Code::Overloaded.not_now(
            "Too many orders are under way; this request changed nothing. Repeat it with the same key.",
        ),
        OrderError::NotNow(_) => Code::Unavailable
            .not_now(
                "The orders cannot be reached; this request changed nothing. Repeat it with the same key.",
            )
            .caused_by(error),
        OrderError::OutcomeUnknown { order, .. } => {
            let detail = "The outcome is not known yet; repeat with the same Idempotency-Key until it is, or cancel the order.";
            about(Code::unknown(detail), order).caused_by(error)
        }
        OrderError::NotDecided { order, .. } | OrderError::Misfit { order, .. } => {
            about(Problem::internal(error), order)
        }
        OrderError::Store(error) => store_problem(error),
    }
}

fn about(problem: Problem, order: OrderId) -> Problem {
    problem.member("orderId", order.to_string())
}

/// Of a read, or of a fault of ours: what is unknown about a change was told apart before.
fn store_problem(error: StoreError) -> Problem {
    match error.class {
        ErrorClass::NotSent
        | ErrorClass::Full
        | ErrorClass::Contention
        | ErrorClass::Unwritable
        | ErrorClass::Broken
        | ErrorClass::CommitUnknown => {
            Code::Unavailable.not_now("The orders cannot be reached; ask again.").caused_by(error)
        }
        ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => Problem::internal(error),
    }
}

/// The 409 of an order that was not sold; `None` for one that was.
pub fn refused_problem(order: &Order, currency: Currency) -> Option<Problem> {
    match &order.state {
        OrderState::Confirmed { .. } => None,
        OrderState::Rejected { rejection, .. } => {
            let problem = about(rejection.code().problem(detail(rejection)), order.id);
            Some(with_reasons(problem, &ReasonsDocument::of(order, rejection, currency)))
        }
        OrderState::Cancelled { .. } => {
            let problem =
                Code::OrderCancelled.problem("The order was cancelled; nothing was sold under its key.");
            Some(about(problem, order.id))
        }
        // is answered only once it is decided
        OrderState::Pending => Some(about(Code::unknown("The order is not decided yet."), order.id)),
    }
}

fn with_reasons(mut problem: Problem, reasons: &ReasonsDocument) -> Problem {
    match serde_json::to_value(reasons) {
        Ok(Value::Object(members)) => problem.members.extend(members),
        Ok(other) => problem = problem.member("reasons", other),
        Err(error) => return Problem::internal(error),
    }
    problem
}

fn detail(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::TotalOutOfRange => "The order's total is beyond what can be kept; nothing was sold.",
        Rejection::Lines(_) => match rejection.code() {
            Code::InsufficientStock => "Less is available than was ordered; nothing was sold. See shortages.",
            Code::ProductUnavailable => "A product cannot be sold; nothing was sold. See unavailable.",
            Code::PriceChanged => "A price is not the one expected; nothing was sold. See priceChanges.",
            _ => "Not every line can be sold; nothing was sold.",
        },
    }
}
