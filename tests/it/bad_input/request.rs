//! A request as bytes, so that nothing on the way to the wire makes it sound.

use std::net::SocketAddr;

use crate::support::{
    client::fresh_key,
    wire::{Message, Wire},
};

/// As a client would write it, and every part may be made wrong.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    /// In one chunk, without saying how long it is.
    pub is_chunked: bool,
}

impl Request {
    /// With a key of its own where it changes something.
    pub fn new(method: &str, target: &str, body: Option<String>) -> Self {
        let request = Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("host".into(), b"shop".into())],
            body: body.map(String::into_bytes),
            is_chunked: false,
        };
        let request = match method {
            "GET" => request,
            _ => request.header("idempotency-key", fresh_key()),
        };
        match request.body {
            Some(_) => request.header("content-type", "application/json"),
            None => request,
        }
    }

    /// One more, also of a name that is there.
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(given, _)| given != name);
        self
    }

    pub fn query(mut self, query: &str) -> Self {
        self.target = format!("{}?{query}", self.target);
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        match &self.body {
            None => bytes.extend(b"\r\n"),
            Some(body) if self.is_chunked => {
                bytes.extend(format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len()).bytes());
                bytes.extend([body, &b"\r\n0\r\n\r\n"[..]].concat());
            }
            Some(body) => {
                bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
                bytes.extend(body);
            }
        }
        bytes
    }

    /// The answer, on a connection of its own.
    pub async fn send(&self, address: SocketAddr) -> Message {
        let mut wire = Wire::connect(address).await;
        wire.send(self.bytes()).await;
        let answer = match self.method.as_str() {
            "HEAD" => wire.read_head().await,
            _ => wire.answer().await,
        };
        answer.unwrap_or_else(|| panic!("{} {} was not answered", self.method, self.target))
    }
}
