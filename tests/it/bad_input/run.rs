//! Sends all there is to a shop.

use std::{collections::BTreeSet, net::SocketAddr};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::{
    bodies,
    case::Case,
    cursors::Cursors,
    heads, parameters,
    routes::{Fixture, Route, routes},
    state,
    table::Table,
    taken, values,
};
use crate::support::{
    audit::audit,
    process::Pos,
    shop::{Running, Shop},
};

const AT_ONCE: usize = 8;

/// Where the requests go in.
pub struct Doors {
    pub product: SocketAddr,
    pub order: SocketAddr,
}

impl Doors {
    pub fn of(shop: &Running) -> Self {
        let last = shop.processes.len() - 1;
        Self { product: shop.processes[0].address, order: shop.processes[last].address }
    }

    pub fn of_route(&self, route: &Route) -> SocketAddr {
        if route.template.starts_with("/orders") { self.order } else { self.product }
    }
}

/// Sends every bad input, and compares what it got, and what became of the shop.
pub async fn run(shop: &Running, doors: &Doors, may_rewrite: bool) {
    let fixture = Fixture::make(shop).await;
    let cursors = Cursors::take(shop).await;
    let routes = routes(&fixture);
    check_against_the_document(shop, &routes).await;
    let cases: Vec<(SocketAddr, Case)> = routes
        .iter()
        .flat_map(|route| {
            let cases = [
                heads::cases(route),
                parameters::cases(route, &cursors),
                bodies::cases(route),
                values::cases(route),
            ];
            cases.into_iter().flatten().map(|case| (doors.of_route(route), case))
        })
        .collect();
    let before = state::of(shop).await;
    let mut table = Table::default();
    let answers = stream::iter(&cases).map(|(door, case)| case.request.send(*door)).buffered(AT_ONCE);
    let answers: Vec<_> = answers.collect().await;
    let mut wrong = Vec::new();
    for ((_, case), answer) in cases.iter().zip(&answers) {
        match case.judge(answer) {
            Ok(told) => table.add(case, told),
            Err(why) => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(state::of(shop).await, before);
    audit(&shop.databases().product_url, &shop.databases().order_url).await;
    shop.processes.iter().for_each(check_log);
    taken::check(shop, doors, &fixture, &mut table).await;
    taken::check_head(&routes, doors).await;
    check_that_sound_requests_are_served(&routes, doors).await;
    table.compare(may_rewrite);
    println!("{} bad requests to {} routes", cases.len(), routes.len());
}

/// The one thing that is wrong in each case is all that is wrong with it.
async fn check_that_sound_requests_are_served(routes: &[Route], doors: &Doors) {
    // what is archived is gone for the others
    let (last, others): (Vec<_>, Vec<_>) = routes.iter().partition(|route| route.method == "DELETE");
    for route in others.into_iter().chain(last) {
        let answer = route.sound().send(doors.of_route(route)).await;
        assert!((200..300).contains(&answer.status()), "{}: {}", route.name(), answer.text());
    }
}

pub fn check_log(process: &Pos) {
    // actix's own word on what is no HTTP; the default log level leaves it out
    let log = process.log();
    let lines = log.lines().filter(|line| !line.contains("stream error: request parse error"));
    for line in lines {
        assert!(!line.contains("panicked") && !line.contains("ERROR"), "{}: {line}", process.name);
    }
}

/// Routes, fields and parameters, as the document has them.
async fn check_against_the_document(shop: &Shop, routes: &[Route]) {
    let mut known = BTreeSet::new();
    for service in [&shop.product, shop.order()] {
        let document = service.get("/openapi.json").await.with_status(200);
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = format!("{} {path}", method.to_uppercase());
                let route = routes.iter().find(|route| route.name() == name);
                let route = route.unwrap_or_else(|| panic!("{name} is not tried with bad input"));
                let tried: BTreeSet<&str> = route.parameters.iter().map(|(name, _)| *name).collect();
                assert_eq!(tried, parameters_of(operation), "parameters of {name}");
                let tried: BTreeSet<&str> = route.fields.iter().map(|field| field.pointer).collect();
                let tried: BTreeSet<String> = tried.into_iter().map(str::to_owned).collect();
                assert_eq!(tried, fields_of(&document, operation), "fields of {name}");
                known.insert(name);
            }
        }
    }
    assert_eq!(known.len(), routes.len(), "a route is tried that is not there");
}

fn parameters_of(operation: &Value) -> BTreeSet<&str> {
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let of_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
    of_query.map(|parameter| parameter["name"].as_str().unwrap()).collect()
}

fn fields_of(document: &Value, operation: &Value) -> BTreeSet<String> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let mut fields = BTreeSet::new();
    collect_fields(document, schema, "", &mut fields);
    fields
}

fn collect_fields(document: &Value, schema: &Value, at: &str, fields: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let bodies: Vec<&Value> = variants.filter(|variant| variant["properties"].is_object()).collect();
    if !bodies.is_empty() {
        return bodies.into_iter().for_each(|body| collect_fields(document, body, at, fields));
    }
    match (&schema["properties"], &schema["items"]) {
        (Value::Object(properties), _) => {
            for (name, schema) in properties {
                collect_fields(document, schema, &format!("{at}/{name}"), fields);
            }
        }
        (_, items) if !items.is_null() => collect_fields(document, items, &format!("{at}/0"), fields),
        _ if at.is_empty() => {}
        _ => {
            fields.insert(at.to_owned());
        }
    }
}
