//! Bodies: kept for replay while they are small, streamed both ways otherwise, and never passed off as whole when they
//! are not.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody, SizedStream},
    error::PayloadError,
    http::header::{self, HeaderMap},
    web::{Bytes, BytesMut, Payload},
};
use awc::error::PayloadError as AnswerError;
use futures_util::{Stream, StreamExt, stream};
use platform::{
    deadline::{Deadline, Elapsed},
    http::too_long,
    problem::{ErrorKind, Place, Problem},
};
use tokio::task::JoinSet;

use crate::held::Held;

/// A request body.
pub enum RequestBody {
    /// Read whole: can be sent again.
    Whole(Bytes),
    /// Too long to keep: sent once, as it comes.
    Stream(Upload),
}

/// The bounds of a request body.
#[derive(Clone, Copy)]
pub struct BodyBounds {
    /// What is kept, to be sent again.
    pub keep: usize,
    pub limit: usize,
    /// When it must be there; the server bounds how long it may be silent.
    pub deadline: Deadline,
}

/// A long body: what was read of it, and the rest as it comes.
pub struct Upload {
    pub length: Option<u64>,
    read: Bytes,
    rest: Payload,
    bounds: BodyBounds,
    turn: Turn,
}

/// Whose turn it is while a long body goes through: `None` while the caller is waited for, else since when the replica is.
#[derive(Clone)]
pub struct Turn(Rc<Cell<Option<Instant>>>);

impl Turn {
    pub fn is_replicas_since(&self) -> Option<Instant> {
        self.0.get()
    }
}

/// Reads a body as far as it is kept. Longer than the limit is refused before anything is sent.
///
/// # Errors
/// When it is too long, stops arriving, or breaks off.
pub async fn read(
    headers: &HeaderMap,
    mut payload: Payload,
    bounds: BodyBounds,
) -> Result<RequestBody, Problem> {
    let length = content_length(headers);
    if length.is_some_and(|length| length > bounds.limit as u64) {
        return Err(Cut::TooLong(bounds.limit).into());
    }
    let mut read = BytesMut::new();
    loop {
        let Some(part) = next_part(&mut payload, bounds.deadline).await? else {
            return Ok(RequestBody::Whole(read.freeze()));
        };
        read.extend_from_slice(&part);
        if read.len() > bounds.limit {
            return Err(Cut::TooLong(bounds.limit).into());
        }
        if read.len() > bounds.keep {
            return Ok(RequestBody::Stream(Upload {
                length,
                read: read.freeze(),
                rest: payload,
                bounds,
                turn: Turn(Rc::new(Cell::new(Some(Instant::now())))),
            }));
        }
    }
}

async fn next_part(
    parts: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin),
    deadline: Deadline,
) -> Result<Option<Bytes>, Cut> {
    Ok(deadline.bound(parts.next()).await?.transpose()?)
}

