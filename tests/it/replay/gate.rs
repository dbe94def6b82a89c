//! A product module that holds every call until it is told what becomes of it.

use async_trait::async_trait;
use contract::{DecideRequest, Deduction, OrderId, ProductApi, ProductApiError, RefuseRequest};
use platform::deadline::Deadline;
use tokio::sync::{mpsc, oneshot};

pub type Answer = Result<Deduction, ProductApiError>;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Decide(OrderId, DecideRequest),
    Refuse(OrderId, RefuseRequest),
}

/// A call that waits for its answer.
pub struct Arrived {
    pub asked: Asked,
    pub answer: oneshot::Sender<Answer>,
}

pub struct Gate(pub mpsc::UnboundedSender<Arrived>);

impl Gate {
    async fn pass(&self, asked: Asked) -> Answer {
        let (answer, answered) = oneshot::channel();
        let nobody = |_| ProductApiError::Unknown("nobody is at the gate".into());
        self.0.send(Arrived { asked, answer }).map_err(|gone| nobody(gone.to_string()))?;
        answered.await.unwrap_or_else(|gone| Err(nobody(gone.to_string())))
    }
}

#[async_trait(?Send)]
impl ProductApi for Gate {
    async fn decide(&self, order: OrderId, request: &DecideRequest, _: Deadline) -> Answer {
        self.pass(Asked::Decide(order, request.clone())).await
    }

    async fn refuse(&self, order: OrderId, request: &RefuseRequest, _: Deadline) -> Answer {
        self.pass(Asked::Refuse(order, request.clone())).await
    }

    async fn is_reachable(&self) -> bool {
        true
    }
}

/// The same failure again: it cannot be cloned.
pub fn same(answer: &Answer) -> Answer {
    match answer {
        Ok(deduction) => Ok(deduction.clone()),
        Err(ProductApiError::KeyReused) => Err(ProductApiError::KeyReused),
        Err(other) => Err(ProductApiError::Unknown(other.to_string())),
    }
}
