//! Requests over HTTP, each written down before it goes out and after it was answered.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Floor;
use crate::{
    history::{Answer, Item, What},
    lock::lock,
};

/// A client waits between so long, milliseconds; some are impatient.
const PATIENCE_MS: std::ops::Range<u64> = 1000..6500;

/// Where the shop is entered.
#[derive(Clone, Debug)]
pub struct Doors {
    pub front: String,
    /// Order services, past the gateway. None in the shape of one process.
    pub orders: Vec<String>,
}

/// How often each answer was given.
#[derive(Default)]
pub struct Tally(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Tally {
    fn count(&self, what: &What, answer: &Answer) {
        let said = match (answer.status, &answer.code, &answer.silence) {
            (0, _, reason) => format!("silence: {}", reason.as_deref().unwrap_or("none")),
            (status, Some(code), _) => format!("{status} {code}"),
            (status, None, _) => status.to_string(),
        };
        *lock(&self.0).entry((kind(what), said)).or_default() += 1;
    }

    pub fn all(&self) -> BTreeMap<(&'static str, String), u64> {
        lock(&self.0).clone()
    }

    /// Answers to sales with this status.
    pub fn sales(&self, begin: &str) -> u64 {
        let all = lock(&self.0);
        all.iter()
            .filter(|((kind, said), _)| *kind == "sale" && said.starts_with(begin))
            .map(|(_, n)| n)
            .sum()
    }
}

pub fn kind(what: &What) -> &'static str {
    match what {
        What::Sale { .. } => "sale",
        What::Reuse { .. } => "key reused",
        What::Cancel { .. } => "cancellation",
        What::Read { .. } => "read",
        What::Create { .. } => "new product",
        What::Reprice { .. } => "new price",
        What::Archive { .. } => "archive",
        What::Adjust { .. } => "adjustment",
        What::Deduct { .. } => "deduction",
        What::Count { .. } => "count",
    }
}

/// Who asks: with a connection of its own for each try in turn.
pub struct Caller {
    pub floor: Arc<Floor>,
    pub random: fastrand::Rng,
    clients: Vec<Client>,
}

impl Caller {
    pub fn new(floor: Arc<Floor>, number: u64) -> Self {
        let random = fastrand::Rng::with_seed(floor.seed.wrapping_mul(1_000_003).wrapping_add(number));
        let client = || Client::builder().no_proxy().pool_max_idle_per_host(1).build().unwrap_or_default();
        Self { floor, random, clients: vec![client(), client()] }
    }

    /// Asks once, at one of the doors.
    pub async fn ask(&mut self, key: &str, attempt: u32, what: &What) -> Answer {
        let door = self.door(what);
        let patience = Duration::from_millis(self.random.u64(PATIENCE_MS));
        self.ask_at(&door, key, attempt, what, patience).await
    }

    pub fn door(&mut self, what: &What) -> String {
        let doors = &self.floor.doors;
        let is_of_orders =
            matches!(what, What::Sale { .. } | What::Reuse { .. } | What::Cancel { .. } | What::Read { .. });
        let straight = is_of_orders && !doors.orders.is_empty() && self.random.u8(..) < 50;
        match straight {
            true => doors.orders[self.random.usize(..doors.orders.len())].clone(),
            false => doors.front.clone(),
        }
    }

    pub async fn ask_at(
        &self,
        door: &str,
        key: &str,
        attempt: u32,
        what: &What,
        patience: Duration,
    ) -> Answer {
        let client = &self.clients[attempt as usize % self.clients.len()];
        self.floor.history.asked(key, attempt, door, what);
        let (method, path, body) = request(what, key);
        let mut call = client.request(method, format!("{door}{path}")).timeout(patience);
        if let Some(body) = body {
            call = call.header("idempotency-key", under(what, key)).json(&body);
        } else if matches!(what, What::Archive { .. }) {
            call = call.header("idempotency-key", key);
        }
        let answer = match call.send().await {
            Ok(response) => read(response).await,
            Err(error) => Err(error),
        };
        let answer = answer.unwrap_or_else(|error| silence(&error));
        self.floor.history.told(key, attempt, &answer);
        self.floor.tally.count(what, &answer);
        answer
    }
}