/// The length that a head names.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What cut a request short; the caller's fault, and none of the replica's.
#[derive(Debug, thiserror::Error)]
pub enum Cut {
    #[error("the caller's body took too long to arrive")]
    Slow(#[from] Elapsed),
    #[error("the caller's body broke off")]
    Broken(#[from] PayloadError),
    #[error("the caller's body is longer than {0} bytes")]
    TooLong(usize),
}

impl From<Cut> for Problem {
    fn from(cut: Cut) -> Self {
        match &cut {
            Cut::Slow(_) => not_arrived("took too long to arrive; send it again"),
            Cut::Broken(_) => not_arrived("did not arrive whole; send it again"),
            Cut::TooLong(limit) => too_long(*limit),
        }
        .caused_by(cut)
    }
}

fn not_arrived(detail: &str) -> Problem {
    Problem::fault(ErrorKind::Malformed, Place::Body(String::new()), detail)
}

impl Upload {
    pub fn turn(&self) -> Turn {
        self.turn.clone()
    }

    /// The whole body, each part in time, and no more than the limit.
    pub fn parts(self) -> impl Stream<Item = Result<Bytes, Cut>> {
        let BodyBounds { limit, deadline, .. } = self.bounds;
        let turn = self.turn;
        let parts = stream::iter([Ok(self.read)]).chain(self.rest);
        let start = (parts.boxed_local(), 0_usize);
        stream::try_unfold(start, move |(mut parts, sent)| {
            let turn = turn.clone();
            async move {
                turn.0.set(None);
                let part = next_part(&mut parts, deadline).await;
                turn.0.set(Some(Instant::now()));
                let Some(part) = part? else {
                    return Ok(None);
                };
                let sent = sent + part.len();
                match sent > limit {
                    true => Err(Cut::TooLong(limit)),
                    false => Ok(Some((part, (parts, sent)))),
                }
            }
        })
    }
}

/// What cut an answer short.
#[derive(Debug, thiserror::Error)]
pub enum AnswerCut {
    #[error("the replica stopped sending")]
    Silent,
    #[error("the replica's answer broke off")]
    Broken(#[from] AnswerError),
    #[error("the replica's answer is shorter than it said")]
    Short,
    #[error("the caller stopped reading")]
    Unread,
}

/// A replica's body on its way to the caller: cut short there, it is cut short here too, so that the caller sees a broken
/// connection and not a whole answer. `held` learns of it, and is dropped with the body, or when the caller stops reading.
pub fn download<S>(body: S, length: Option<u64>, silent: Duration, held: Held) -> BoxBody
where
    S: Stream<Item = Result<Bytes, AnswerError>> + Unpin + 'static,
{
    let offered = Rc::new(RefCell::new(Some(Offered { since: Instant::now(), body, left: length, held })));
    let mut watchdog = JoinSet::new();
    watchdog.spawn_local(give_up_unread(Rc::downgrade(&offered), silent));
    let parts = stream::try_unfold((offered, watchdog), move |(offered, watchdog)| async move {
        let taken = offered.borrow_mut().take();
        let Offered { mut body, left, held, .. } = taken.ok_or(AnswerCut::Unread)?;
        match next_answered(&mut body, left, silent).await {
            Ok(Some((part, left))) => {
                *offered.borrow_mut() = Some(Offered { since: Instant::now(), body, left, held });
                Ok(Some((part, (offered, watchdog))))
            }
            Ok(None) => {
                held.completed();
                Ok(None)
            }
            Err(cut) => {
                held.broke_off(&cut);
                Err(cut)
            }
        }
    });
    match length {
        Some(length) => SizedStream::new(length, Box::pin(parts)).boxed(),
        None => Unsized(Box::pin(parts)).boxed(),
    }
}

/// An answer of which a part went out, while nobody asks for the next one.
struct Offered<S> {
    since: Instant,
    body: S,
    left: Option<u64>,
    held: Held,
}

/// actix asks for the next part once the caller has read the last one: without this, callers that stop reading would hold
/// their places for ever.
async fn give_up_unread<S>(offered: Weak<RefCell<Option<Offered<S>>>>, silent: Duration) {
    let mut pause = silent;
    loop {
        tokio::time::sleep(pause).await;
        let Some(offered) = offered.upgrade() else { return };
        let waited = offered.borrow().as_ref().map(|offered| offered.since.elapsed());
        if waited.is_some_and(|waited| waited >= silent) {
            if let Some(Offered { held, .. }) = offered.borrow_mut().take() {
                held.left_unread();
            }
            return;
        }
        pause = silent - waited.unwrap_or_default();
    }
}

/// The next part, and what must follow it.
async fn next_answered(
    body: &mut (impl Stream<Item = Result<Bytes, AnswerError>> + Unpin),
    left: Option<u64>,
    silent: Duration,
) -> Result<Option<(Bytes, Option<u64>)>, AnswerCut> {
    let next = tokio::time::timeout(silent, body.next());
    let next = next.await.map_err(|_| AnswerCut::Silent)?;
    match (next.transpose()?, left) {
        (Some(part), left) => {
            let left = left.map(|left| left.saturating_sub(part.len() as u64));
            Ok(Some((part, left)))
        }
        (None, Some(left)) if left > 0 => Err(AnswerCut::Short),
        (None, _) => Ok(None),
    }
}

struct Unsized<S>(Pin<Box<S>>);

impl<S: Stream<Item = Result<Bytes, AnswerCut>>> MessageBody for Unsized<S> {
    type Error = AnswerCut;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, AnswerCut>>> {
        self.0.as_mut().poll_next(context)
    }
}
