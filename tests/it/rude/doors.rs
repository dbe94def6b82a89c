//! The processes that are treated badly, and what they are asked.

use std::{fs, net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    client::fresh_key,
    shop::{Running, Shape, order_of},
};

/// Shorter than the defaults: what is tested is that rude clients are ended.
const HASTE: [(&str, &str); 5] = [
    ("SERVER__HEAD_TIMEOUT_MS", "1000"),
    ("SERVER__SILENT_BODY_TIMEOUT_MS", "1000"),
    ("SERVER__BODY_TIMEOUT_MS", "2000"),
    ("SERVER__KEEP_ALIVE_MS", "2000"),
    ("SERVER__UNREAD_TIMEOUT_MS", "1000"),
];

/// When they must be, with room for a busy machine.
pub const ENDED_WITHIN: Duration = Duration::from_secs(10);

/// How the shop runs.
#[derive(Clone, Copy, Debug)]
pub enum House {
    Whole,
    Services,
}

/// A process, and a request to it that changes something.
pub struct Door {
    pub address: SocketAddr,
    pub process: usize,
    pub path: String,
    pub body: Value,
}

pub struct Rude {
    pub shop: Running,
    pub product: String,
    pub doors: Vec<Door>,
}

impl House {
    pub async fn open(self) -> Rude {
        let shop = match self {
            Self::Whole => Shape::AllOnSqlite.start_with(&HASTE).await,
            Self::Services => Shape::Split.start_with(&HASTE).await,
        };
        let product = shop.make_product_id(json!({ "stock": 1_000_000 })).await;
        let order = usize::from(shop.processes.len() > 1);
        let doors = [
            (0, format!("/products/{product}/deduct"), json!({ "quantity": 1 })),
            (order, "/orders".to_owned(), order_of(&[(&product, 1.0)])),
        ];
        let doors = doors.map(|(process, path, body)| Door {
            address: shop.processes[process].address,
            process,
            path,
            body,
        });
        Rude { product, doors: doors.into(), shop }
    }
}

impl Door {
    /// With a body of so many bytes, which may never come.
    pub fn head(&self, length: usize) -> String {
        self.head_with(&format!("content-length: {length}\r\n"))
    }

    pub fn chunked_head(&self) -> String {
        self.head_with("transfer-encoding: chunked\r\n")
    }

    fn head_with(&self, framing: &str) -> String {
        format!(
            "POST {} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\nidempotency-key: {}\r\n{framing}\r\n",
            self.path,
            fresh_key()
        )
    }

    pub fn request(&self) -> String {
        let body = self.body.to_string();
        self.head(body.len()) + &body
    }
}

impl Rude {
    /// Sockets and files that a process holds.
    pub fn open_files(&self, door: &Door) -> usize {
        let path = format!("/proc/{}/fd", self.shop.processes[door.process].id());
        fs::read_dir(path).unwrap().count()
    }
}
