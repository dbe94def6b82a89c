//! Opaque page marks: where a list goes on, and with which filters.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::problem::{ErrorKind, Place, Problem};

/// Longest text that is looked at.
const MAX_LENGTH: usize = 8192;

/// Writes a position as URL-safe text.
///
/// # Errors
/// When the position cannot be written as JSON.
pub fn encode(position: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(position)?))
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// A 400 that names the parameter when the text is none of ours.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let read = || {
        let bytes = (text.len() <= MAX_LENGTH).then(|| BASE64_URL_SAFE_NO_PAD.decode(text).ok())??;
        serde_json::from_slice(&bytes).ok()
    };
    read().ok_or_else(|| {
        Problem::fault(
            ErrorKind::Malformed,
            Place::Query("cursor".into()),
            "is not a cursor of this list; take nextCursor from the page before, or leave it out to start anew",
        )
    })
}
