//! A client of the wire, as plain as a till's: it gives every change a key, and tells what came back.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use uuid::Uuid;

/// Longer than any deadline of the services.
const PATIENCE: Duration = Duration::from_secs(20);

/// A base URL, and connections to it.
#[derive(Clone)]
pub struct Service {
    pub url: String,
    client: reqwest::Client,
}

/// A request, not yet sent. Awaiting it sends it.
#[must_use]
pub struct Call {
    request: reqwest::RequestBuilder,
    changes: bool,
    key: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null where the body is not JSON.
    pub body: Value,
}

impl Service {
    pub fn at(url: &str) -> Self {
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { url: url.trim_end_matches('/').to_owned(), client }
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    pub fn put(&self, path: &str, body: &Value) -> Call {
        self.call(Method::PUT, path).json(body)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        let changes = method != Method::GET;
        let request = self.client.request(method, format!("{}{path}", self.url));
        Call { request, changes, key: Some(fresh_key()) }
    }
}

impl Call {
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    pub fn without_key(mut self) -> Self {
        self.key = None;
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// A body as it is, with this media type.
    pub fn raw(mut self, media_type: &str, body: &str) -> Self {
        self.request = self.request.header("content-type", media_type).body(body.to_owned());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn try_send(mut self) -> Result<Reply, reqwest::Error> {
        if let Some(key) = self.key.filter(|_| self.changes) {
            self.request = self.request.header("idempotency-key", key);
        }
        let response = self.request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Reply { status, headers, text, body })
    }
}

impl IntoFuture for Call {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.try_send().await.unwrap_or_else(|error| panic!("no answer: {error:?}")) })
    }
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn with_status(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// It repeats what an earlier request of the same key was told.
    pub fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A problem document with this status and code, whole and true to its headers.
    #[track_caller]
    pub fn with_problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["requestId"].as_str(), self.header("x-request-id"));
        for member in ["type", "title", "detail"] {
            assert!(
                self.body[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member}: {}",
                self.text
            );
        }
        if status == 503 {
            assert!(self.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
            assert!(["none", "unknown"].map(Value::from).contains(&self.body["outcome"]), "{}", self.text);
        }
        self.body
    }

    /// 422 `invalid` with faults at exactly these pointers.
    #[track_caller]
    pub fn with_faults_at(self, pointers: &[&str]) -> Value {
        let problem = self.with_problem(422, "invalid");
        let mut found: Vec<&str> = faults(&problem, "pointer");
        found.sort_unstable();
        let mut expected = pointers.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{problem}");
        problem
    }

    /// 400 `malformed` with one fault in this kind of place: `parameter`, `header` or `path`.
    #[track_caller]
    pub fn with_malformed(self, kind: &str, place: &str) -> Value {
        let problem = self.with_problem(400, "malformed");
        assert_eq!(faults(&problem, kind), [place], "{problem}");
        problem
    }
}

fn faults<'a>(problem: &'a Value, kind: &str) -> Vec<&'a str> {
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors in {problem}"));
    errors
        .iter()
        .map(|fault| {
            assert!(fault["detail"].as_str().is_some_and(|text| !text.is_empty()), "{fault}");
            fault[kind].as_str().unwrap_or_else(|| panic!("no {kind} in {fault}"))
        })
        .collect()
}

pub fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}
