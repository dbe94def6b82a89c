//! `ETag` and `If-Match` over version numbers (RFC 9110 §13.1.1).

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use crate::problem::{ErrorKind, Place, Problem};

/// The strong entity tag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The versions that a caller accepts to change; `None` when it does not care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<Vec<i64>>);

impl IfMatch {
    /// The same rule for the API description.
    pub const PATTERN: &str = r#"^("[0-9]{1,18}"([ \t]*,[ \t]*"[0-9]{1,18}")*|\*)$"#;

    fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self(None));
        }
        text.split(',')
            .map(|tag| read_version(tag.trim().strip_prefix('"')?.strip_suffix('"')?))
            .collect::<Option<Vec<i64>>>()
            .map(|versions| Self(Some(versions)))
    }
}

/// Digits alone: what was answered, and never a sign.
fn read_version(text: &str) -> Option<i64> {
    let digits = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut lines = request.headers().get_all(header::IF_MATCH).peekable();
        if lines.peek().is_none() {
            return ready(Ok(Self(None)));
        }
        // several lines are one list
        let list =
            lines.map(|line| line.to_str().ok()).collect::<Option<Vec<_>>>().map(|lines| lines.join(","));
        let read = list.as_deref().and_then(Self::parse).ok_or_else(|| {
            let place = Place::Header("If-Match".into());
            Problem::fault(ErrorKind::Malformed, place, "must be an ETag as it was answered, such as \"3\"")
        });
        ready(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tags_lists_and_the_star() {
        assert_eq!(IfMatch::parse("\"3\""), Some(IfMatch(Some(vec![3]))));
        assert_eq!(IfMatch::parse("\"3\", \"4\""), Some(IfMatch(Some(vec![3, 4]))));
        assert_eq!(IfMatch::parse("*"), Some(IfMatch(None)));
        for bad in ["3", "W/\"3\"", "\"x\"", "\"+3\"", "\"-3\"", "\"\"", ""] {
            assert_eq!(IfMatch::parse(bad), None, "{bad:?}");
        }
    }
}
