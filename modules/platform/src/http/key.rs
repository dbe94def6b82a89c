//! The request's Idempotency-Key.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::{
    idempotency::{self, IdempotencyKey},
    problem::{ErrorKind, Place, Problem},
};

/// The key of a request that changes something; the edge has given it one when the caller did not. 400 when it is none.
pub struct Key(pub IdempotencyKey);

impl FromRequest for Key {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(idempotency::HEADER);
        let refuse = |detail: &str| {
            let place = Place::Header("Idempotency-Key".into());
            Problem::fault(ErrorKind::Malformed, place, detail)
        };
        let read = match (values.next(), values.next()) {
            (Some(value), None) => value
                .to_str()
                .map_err(|_| refuse("must be visible ASCII characters"))
                .and_then(|text| IdempotencyKey::parse(text).map_err(|fault| refuse(&fault.to_string())))
                .map(Self),
            (Some(_), Some(_)) => Err(refuse("must be given once")),
            (None, _) => Err(refuse("is missing")),
        };
        ready(read)
    }
}
