//! A [`Problem`] as an HTTP answer.

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header},
};

use crate::{
    idempotency,
    problem::{ErrorKind, Place, Problem},
    request_id,
};

/// Media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if self.replayed {
            response.insert_header((idempotency::REPLAYED_HEADER, "true"));
        }
        response.body(self.to_json(request_id::current().as_str()).to_string())
    }
}

/// A failure of actix's own payload reading.
pub(super) fn payload_problem(error: &actix_web::Error, limit_bytes: usize) -> Problem {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(limit_bytes),
        _ => Problem::fault(ErrorKind::Malformed, whole_body(), "did not arrive whole; send it again"),
    }
}

/// The body has more bytes than these.
pub fn too_long(limit_bytes: usize) -> Problem {
    let detail = format!("may have at most {limit_bytes} bytes; send less in one request");
    Problem::fault(ErrorKind::TooLarge, whole_body(), detail)
}

fn whole_body() -> Place {
    Place::Body(String::new())
}
