//! The problem document, as the API description shows it.

use serde::Serialize;
use utoipa::ToSchema;

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
