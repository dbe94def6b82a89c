//! Bodies: kept for replay while they are small, streamed both ways otherwise, and never passed off as whole when they
//! are not.

use std::{pin::Pin, time::Duration};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody, SizedStream},
    error::PayloadError,
    http::header::{self, HeaderMap},
    web::{Bytes, BytesMut, Payload},
};
use awc::error::PayloadError as AnswerError;
use futures_util::{Stream, StreamExt, stream};
use platform::problem::{ErrorKind, Problem};

/// A request body.
pub enum RequestBody {
    /// Read whole: can be sent again.
    Whole(Bytes),
    /// Too long to keep: sent once, as it comes.
    Stream {
        length: Option<u64>,
        read: Bytes,
        rest: Payload,
    },
}

/// Reads a body up to `keep` bytes. Longer than `limit` is refused before anything is sent.
pub async fn read(
    headers: &HeaderMap,
    mut payload: Payload,
    keep: usize,
    limit: usize,
    silent: Duration,
) -> Result<RequestBody, Problem> {
    let length = content_length(headers);
    if length.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let mut read = BytesMut::new();
    loop {
        let next = tokio::time::timeout(silent, payload.next())
            .await
            .map_err(|_| stalled())?;
        match next {
            None => return Ok(RequestBody::Whole(read.freeze())),
            Some(chunk) => read.extend_from_slice(&chunk.map_err(|error| broken(&error))?),
        }
        if read.len() > keep {
            return Ok(RequestBody::Stream {
                length,
                read: read.freeze(),
                rest: payload,
            });
        }
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        ErrorKind::TooLarge,
        format!("The body may have at most {limit} bytes; send less in one request."),
    )
}

fn stalled() -> Problem {
    Problem::new(
        ErrorKind::Malformed,
        "The body stopped arriving; send it again.",
    )
}

fn broken(_: &PayloadError) -> Problem {
    Problem::new(
        ErrorKind::Malformed,
        "The body did not arrive whole; send it again.",
    )
}

/// What cut a streamed request short.
#[derive(Debug, thiserror::Error)]
pub enum Cut {
    #[error("the caller stopped sending")]
    Silent,
    #[error("the caller's body broke off")]
    Broken(#[from] PayloadError),
    #[error("the caller's body is longer than allowed")]
    TooLong,
}

/// The rest of a long body, with what was read of it, each part within `silent`, `limit` bytes in all.
pub fn upload(
    read: Bytes,
    rest: Payload,
    limit: usize,
    silent: Duration,
) -> impl Stream<Item = Result<Bytes, Cut>> {
    let start = (stream::iter([Ok(read)]).chain(rest).boxed_local(), 0_usize);
    stream::try_unfold(start, move |(mut parts, sent)| async move {
        let next = tokio::time::timeout(silent, parts.next())
            .await
            .map_err(|_| Cut::Silent)?;
        let Some(part) = next.transpose()? else {
            return Ok(None);
        };
        let sent = sent + part.len();
        match sent > limit {
            true => Err(Cut::TooLong),
            false => Ok(Some((part, (parts, sent)))),
        }
    })
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
}

/// A replica's body on its way to the caller: cut short there, it is cut short here too, so that the caller sees a broken
/// connection and not a whole answer.
pub fn download<S>(body: S, length: Option<u64>, silent: Duration) -> BoxBody
where
    S: Stream<Item = Result<Bytes, AnswerError>> + Unpin + 'static,
{
    let parts = stream::try_unfold((body, length), move |(mut body, left)| async move {
        let next = tokio::time::timeout(silent, body.next())
            .await
            .map_err(|_| AnswerCut::Silent)?;
        match (next.transpose()?, left) {
            (Some(part), left) => {
                let left = left.map(|left| left.saturating_sub(part.len() as u64));
                Ok(Some((part, (body, left))))
            }
            (None, Some(left)) if left > 0 => Err(AnswerCut::Short),
            (None, _) => Ok(None),
        }
    });
    match length {
        Some(length) => SizedStream::new(length, Box::pin(parts)).boxed(),
        None => Unsized(Box::pin(parts)).boxed(),
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
