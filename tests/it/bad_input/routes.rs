//! Every public route with a sound request: each bad one is this with one thing wrong.

use serde_json::{Value, json};

use super::request::Request;
use crate::support::{
    client::fresh_key,
    shop::{Shop, order_of},
};

/// What a field or parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Money,
    /// More than 0.
    Positive,
    /// 0 or more.
    Count,
    /// As much as stock may be, from 0 on.
    Level,
    /// As much as stock may be, also below 0.
    AnyLevel,
    /// Anything but 0; the sound one is below.
    Change,
    /// At most so many characters.
    Text(usize),
    Uuid,
    Key,
    Choice,
    Seq,
    Limit,
    Cursor,
    Flag,
    Time,
    Words,
}

pub struct Field {
    /// Of the field in the sound body, or the one field of a body of its own.
    pub pointer: &'static str,
    pub kind: Kind,
    pub is_required: bool,
}

pub struct Route {
    pub method: &'static str,
    /// As the API document has it.
    pub template: &'static str,
    pub target: String,
    pub body: Option<Value>,
    pub fields: Vec<Field>,
    pub parameters: Vec<(&'static str, Kind)>,
    pub takes_if_match: bool,
}

/// What the sound requests are about; no bad one changes it.
pub struct Fixture {
    pub product: String,
    pub order: String,
}

impl Fixture {
    pub async fn make(shop: &Shop) -> Self {
        let product = shop.make_product_id(json!({ "sku": "SOUND-1", "barcode": "4006381333931" })).await;
        let order = shop.place(&[(&product, 2.0)]).await.with_status(201);
        Self { product, order: order["id"].as_str().unwrap().to_owned() }
    }
}

impl Route {
    fn new(method: &'static str, template: &'static str, fixture: &Fixture) -> Self {
        let id = if template.starts_with("/orders") { &fixture.order } else { &fixture.product };
        Self {
            method,
            template,
            target: template.replace("{id}", id),
            body: None,
            fields: Vec::new(),
            parameters: Vec::new(),
            takes_if_match: false,
        }
    }

    fn takes(mut self, parameters: &[(&'static str, Kind)]) -> Self {
        self.parameters = parameters.to_vec();
        self
    }

    /// `fields` in their order; those whose pointer ends with `!` are required.
    fn reads(mut self, body: Value, fields: &[(&'static str, Kind)]) -> Self {
        self.body = Some(body);
        let field = |(pointer, kind): &(&'static str, Kind)| Field {
            pointer: pointer.trim_end_matches('!'),
            kind: *kind,
            is_required: pointer.ends_with('!'),
        };
        self.fields = fields.iter().map(field).collect();
        self
    }

    fn may_match(mut self) -> Self {
        self.takes_if_match = true;
        self
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    pub fn changes(&self) -> bool {
        self.method != "GET"
    }

    pub fn sound(&self) -> Request {
        Request::new(self.method, &self.target, self.body.as_ref().map(Value::to_string))
    }
}

/// One for each operation of the API document.
pub fn routes(fixture: &Fixture) -> Vec<Route> {
    use Kind::*;
    let new = |method, template| Route::new(method, template, fixture);
    let page = [("limit", Limit), ("cursor", Cursor)];
    let catalogue = [
        ("/name!", Text(200)),
        ("/price!", Money),
        ("/sku", Text(64)),
        ("/barcode", Text(64)),
        ("/category", Text(100)),
        ("/stockPolicy", Choice),
        ("/reorderLevel", Count),
    ];
    let filters = [
        ("search", Words),
        ("sku", Text(200)),
        ("barcode", Text(200)),
        ("category", Text(200)),
        ("stockPolicy", Choice),
        ("lowStock", Flag),
        ("flagged", Flag),
        ("archived", Flag),
    ];
    let product = json!({ "name": "Tea", "price": "1.00", "sku": "T-1", "barcode": "5901234123457",
        "category": "tea", "stockPolicy": "deny", "reorderLevel": 5 });
    let mut opened = product.clone();
    (opened["stock"], opened["sku"], opened["barcode"]) = (json!(10), json!("T-2"), json!("4005500000006"));
    let order = order_of(&[(&fixture.product, 1.0)]);
    let history = [("status", Choice), ("from", Time), ("to", Time), ("key", Key)];
    vec![
        new("POST", "/products").reads(opened, &[&catalogue[..], &[("/stock", Count)]].concat()),
        new("GET", "/products").takes(&[&filters[..], &page].concat()),
        new("GET", "/products/{id}").takes(&[("archived", Flag)]),
        new("PUT", "/products/{id}").reads(product, &catalogue).may_match(),
        new("DELETE", "/products/{id}").may_match(),
        new("GET", "/products/{id}/stock"),
        new("PUT", "/products/{id}/stock").reads(
            json!({ "quantity": 38 }),
            &[("/quantity!", Level), ("/expectedQuantity", AnyLevel), ("/asOf", Seq)],
        ),
        new("POST", "/products/{id}/stock/adjustments").reads(
            json!({ "quantity": -2, "reason": "waste", "note": "dropped" }),
            &[("/quantity!", Change), ("/reason!", Choice), ("/note", Text(500))],
        ),
        new("POST", "/products/{id}/deduct").reads(json!({ "quantity": 1 }), &[("/quantity!", Positive)]),
        new("GET", "/products/{id}/stock/movements").takes(&page),
        new("POST", "/orders").reads(
            order,
            &[
                ("/items/0/productId!", Uuid),
                ("/items/0/quantity!", Positive),
                ("/items/0/expectedUnitPrice", Money),
            ],
        ),
        new("GET", "/orders").takes(&[&history[..], &page].concat()),
        new("GET", "/orders/{id}"),
        new("POST", "/orders/cancellations")
            .reads(json!({ "key": fresh_key() }), &[("/key", Key), ("/orderId", Uuid)]),
        new("GET", "/livez"),
        new("GET", "/readyz"),
        new("GET", "/metrics"),
        new("GET", "/openapi.json"),
    ]
}
