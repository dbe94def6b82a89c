//! How long the calling role still waits.

use std::{
    future::{Ready, ready},
    time::Duration,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::{
    deadline::{self, Deadline},
    problem::{ErrorKind, Place, Problem},
};

/// Holds where the caller names none, and bounds what it may name: as long as any setting lets a caller wait.
const LONGEST_MS: u64 = 120_000;

/// The deadline that travels with an internal call, in milliseconds from its arrival; 120 s at most.
pub struct CallDeadline(pub Deadline);

impl FromRequest for CallDeadline {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let left_ms = match request.headers().get(deadline::HEADER) {
            None => Some(LONGEST_MS),
            Some(value) => value.to_str().ok().and_then(|text| text.parse().ok()),
        };
        let read = left_ms
            .map(|left_ms: u64| Self(Deadline::after(Duration::from_millis(left_ms.min(LONGEST_MS)))))
            .ok_or_else(|| {
                let place = Place::Header("Pos-Deadline-Ms".into());
                Problem::fault(ErrorKind::Malformed, place, "must be a whole number of milliseconds")
            });
        ready(read)
    }
}