/// The key that goes out.
fn under<'a>(what: &'a What, key: &'a str) -> &'a str {
    match what {
        // keys of the history are one a request; this one goes under the other's
        What::Reuse { .. } => key.strip_prefix("reuse-").unwrap_or(key),
        _ => key,
    }
}

fn request(what: &What, key: &str) -> (Method, String, Option<Value>) {
    let stock = |product: &Uuid| format!("/products/{product}/stock");
    match what {
        What::Sale { items } | What::Reuse { items } => {
            let items: Vec<Value> = items.iter().map(item).collect();
            (Method::POST, "/orders".into(), Some(json!({ "items": items })))
        }
        What::Cancel { sale } => (Method::POST, "/orders/cancellations".into(), Some(json!({ "key": sale }))),
        What::Read { order: Some(order), .. } => (Method::GET, format!("/orders/{order}"), None),
        What::Read { sale, order: None } => (Method::GET, format!("/orders?key={sale}"), None),
        What::Create { sku, price, stock, policy } => {
            let mut body = json!({ "name": format!("Torture {sku}"), "sku": sku, "price": money(*price), "stockPolicy": policy });
            if *stock != 0 {
                body["stock"] = json!(quantity(*stock));
            }
            (Method::POST, "/products".into(), Some(body))
        }
        What::Reprice { product, sku, price } => {
            let body = json!({ "name": format!("Torture {sku}"), "sku": sku, "price": money(*price) });
            (Method::PUT, format!("/products/{product}"), Some(body))
        }
        What::Archive { product } => (Method::DELETE, format!("/products/{product}"), None),
        What::Adjust { product, quantity: change, reason } => {
            let body = json!({ "quantity": quantity(*change), "reason": reason, "note": key });
            (Method::POST, stock(product) + "/adjustments", Some(body))
        }
        What::Deduct { product, quantity: taken } => (
            Method::POST,
            format!("/products/{product}/deduct"),
            Some(json!({ "quantity": quantity(*taken) })),
        ),
        What::Count { product, quantity: counted, as_of } => {
            let mut body = json!({ "quantity": quantity(*counted) });
            if let Some(seq) = as_of {
                body["asOf"] = json!(seq);
            }
            (Method::PUT, stock(product), Some(body))
        }
    }
}

fn item(item: &Item) -> Value {
    let mut body = json!({ "productId": item.product, "quantity": quantity(item.quantity) });
    if let Some(price) = item.price {
        body["expectedUnitPrice"] = json!(money(price));
    }
    body
}

fn money(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// As a decimal string.
fn quantity(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", milli.abs() / 1000, milli.abs() % 1000)
}

async fn read(response: Response) -> Result<Answer, reqwest::Error> {
    let status = response.status().as_u16();
    let replayed = response.headers().contains_key("idempotent-replayed");
    let body = response.bytes().await?;
    let mut body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let (code, outcome) = (text("code"), text("outcome"));
    let is_success = (200..=299).contains(&status);
    trim(&mut body);
    let body = (is_success || status == 409).then_some(body).filter(|body| !body.is_null());
    Ok(Answer { status, code, outcome, replayed, body, silence: None })
}

/// Leaves out what nobody checks: the history is long.
fn trim(body: &mut Value) {
    let items = match body.get_mut("items") {
        Some(Value::Array(items)) => std::mem::take(items),
        _ => vec![],
    };
    if let Value::Object(members) = body {
        let dull = [
            "currency",
            "createdAt",
            "decidedAt",
            "updatedAt",
            "type",
            "title",
            "detail",
            "requestId",
            "nextCursor",
        ];
        members.retain(|name, _| !dull.contains(&name.as_str()));
        let items = items.into_iter().map(|mut item| {
            trim(&mut item);
            if let Value::Object(members) = &mut item {
                members.retain(|name, _| !["name", "sku"].contains(&name.as_str()));
            }
            item
        });
        if members.contains_key("items") {
            members.insert("items".into(), items.collect());
        }
    }
}

fn silence(error: &reqwest::Error) -> Answer {
    let reason = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "not connected"
    } else {
        "cut off"
    };
    Answer { silence: Some(reason.into()), ..Answer::default() }
}
