//! A client that allocates nothing once its requests are made.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use uuid::Uuid;

const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

pub struct Asker {
    stream: TcpStream,
    answer: Vec<u8>,
}

pub fn read(product: &str) -> Vec<u8> {
    format!("GET /products/{product} HTTP/1.1\r\nhost: test\r\n\r\n").into_bytes()
}

/// Of three products, with a key of its own.
pub fn order(products: &[String], number: usize) -> Vec<u8> {
    let line = |step| {
        let product = &products[(number + step) % products.len()];
        format!(r#"{{"productId":"{product}","quantity":1}}"#)
    };
    let body = format!(r#"{{"items":[{},{},{}]}}"#, line(0), line(1), line(2));
    post("/orders", &body)
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let (key, length) = (Uuid::new_v4(), body.len());
    format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Asker {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(ANSWERED_WITHIN)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, answer: Vec::with_capacity(64 * 1024) }
    }

    pub fn ask(&mut self, request: &[u8], status: u16) {
        self.stream.write_all(request).unwrap();
        self.answer.clear();
        loop {
            let mut some = [0; 16 * 1024];
            let length = self.stream.read(&mut some).unwrap();
            assert!(length > 0, "the server closed the connection");
            self.answer.extend_from_slice(&some[..length]);
            if let Some(told) = whole(&self.answer) {
                assert_eq!(told, status, "{}", String::from_utf8_lossy(&self.answer));
                return;
            }
        }
    }

    /// Their ids.
    pub fn make_products(&mut self, count: usize) -> Vec<String> {
        let make = |number| {
            let body = format!(r#"{{"name":"Product {number}","price":"2.50","stock":100000}}"#);
            self.ask(&post("/products", &body), 201);
            let (_, body) = parts(&self.answer).unwrap();
            let product: serde_json::Value = serde_json::from_slice(body).unwrap();
            product["id"].as_str().unwrap().to_owned()
        };
        (0..count).map(make).collect()
    }
}

/// The status of an answer that is all there.
fn whole(answer: &[u8]) -> Option<u16> {
    let (head, body) = parts(answer)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
    });
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (body.len() >= length.unwrap()).then_some(status)
}

fn parts(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]))
}
