//! A JSON body; a wrong shape is told with the JSON pointer of the first fault.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header,
    web::{Bytes, PayloadConfig},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::{object::Object, problem::payload_problem, shorten::shortened};
use crate::problem::{ErrorKind, Place, Problem};

/// Applies where no `PayloadConfig` is set, which the server always does.
const DEFAULT_LIMIT_BYTES: usize = 256 << 10;

/// A body of type `T`. 415 when it is not announced as JSON, 413 when too long, 400 when it is not JSON, 422 when it is
/// JSON of another shape.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let announced = announces_json(request);
        let limit = request.app_data::<BodyLimit>().map_or(DEFAULT_LIMIT_BYTES, |limit| limit.0);
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            announced?;
            let bytes = bytes.await.map_err(|error| payload_problem(&error, limit))?;
            read(&bytes).map(JsonBody)
        })
    }
}

/// Bytes that a body may have; kept beside actix's own setting, which cannot be read back.
#[derive(Clone, Copy)]
pub struct BodyLimit(usize);

/// The settings that bound request bodies, for `App::configure`.
pub fn body_limit(limit_bytes: usize) -> (PayloadConfig, BodyLimit) {
    (PayloadConfig::new(limit_bytes), BodyLimit(limit_bytes))
}

fn announces_json(request: &HttpRequest) -> Result<(), Problem> {
    let place = Place::Header("Content-Type".into());
    if request.headers().get_all(header::CONTENT_TYPE).count() > 1 {
        return Err(Problem::fault(ErrorKind::Malformed, place, "must be given once"));
    }
    let essence = request.content_type().to_ascii_lowercase();
    match essence == "application/json" || essence.ends_with("+json") {
        true => Ok(()),
        false => Err(Problem::fault(ErrorKind::UnsupportedMediaType, place, "must be application/json")),
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        let place = Place::Body(String::new());
        return Err(Problem::fault(ErrorKind::Malformed, place, "is empty; send a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read: Result<Object<T>, _> = serde_path_to_error::deserialize(&mut deserializer);
    let Object(value) = read.map_err(|error| {
        let pointer = pointer(error.path(), &error.inner().to_string());
        match is_of_another_type(error.inner(), bytes) {
            true => Problem::fault(ErrorKind::Unprocessable, Place::Body(pointer), "is of a wrong type"),
            false => shape_problem(error.inner(), pointer),
        }
    })?;
    deserializer.end().map_err(|error| shape_problem(&error, String::new()))?;
    Ok(value)
}

/// serde_json takes a number where one of several words belongs for no JSON. The second look goes without recursion,
/// however deep the body is.
fn is_of_another_type(error: &serde_json::Error, bytes: &[u8]) -> bool {
    error.to_string().starts_with("expected value") && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

fn shape_problem(error: &serde_json::Error, pointer: String) -> Problem {
    let detail = without_position(&error.to_string());
    match error.classify() {
        Category::Data => Problem::fault(ErrorKind::Unprocessable, Place::Body(pointer), detail),
        Category::Syntax | Category::Eof | Category::Io => Problem::fault(
            ErrorKind::Malformed,
            Place::Body(pointer),
            format!("is not JSON: {detail} (line {}, column {})", error.line(), error.column()),
        ),
    }
}

/// serde_json ends its messages with the position, which a pointer says better.
fn without_position(message: &str) -> String {
    shortened(message.rsplit_once(" at line ").map_or(message, |(message, _)| message))
}

fn pointer(path: &Path, message: &str) -> String {
    let mut pointer: String = path
        .iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{}", escape(variant)),
            Segment::Unknown => String::new(),
        })
        .collect();
    // serde names a missing or doubled field in the message alone
    for start in ["missing field `", "duplicate field `", "unknown field `"] {
        let name = message.strip_prefix(start).and_then(|rest| rest.split('`').next());
        if let Some(name) = name.filter(|name| !pointer.ends_with(&format!("/{}", escape(name)))) {
            pointer.push_str(&format!("/{}", escape(name)));
        }
    }
    pointer
}

fn escape(key: &str) -> String {
    shortened(key).replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code, reason = "read by serde alone")]
        inner_list: Vec<Object<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "read by serde alone")]
        count: u32,
        #[allow(dead_code, reason = "read by serde alone")]
        unit: Option<Unit>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Unit {
        Piece,
    }

    fn fault(body: &str) -> (ErrorKind, Option<Place>) {
        let problem = read::<Outer>(body.as_bytes()).unwrap_err();
        (problem.kind, problem.faults.first().map(|fault| fault.place.clone()))
    }

    #[test]
    fn points_at_the_first_fault_of_shape() {
        let cases = [
            (r#"{"innerList":[{"count":"x"}]}"#, "/innerList/0/count"),
            (r#"{"innerList":[{"count":1},{"cuont":1}]}"#, "/innerList/1/cuont"),
            (r#"{"innerList":[{}]}"#, "/innerList/0/count"),
            (r#"{}"#, "/innerList"),
            (r#"{"innerList":[],"a/b":1}"#, "/a~1b"),
            (r#"{"innerList":[],"innerList":[]}"#, "/innerList"),
            (r#"{"innerList":[[1]]}"#, "/innerList/0"),
            (r#"{"innerList":[{"count":1,"unit":"stone"}]}"#, "/innerList/0/unit"),
            (r#"{"innerList":[{"count":1,"unit":7}]}"#, "/innerList/0/unit"),
            (r#"{"innerList":[{"count":1,"unit":{}}]}"#, "/innerList/0/unit"),
            (r#"[[{"count":1}]]"#, ""),
        ];
        for (body, pointer) in cases {
            let expected = (ErrorKind::Unprocessable, Some(Place::Body(pointer.into())));
            assert_eq!(fault(body), expected, "{body}");
        }
    }

    #[test]
    fn refuses_what_is_no_json_as_malformed() {
        for body in ["", "{", "{\"innerList\":[]} x", "nope", "{\"innerList\":[],}", "\u{1}"] {
            assert_eq!(fault(body).0, ErrorKind::Malformed, "{body}");
        }
    }
}
