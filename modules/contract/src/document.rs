//! The problem document, as the API description shows it.

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::code::Code;

/// RFC 9457 problem details. Some codes add members of their own, which the API pages name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDocument {
    #[schema(example = "urn:pos:problem:invalid")]
    pub r#type: String,
    pub title: String,
    #[schema(example = 422)]
    pub status: u16,
    pub detail: String,
    pub code: Code,
    /// Under this id the log knows the request.
    pub request_id: String,
    /// For bad input: each fault with its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<InputFaultDocument>>,
    /// For 503: `none` (nothing happened) or `unknown` (repeat with the same key).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The order that this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<uuid::Uuid>,
}

/// One fault of the input; exactly one of the places is given.
#[derive(Serialize, ToSchema)]
pub struct InputFaultDocument {
    /// JSON pointer into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/items/0/quantity")]
    pub pointer: Option<String>,
    /// Query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Path parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    pub detail: String,
}

/// What every read may be answered instead.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "describes answers; none is made of it")]
pub enum ReadProblems {
    /// Not readable as a request: a bad id or parameter; errors names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// `unavailable`: the database is away; ask again after Retry-After.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// What every request that changes something may be answered instead.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "describes answers; none is made of it")]
pub enum ChangeProblems {
    /// Not readable as a request: no JSON, a bad id or header; errors names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// The body is longer than allowed.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// The body is not announced as JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(ProblemDocument),
    /// `invalid`: the content is wrong, see errors. `key_reused`: the key was used for another request.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(ProblemDocument),
    /// A fault on our side; repeat with the same key.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemDocument),
    /// `overloaded` or `unavailable`: nothing happened. `outcome_unknown`: repeat with the same key.
    #[response(status = 503, content_type = "application/problem+json")]
    NotNow(ProblemDocument),
}
