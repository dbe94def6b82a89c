//! A request's body while it arrives, and the answer meanwhile.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{
    HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::Payload,
    error::PayloadError,
    web::Bytes,
};
use futures_util::{FutureExt, Stream, StreamExt, future::LocalBoxFuture, stream};

use super::{IncomingBounds, quiet::note_closing};
use crate::deadline::Deadline;

/// What arrives, shared by the one who reads it and the answer.
#[derive(Clone)]
pub(super) struct Arriving(Rc<Body>);

struct Body {
    payload: RefCell<Payload>,
    bounds: IncomingBounds,
    /// When it must be there.
    whole: Deadline,
    /// It is not waited for any more.
    is_given_up: Cell<bool>,
}

impl Arriving {
    pub(super) fn new(payload: Payload, bounds: IncomingBounds) -> Self {
        let whole = Deadline::after(bounds.body_timeout);
        Self(Rc::new(Body { payload: RefCell::new(payload), bounds, whole, is_given_up: Cell::new(false) }))
    }

    /// Each part in time, and all of them.
    pub(super) fn in_time(&self) -> Payload {
        let parts = stream::try_unfold(self.clone(), async |arriving| {
            Ok(arriving.next().await?.map(|part| (part, arriving)))
        });
        let payload: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = parts.boxed_local();
        Payload::Stream { payload }
    }

    async fn next(&self) -> Result<Option<Bytes>, PayloadError> {
        let Body { bounds, whole, .. } = &*self.0;
        let next = poll_fn(|context| self.poll(context));
        let next = whole.at_most(bounds.silent_body_timeout).bound(next).await;
        let next = next.map_err(|_| {
            self.give_up();
            PayloadError::Io(io::ErrorKind::TimedOut.into())
        })?;
        next.transpose()
    }

    /// What still comes is not read away.
    pub(super) fn give_up(&self) {
        self.0.is_given_up.set(true);
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        self.0.payload.borrow_mut().poll_next_unpin(context)
    }

    /// An answer during which what still comes is read: where it says why the body is refused, whoever sends on gets to read it.
    /// actix would close the connection on a caller that sends for longer than a second; and it would read to its end what is left
    /// of a chunked body that nobody holds, though a caller may see to it that there is none. An answer without a body goes out
    /// as actix has it.
    pub(super) fn answered(self, request: HttpRequest, body: impl MessageBody + 'static) -> BoxBody {
        BoxBody::new(Answered { answer: Some(body.boxed()), arriving: self, request, rest: None })
    }

    /// Reads what is left and throws it away, as long as it comes in time and is no longer than a body may be from now on.
    async fn read_away(self) {
        let mut left = self.0.bounds.body_limit_bytes;
        while let Ok(Some(part)) = self.next().await {
            match left.checked_sub(part.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    }
}

/// An answer, then nothing until the rest of its request's body was read away.
struct Answered {
    /// Until its last byte was taken.
    answer: Option<BoxBody>,
    arriving: Arriving,
    request: HttpRequest,
    rest: Option<LocalBoxFuture<'static, ()>>,
}

impl MessageBody for Answered {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.answer.as_ref().map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(answer) = &mut self.answer {
            if let Some(part) = ready!(Pin::new(answer).poll_next(context)) {
                return Poll::Ready(Some(part));
            }
            self.answer = None;
            // most often it was read to its end
            let is_over = self.arriving.0.is_given_up.get()
                || matches!(self.arriving.poll(context), Poll::Ready(None | Some(Err(_))));
            if !is_over {
                // as actix has told of an answer that is out before its request is in
                note_closing(&self.request);
                self.rest = Some(self.arriving.clone().read_away().boxed_local());
            }
        }
        match &mut self.rest {
            Some(rest) => rest.poll_unpin(context).map(|()| None),
            None => Poll::Ready(None),
        }
    }
}
