//! A product module that cannot be heard.

use std::{future::pending, rc::Rc, time::Duration};

use async_trait::async_trait;
use contract::{DecideRequest, Deduction, OrderId, ProductApi, ProductApiError, RefuseRequest};
use platform::deadline::Deadline;

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    /// It never arrives.
    Call,
    /// It is done, and the caller is told that nobody knows.
    Answer,
    /// It is done, and the caller is told nothing at all.
    Silence,
}

pub struct Unheard {
    pub inner: Rc<dyn ProductApi>,
    pub loss: Loss,
}

impl Unheard {
    async fn lose(
        &self,
        call: impl Future<Output = Result<Deduction, ProductApiError>>,
    ) -> Result<Deduction, ProductApiError> {
        let lost = || Err(ProductApiError::Unknown("lost on the way".into()));
        match self.loss {
            Loss::Call => return lost(),
            Loss::Answer | Loss::Silence => call.await.map(drop).expect("the product module does its work"),
        }
        match self.loss {
            Loss::Silence => pending().await,
            Loss::Answer | Loss::Call => lost(),
        }
    }
}

/// The work is done however slow the machine is; the caller's own try ends when it ends.
fn patient() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

#[async_trait(?Send)]
impl ProductApi for Unheard {
    async fn decide(
        &self,
        order: OrderId,
        request: &DecideRequest,
        _: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        self.lose(self.inner.decide(order, request, patient())).await
    }

    async fn refuse(
        &self,
        order: OrderId,
        request: &RefuseRequest,
        _: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        self.lose(self.inner.refuse(order, request, patient())).await
    }

    async fn is_reachable(&self) -> bool {
        false
    }
}
