//! A request's body while it arrives.

use std::{cell::RefCell, future::poll_fn, io, pin::Pin, rc::Rc};

use actix_web::{
    body::{BoxBody, MessageBody},
    dev::Payload,
    error::PayloadError,
    web::Bytes,
};
use futures_util::{Stream, StreamExt, stream};

use super::{Holding, IncomingBounds};
use crate::deadline::Deadline;

/// What arrives, shared by the one who reads it and the answer.
#[derive(Clone)]
pub(super) struct Arriving(Rc<RefCell<Payload>>);

impl Arriving {
    pub(super) fn new(payload: Payload) -> Self {
        Self(Rc::new(RefCell::new(payload)))
    }

    /// Each part in time, and all of them.
    pub(super) fn in_time(&self, bounds: IncomingBounds) -> Payload {
        let whole = Deadline::after(bounds.body_timeout);
        let parts = stream::try_unfold(self.0.clone(), move |payload| async move {
            let next = poll_fn(|context| payload.borrow_mut().poll_next_unpin(context));
            let next = whole.at_most(bounds.silent_body_timeout).bound(next).await;
            let next = next.map_err(|_| PayloadError::Io(io::ErrorKind::TimedOut.into()))?;
            Ok(next.transpose()?.map(|part| (part, payload)))
        });
        let payload: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = parts.boxed_local();
        Payload::Stream { payload }
    }

    /// An answer during which the body is not let go of. Where nobody holds what is left of a chunked body, actix reads it
    /// to its end before it closes the connection, and a caller may see to it that there is none.
    pub(super) fn answered(self, body: impl MessageBody + 'static) -> BoxBody {
        BoxBody::new(Holding::new(body, self))
    }
}
