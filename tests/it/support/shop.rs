//! A shop under test: base URLs, and the processes behind them.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::{Call, Service},
    engine::{Databases, Engine},
    port::Port,
    process::Pos,
};

/// All that a client knows.
#[derive(Clone)]
pub struct Shop {
    pub product: Service,
    /// Every replica.
    pub orders: Vec<Service>,
}

/// The ways to run a shop. With `POS_TEST_SHOP="PRODUCT_URL,ORDER_URL,…"` every test runs against that one instead.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    AllOnSqlite,
    AllOnPostgres,
    Split,
}

/// A shop whose processes end with the value.
pub struct Running {
    shop: Shop,
    /// In `Split` the product service first, then the order services.
    pub processes: Vec<Pos>,
    databases: Option<Databases>,
    _ports: Vec<Port>,
}

const ORDER_REPLICAS: u8 = 3;

impl Shape {
    /// Starts it and waits until it welcomes requests.
    pub async fn start(self) -> Running {
        if let Ok(urls) = env::var("POS_TEST_SHOP") {
            return Running { shop: given(&urls), processes: vec![], databases: None, _ports: vec![] };
        }
        self.start_with(&[]).await
    }

    /// Starts one of its own with further settings.
    pub async fn start_with(self, settings: &[(&str, &str)]) -> Running {
        match self {
            Self::AllOnSqlite => Running::all_with(Databases::migrated(Engine::Sqlite).await, settings).await,
            Self::AllOnPostgres => {
                Running::all_with(Databases::migrated(Engine::Postgres).await, settings).await
            }
            Self::Split => Running::split_with(Databases::migrated(Engine::Postgres).await, settings).await,
        }
    }
}

fn given(urls: &str) -> Shop {
    let mut services = urls.split(',').map(Service::at);
    let product = services.next().unwrap();
    let orders: Vec<Service> = services.collect();
    let orders = if orders.is_empty() { vec![product.clone()] } else { orders };
    Shop { product, orders }
}

impl Running {
    /// One process.
    pub async fn all(databases: Databases) -> Self {
        Self::all_with(databases, &[]).await
    }

    /// The same with further settings.
    pub async fn all_with(databases: Databases, settings: &[(&str, &str)]) -> Self {
        let port = Port::reserve();
        let mut process = Pos::start("all", address(1, &port), with(databases.settings(), settings));
        process.ready().await;
        let shop = Shop { product: process.service(), orders: vec![process.service()] };
        Self { shop, processes: vec![process], databases: Some(databases), _ports: vec![port] }
    }

    /// A product service and three order services, each on an address of its own, as replicas behind a name are.
    pub async fn split(databases: Databases) -> Self {
        Self::split_with(databases, &[]).await
    }

    /// The same with further settings for all of them.
    pub async fn split_with(databases: Databases, settings: &[(&str, &str)]) -> Self {
        let ports = vec![Port::reserve(), Port::reserve()];
        let own = with(databases.settings(), settings);
        let product = Pos::start("product", address(1, &ports[0]), own.clone());
        let orders = (2..2 + ORDER_REPLICAS)
            .map(|host| order_service(address(host, &ports[1]), own.clone(), &product.url()));
        let mut processes: Vec<Pos> = orders.collect();
        processes.insert(0, product);
        for process in &mut processes {
            process.ready().await;
        }
        let shop = Shop {
            product: processes[0].service(),
            orders: processes[1..].iter().map(Pos::service).collect(),
        };
        Self { shop, processes, databases: Some(databases), _ports: ports }
    }

    /// The databases behind it, for those who started it.
    pub fn databases(&self) -> &Databases {
        self.databases.as_ref().expect("a shop that was given shows no databases")
    }
}

impl Deref for Running {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

/// An order service that asks the product service at this URL.
fn order_service(address: SocketAddr, mut settings: Vec<(String, String)>, product_url: &str) -> Pos {
    settings.push(("POS__ORDER__PRODUCT_URL".into(), product_url.to_owned()));
    Pos::start("order", address, settings)
}

fn with(mut settings: Vec<(String, String)>, further: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.extend(further.iter().map(|(name, value)| (format!("POS__{name}"), (*value).to_owned())));
    settings
}

/// 127.0.0.HOST
pub fn address(host: u8, port: &Port) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, host), port.number).into()
}

impl Shop {
    /// Any one of the order services.
    pub fn order(&self) -> &Service {
        &self.orders[0]
    }

    /// Puts a product into the catalogue: these fields over a name of its own, a price of 2.50 and a stock of 100.
    pub async fn make_product(&self, fields: Value) -> Value {
        let mut product = json!({ "name": unique("Product"), "price": "2.50", "stock": 100 });
        for (name, value) in fields.as_object().unwrap() {
            match value {
                Value::Null => product.as_object_mut().unwrap().remove(name),
                value => product.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        self.product.post("/products", &product).await.with_status(201)
    }

    /// Its id alone.
    pub async fn make_product_id(&self, fields: Value) -> String {
        text(&self.make_product(fields).await["id"])
    }

    /// Stock on hand.
    pub async fn stock(&self, product: &str) -> Value {
        self.product.get(&format!("/products/{product}/stock")).await.with_status(200)["quantity"].clone()
    }

    /// An order of these products and quantities.
    pub fn place(&self, items: &[(&str, f64)]) -> Call {
        self.order().post("/orders", &order_of(items))
    }

    pub async fn read_order(&self, id: &str) -> Value {
        self.order().get(&format!("/orders/{id}")).await.with_status(200)
    }

    /// Walks a list of a service to its end; `path` may bring filters.
    pub async fn walk(service: &Service, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = path.to_owned();
        loop {
            let page = service.get(&next).await.with_status(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["nextCursor"].as_str() else {
                return items;
            };
            let limit = path.split(['?', '&']).find(|part| part.starts_with("limit="));
            let base = path.split('?').next().unwrap();
            next = format!("{base}?cursor={cursor}&{}", limit.unwrap_or_default());
        }
    }

    /// Every movement of a product, newest first.
    pub async fn ledger(&self, product: &str) -> Vec<Value> {
        Self::walk(&self.product, &format!("/products/{product}/stock/movements?limit=200")).await
    }
}

/// The body of an order; whole quantities as integers.
pub fn order_of(items: &[(&str, f64)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(id, quantity)| json!({ "productId": id, "quantity": number(*quantity) }))
        .collect();
    json!({ "items": items })
}

/// A JSON number as the wire writes it: whole ones without a point.
pub fn number(quantity: f64) -> Value {
    match quantity.fract() == 0.0 {
        true => json!(quantity as i64),
        false => json!(quantity),
    }
}

/// A text that no other test uses: the shop may be anybody's.
pub fn unique(prefix: &str) -> String {
    format!("{prefix} {}", Uuid::new_v4().simple())
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// `newest first`, gapless, each `before` the last one's `after`, down to 0.
#[track_caller]
pub fn assert_chain(ledger: &[Value], level: &Value) {
    let milli = |value: &Value| (value.as_f64().unwrap() * 1000.0).round() as i64;
    let mut after = milli(level);
    for (index, movement) in ledger.iter().enumerate() {
        assert_eq!(movement["seq"], ledger.len() - index, "{movement}");
        assert_eq!(milli(&movement["after"]), after, "{movement}");
        after -= milli(&movement["quantity"]);
        assert_eq!(milli(&movement["before"]), after, "{movement}");
    }
    assert_eq!(after, 0, "the oldest movement starts at 0");
}

/// Thirteen digits that no other test uses.
pub fn barcode() -> String {
    format!("{:013}", Uuid::new_v4().as_u128() % 10_000_000_000_000)
}
