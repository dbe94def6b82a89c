//! What looks like bad input and is none: it is taken as it is, and given back byte for byte.

use serde_json::{Value, json};

use super::{
    case::Told,
    request::Request,
    routes::{Fixture, Route},
    run::Doors,
    table::{TAKEN, Table},
};
use crate::support::{
    client::Service,
    shop::{Shop, text, unique},
    wire::Message,
};

/// Names that shops have, or that somebody would try.
const NAMES: [(&str, &str); 14] = [
    ("emoji", "Tea 🍵"),
    ("an emoji of several, with joiners", "Chef 👩🏽‍🍳"),
    ("a flag", "Crêpe 🇫🇷"),
    ("Arabic", "قهوة تركية"),
    ("Hebrew, with a right-to-left mark", "חלב 3%\u{200f}"),
    ("a left-to-right mark", "Tea\u{200e} (50 g)"),
    ("Persian, with a joiner that is none", "می\u{200c}خواهم"),
    ("an accent of its own, not composed", "Cre\u{300}me"),
    ("SQL", "Robert'); DROP TABLE products; --"),
    ("HTML", "<script>alert(\"1\")</script> & <b>"),
    ("quotes and backslashes", r#"\"Tea\" \\ 'x' \u0000"#),
    ("a spreadsheet's formula", "=HYPERLINK(\"http://x\",\"Tea\")"),
    ("patterns of SQL and of formats", "100%_* %s {0} ${x} $1 ?"),
    ("a path", "../../etc/passwd"),
];

/// Puts each into every text that there is, reads it back in every way, and notes it.
pub async fn check(shop: &Shop, doors: &Doors, fixture: &Fixture, table: &mut Table) {
    let through = |address| Service::at(&format!("http://{address}"));
    let (products, orders) = (through(doors.product), through(doors.order));
    for (input, name) in NAMES {
        let told = take(&products, &orders, fixture, name).await;
        assert_eq!(told, "201", "{input}");
        note(table, input, "every text");
    }
    let long = "🍵".repeat(200);
    let made = json!({ "name": long, "price": "1.00" });
    let made = products.post("/products", &made).await.with_status(201);
    assert_eq!(made["name"], long);
    note(table, "200 emoji, as many as a name may have", "`name`");
    let key = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;
    let order = json!({ "items": [{ "productId": fixture.product, "quantity": 1 }] });
    let placed = orders.post("/orders", &order).key(key).await.with_status(201);
    let query: String = form(key);
    let found = Shop::walk(&orders, &format!("/orders?key={query}")).await;
    assert_eq!(found.iter().map(|order| &order["id"]).collect::<Vec<_>>(), [&placed["id"]]);
    assert_eq!(shop.read_order(&text(&placed["id"])).await["key"], key);
    note(table, "every visible character", "an order's Idempotency-Key");
}

async fn take(products: &Service, orders: &Service, fixture: &Fixture, name: &str) -> &'static str {
    // unique among products, and nothing that is not looked for
    let code = format!("{name} {}", &unique("")[1..9]);
    let fields =
        json!({ "name": name, "price": "1.00", "stock": 5, "category": name, "sku": code, "barcode": code });
    let made = products.post("/products", &fields).await.with_status(201);
    let id = text(&made["id"]);
    let read = products.get(&format!("/products/{id}")).await.with_status(200);
    for field in ["name", "category", "sku", "barcode"] {
        assert_eq!((&made[field], &read[field]), (&fields[field], &fields[field]));
    }
    for filter in ["sku", "barcode"] {
        let found = Shop::walk(products, &format!("/products?{filter}={}", form(&code))).await;
        assert_eq!(found.iter().map(|product| &product["id"]).collect::<Vec<_>>(), [&made["id"]], "{filter}");
    }
    let found = Shop::walk(products, &format!("/products?category={}", form(name))).await;
    assert!(found.iter().any(|product| product["id"] == made["id"]));
    let replaced = products.put(&format!("/products/{id}"), &json!({ "name": name, "price": "1.00" })).await;
    assert_eq!(replaced.with_status(200)["name"], name);
    let waste = json!({ "quantity": -1, "reason": "waste", "note": name });
    let path = format!("/products/{}/stock", fixture.product);
    let moved = products.post(&format!("{path}/adjustments"), &waste).await.with_status(201);
    let ledger = products.get(&format!("{path}/movements?limit=1")).await.with_status(200);
    assert_eq!((&moved["note"], &ledger["items"][0]["note"]), (&Value::from(name), &Value::from(name)));
    let order = json!({ "items": [{ "productId": id, "quantity": 1 }] });
    let placed = orders.post("/orders", &order).await.with_status(201);
    assert_eq!(placed["items"][0]["name"], name);
    "201"
}

fn form(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn note(table: &mut Table, input: &str, scope: &'static str) {
    let told = Told { status: 201, code: "none".into(), place: String::new() };
    table.add_seen(TAKEN, input, scope, scope.to_owned(), told);
}

/// `HEAD` is answered as `GET` is, without the body; also where there is neither.
pub async fn check_head(routes: &[Route], doors: &Doors) {
    for route in routes {
        let door = doors.of_route(route);
        let got = Request::new("GET", &route.target, None).send(door).await;
        let head = Request::new("HEAD", &route.target, None).send(door).await;
        let shown = |answer: &Message| (answer.status(), answer.one("content-type").to_owned());
        assert_eq!(shown(&head), shown(&got), "{}", route.target);
    }
}
