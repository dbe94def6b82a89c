//! The requests that are asked.

use std::{io::Write, sync::Arc};

use uuid::Uuid;

/// Products of a sale.
const LINES: usize = 3;

#[derive(Clone)]
pub enum Work {
    /// Three lines of one piece each; with a hot product the first line is always of the same one.
    /// Ids begin with the time where `key` makes keys that do, as docs/API.md recommends.
    Sale { products: Arc<[Uuid]>, is_hot: bool, key: fn() -> Uuid },
    /// A product by its id.
    Read { products: Arc<[Uuid]> },
    /// One of these, with its parameters.
    Paths(Arc<[String]>),
}

impl Work {
    /// The status that means that it was done.
    pub const fn done(&self) -> u16 {
        match self {
            Self::Sale { .. } => 201,
            Self::Read { .. } | Self::Paths(_) => 200,
        }
    }

    /// A whole request, over what stood there.
    pub fn write(&self, request: &mut Vec<u8>) {
        request.clear();
        // writing to memory cannot fail
        let _ = match self {
            Self::Sale { products, is_hot, key } => write_sale(request, &choose(products, *is_hot), key()),
            Self::Read { products } => get(request, format_args!("/products/{}", one_of(products))),
            Self::Paths(paths) => get(request, format_args!("{}", one_of(paths))),
        };
    }
}

fn one_of<T>(all: &[T]) -> &T {
    &all[fastrand::usize(..all.len())]
}

fn choose(products: &[Uuid], is_hot: bool) -> [Uuid; LINES] {
    let mut chosen = [(); LINES].map(|()| *one_of(products));
    if is_hot {
        chosen[0] = products[0];
    }
    chosen
}

fn get(request: &mut Vec<u8>, path: std::fmt::Arguments<'_>) -> std::io::Result<()> {
    write!(request, "GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n")
}

fn write_sale(request: &mut Vec<u8>, products: &[Uuid], key: Uuid) -> std::io::Result<()> {
    const ITEM: usize = r#"{"productId":"00000000-0000-0000-0000-000000000000","quantity":1},"#.len();
    const AROUND: usize = r#"{"items":[]}"#.len();
    // no comma after the last one
    let length = AROUND + ITEM * products.len() - 1;
    write!(
        request,
        "POST /orders HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n\
         content-length: {length}\r\n\r\n{{\"items\":["
    )?;
    for (number, product) in products.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(request, "{comma}{{\"productId\":\"{product}\",\"quantity\":1}}")?;
    }
    write!(request, "]}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(is_hot: bool) -> (String, serde_json::Value) {
        let products: Arc<[Uuid]> = (1..100).map(Uuid::from_u128).collect();
        let mut request = Vec::new();
        Work::Sale { products, is_hot, key: Uuid::now_v7 }.write(&mut request);
        let request = String::from_utf8(request).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}\n{body}");
        (head.to_owned(), serde_json::from_str(body).unwrap())
    }

    #[test]
    fn a_sale_is_as_long_as_it_says_and_has_three_lines() {
        let (head, body) = sale(false);
        assert!(head.starts_with("POST /orders HTTP/1.1\r\n"));
        assert_eq!(body["items"].as_array().unwrap().len(), LINES);
    }

    #[test]
    fn a_hot_sale_always_takes_the_same_product() {
        for _ in 0..10 {
            assert_eq!(sale(true).1["items"][0]["productId"], "00000000-0000-0000-0000-000000000001");
        }
    }
}
