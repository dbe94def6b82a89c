//! What the order module asks of the product module.

use async_trait::async_trait;
use platform::deadline::Deadline;

use crate::{
    deduction::{DecideRequest, Deduction, RefuseRequest},
    ids::OrderId,
};

/// The decision about an order, in this process or over the wire. Both calls are safe to repeat: the first decision of an
/// order stands, and every later call answers it.
///
/// Not `Send`: an HTTP client belongs to its worker.
#[async_trait(?Send)]
pub trait ProductApi {
    /// Takes the stock of every line, or refuses the order with each reason.
    async fn decide(
        &self,
        order: OrderId,
        request: &DecideRequest,
        deadline: Deadline,
    ) -> Result<Deduction, ProductApiError>;

    /// Refuses the order as given up, unless it was decided; answers what stands.
    async fn refuse(
        &self,
        order: OrderId,
        request: &RefuseRequest,
        deadline: Deadline,
    ) -> Result<Deduction, ProductApiError>;

    /// Whether the product module of the same shop answers.
    async fn is_reachable(&self) -> bool;
}

/// Why there is no decision to tell.
#[derive(Debug, thiserror::Error)]
pub enum ProductApiError {
    /// Nobody knows whether it was decided: silence, a broken answer, or 'not now'. Only a repeat finds out.
    #[error("the decision is not known: {0}")]
    Unknown(String),
    /// The order was decided for another request.
    #[error("the order was decided for another request")]
    KeyReused,
    /// The product module does not take the request: a fault of ours.
    #[error("the product module refused the call: {0}")]
    Rejected(String),
}
