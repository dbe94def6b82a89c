//! Why there is no order to answer.

use contract::{OrderId, ProductApiError};
use platform::{
    database::{ErrorClass, StoreError, remembered::OnceError},
    deadline::Elapsed,
};

use crate::model::Misfit;

/// Why there is no order to answer.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("there is no order {0}")]
    NotFound(OrderId),
    #[error("the key was used for another request")]
    KeyReused,
    #[error("{limit} orders are under way already")]
    Overloaded { limit: usize },
    /// This request changed nothing.
    #[error("nothing was done")]
    NotNow(#[source] StoreError),
    /// Only a repeat, a cancellation or the sweeper settles it.
    #[error("the outcome of order {order} is not known")]
    OutcomeUnknown {
        order: OrderId,
        #[source]
        cause: UnknownCause,
    },
    /// The product module does not take the call: a fault of ours. The order stays pending.
    #[error("order {order} cannot be decided")]
    NotDecided {
        order: OrderId,
        #[source]
        cause: ProductApiError,
    },
    /// The deduction is not this order's: a fault of ours. The order stays pending.
    #[error("order {order} does not fit its deduction")]
    Misfit {
        order: OrderId,
        #[source]
        cause: Misfit,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What kept the outcome from being known.
#[derive(Debug, thiserror::Error)]
pub enum UnknownCause {
    #[error(transparent)]
    Elapsed(#[from] Elapsed),
    #[error(transparent)]
    Product(#[from] ProductApiError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OrderError {
    pub(super) fn unknown(order: OrderId, cause: impl Into<UnknownCause>) -> Self {
        Self::OutcomeUnknown { order, cause: cause.into() }
    }

    /// S1 failed: what was not sent, or what the database refused, changed nothing; of all else nobody knows.
    pub(super) fn of_intent(order: OrderId, error: StoreError) -> Self {
        match error.class {
            ErrorClass::NotSent | ErrorClass::Full | ErrorClass::Contention | ErrorClass::Unwritable => {
                Self::NotNow(error)
            }
            ErrorClass::Broken | ErrorClass::CommitUnknown => Self::unknown(order, error),
            ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => Self::Store(error),
        }
    }

    /// A step failed after S1, so there is an order that may be decided. A fault of ours stays one.
    pub(super) fn of_step(order: OrderId, error: StoreError) -> Self {
        match error.class {
            ErrorClass::NotSent
            | ErrorClass::Full
            | ErrorClass::Contention
            | ErrorClass::Unwritable
            | ErrorClass::Broken
            | ErrorClass::CommitUnknown => Self::unknown(order, error),
            ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => Self::Store(error),
        }
    }

    /// A cancellation could not be opened: before its COMMIT nothing was written.
    pub(super) fn of_cancellation(order: OrderId, error: OnceError) -> Self {
        let error = match error {
            OnceError::KeyReused => return Self::KeyReused,
            OnceError::Store(error) => error,
        };
        match error.class {
            ErrorClass::NotSent
            | ErrorClass::Full
            | ErrorClass::Contention
            | ErrorClass::Unwritable
            | ErrorClass::Broken => Self::NotNow(error),
            ErrorClass::CommitUnknown => Self::unknown(order, error),
            ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => Self::Store(error),
        }
    }
}
