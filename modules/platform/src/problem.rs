//! What a caller is told when something is wrong: RFC 9457 problem details.

use std::{error::Error, fmt, sync::Arc};

use serde_json::{Map, Value};

/// Class of a failure; decides the HTTP status. Closed: every match names every variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Not readable as a request: no JSON, bad query, path or header. 400
    Malformed,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// The state does not allow it. 409
    Conflict,
    /// `If-Match` does not hold. 412
    PreconditionFailed,
    /// 413
    TooLarge,
    /// 415
    UnsupportedMediaType,
    /// Readable, but the content is wrong. 422
    Unprocessable,
    /// One caller asks too often. 429
    TooManyRequests,
    /// 431
    HeadTooLarge,
    /// A fault of ours. 500
    Internal,
    /// Not now. 503
    Unavailable,
    /// 504
    TimedOut,
}

impl ErrorKind {
    /// The HTTP status of this class.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable => 422,
            Self::TooManyRequests => 429,
            Self::HeadTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::TimedOut => 504,
        }
    }

    /// The code of a failure that no module has a closer word for.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "version_mismatch",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unprocessable => "invalid",
            Self::TooManyRequests => "rate_limited",
            Self::HeadTooLarge => "head_too_large",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "The state does not allow it",
            Self::PreconditionFailed => "It has changed since it was read",
            Self::TooLarge => "The request is too large",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::Unprocessable => "The content is not valid",
            Self::TooManyRequests => "Too many requests",
            Self::HeadTooLarge => "The head of the request is too large",
            Self::Internal => "Internal error",
            Self::Unavailable => "Not now",
            Self::TimedOut => "It took too long",
        }
    }
}

/// The code of what is turned away because too much is under way already.
pub const OVERLOADED: &str = "overloaded";

/// Where in a request a fault lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// JSON pointer (RFC 6901) into the body.
    Body(String),
    /// Name of a query parameter.
    Query(String),
    /// Name of a path parameter.
    Path(String),
    /// Name of a header.
    Header(String),
}

/// One fault of the input: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFault {
    pub place: Place,
    pub detail: String,
}

impl InputFault {
    fn to_json(&self) -> Value {
        let (name, place) = match &self.place {
            Place::Body(pointer) => ("pointer", pointer),
            Place::Query(parameter) => ("parameter", parameter),
            Place::Path(segment) => ("path", segment),
            Place::Header(header) => ("header", header),
        };
        serde_json::json!({ name: place, "detail": self.detail })
    }
}

impl fmt::Display for InputFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Body(root) if root.is_empty() => write!(formatter, "the body: {}", self.detail),
            Place::Body(place) | Place::Query(place) | Place::Header(place) => {
                write!(formatter, "{place}: {}", self.detail)
            }
            Place::Path(_) => formatter.write_str(&self.detail),
        }
    }
}

/// A failure on its way to the caller: what the public reads, and the cause that only the log reads.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: ErrorKind,
    pub code: &'static str,
    pub detail: String,
    pub faults: Vec<InputFault>,
    /// Further members of the document, such as `orderId`.
    pub members: Map<String, Value>,
    /// Seconds for `Retry-After`.
    pub retry_after_s: Option<u32>,
    /// Value of the header `Allow`, for 405.
    pub allow: Option<String>,
    /// An earlier request of the same key was told this.
    pub replayed: bool,
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with the general code of its kind.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self::with_code(kind, kind.code(), detail)
    }

    /// A problem with a code of its own.
    pub fn with_code(kind: ErrorKind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            faults: Vec::new(),
            members: Map::new(),
            retry_after_s: None,
            allow: None,
            replayed: false,
            cause: None,
        }
    }

    /// A single fault of the input.
    pub fn fault(kind: ErrorKind, place: Place, detail: impl Into<String>) -> Self {
        let fault = InputFault { place, detail: detail.into() };
        let mut problem = Self::new(kind, fault.to_string());
        problem.faults.push(fault);
        problem
    }

    /// Fixed words for the public; the cause goes to the log alone.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            ErrorKind::Internal,
            "Something went wrong on our side; repeat with the same Idempotency-Key, and report the requestId if it stays.",
        )
        .caused_by(cause)
    }

    /// The same, pointing at the place in the request that it is about.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.faults.push(InputFault { place, detail: self.detail.clone() });
        self
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }

    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The document, with the id under which the log knows this request.
    pub fn to_json(&self, request_id: &str) -> Value {
        let mut document = Map::new();
        document.insert("type".into(), format!("urn:pos:problem:{}", self.code).into());
        document.insert("title".into(), self.kind.title().into());
        document.insert("status".into(), self.kind.status().into());
        document.insert("detail".into(), self.detail.clone().into());
        document.insert("code".into(), self.code.into());
        document.insert("requestId".into(), request_id.into());
        if !self.faults.is_empty() {
            let faults = self.faults.iter().map(InputFault::to_json).collect();
            document.insert("errors".into(), Value::Array(faults));
        }
        document.extend(self.members.clone());
        Value::Object(document)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.detail)
    }
}

impl Error for Problem {}

/// An error with its causes, on one line: for the log, never for the public.
pub fn chain(error: &(dyn Error + Send + Sync)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Collects every fault of value in a body, so that a caller learns all of them at once.
#[derive(Default)]
pub struct Faults(Vec<InputFault>);

impl Faults {
    /// Notes a fault at a JSON pointer of the body.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(InputFault { place: Place::Body(pointer.into()), detail: detail.into() });
    }

    /// The value, or `None` after noting why there is none.
    pub fn check<T, E: fmt::Display>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|fault| self.add(pointer, fault.to_string())).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing when there was no fault, else one problem that lists all.
    pub fn into_result(self) -> Result<(), Problem> {
        let Some(first) = self.0.first() else {
            return Ok(());
        };
        let detail = match self.0.len() {
            1 => first.to_string(),
            count => format!("{count} fields are not valid; see errors."),
        };
        let mut problem = Problem::new(ErrorKind::Unprocessable, detail);
        problem.faults = self.0;
        Err(problem)
    }

    /// The problem of what was collected, for a caller that knows that something was.
    pub fn into_problem(self) -> Problem {
        match self.into_result() {
            Err(problem) => problem,
            Ok(()) => Problem::new(ErrorKind::Unprocessable, "The content is not valid."),
        }
    }
}
