//! Which pages of other origins may ask from a browser.

use actix_cors::Cors;
use actix_web::{
    http::{
        Method,
        header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, LOCATION, RETRY_AFTER},
    },
    middleware::Condition,
};

use crate::{idempotency, request_id, trace};

/// How long a browser may remember what it was told, in seconds.
const MAX_AGE_S: usize = 3600;

/// Middleware that answers preflights and marks answers for these origins; nothing at all where there are none.
pub fn cross_origin(origins: &[&str]) -> Condition<Cors> {
    let ours = HeaderName::from_static;
    let mut cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allowed_headers([
            ACCEPT,
            CONTENT_TYPE,
            IF_MATCH,
            ours(idempotency::HEADER),
            ours(request_id::HEADER),
            ours(trace::HEADER),
        ])
        .expose_headers([
            ETAG,
            LOCATION,
            RETRY_AFTER,
            ours(idempotency::HEADER),
            ours(idempotency::REPLAYED_HEADER),
            ours(request_id::HEADER),
        ])
        .max_age(MAX_AGE_S);
    for origin in origins {
        cors = cors.allowed_origin(origin);
    }
    Condition::new(!origins.is_empty(), cors)
}
