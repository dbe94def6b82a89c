//! The answer to a request that changed something.

use actix_web::{HttpResponse, HttpResponseBuilder, http::StatusCode};
use serde::Serialize;

use crate::idempotency::{Answer, REPLAYED_HEADER};

/// A builder that says whether the answer is an earlier one's.
pub fn answered<T>(status: StatusCode, answer: &Answer<T>) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    if answer.replayed {
        response.insert_header((REPLAYED_HEADER, "true"));
    }
    response
}

/// The value as JSON.
pub fn answer_json<T: Serialize>(status: StatusCode, answer: &Answer<T>) -> HttpResponse {
    answered(status, answer).json(&answer.value)
}
