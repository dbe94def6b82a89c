//! What can be wrong before the body: method, path, headers.

use super::{
    case::{Case, Fault},
    request::Request,
    routes::Route,
};
use crate::support::client::fresh_key;

/// Above `server.head_limit_bytes`, and below what the parser takes.
const LONG: usize = 40_000;
/// More than the parser takes.
const TOO_LONG: usize = 200_000;

pub fn cases(route: &Route) -> Vec<Case> {
    let in_section = |section, scope, inputs: Vec<(&str, Request, Fault)>| {
        let case = move |(input, request, fault): (&str, Request, Fault)| Case {
            section,
            input: input.to_owned(),
            scope,
            route: route.name(),
            request,
            fault,
            field: None,
        };
        inputs.into_iter().map(case).collect::<Vec<_>>()
    };
    let mut cases = in_section("Method and head", "every route", general(route));
    if route.template.contains("{id}") {
        cases.extend(in_section("Path", "every route with an id", ids(route)));
    }
    if route.changes() {
        cases.extend(in_section("Idempotency-Key", "every route that changes something", keys(route)));
    }
    if route.takes_if_match {
        cases.extend(in_section("If-Match", "every route that takes it", tags(route)));
    }
    cases
}

fn general(route: &Route) -> Vec<(&'static str, Request, Fault)> {
    let sound = || route.sound();
    let method = |method: &str| Request { method: method.to_owned(), ..sound() };
    let many =
        |count| (0..count).fold(sound(), |request, number| request.header(&format!("x-{number}"), "1"));
    let line = |target: &str| Request { target: target.replace("TARGET", &route.target), ..sound() };
    vec![
        ("a method that is not served, `PATCH`", method("PATCH"), Fault::Unplaced),
        ("a method that nobody knows, `BREW`", method("BREW"), Fault::Unplaced),
        ("a method in small letters", method(&route.method.to_lowercase()), Fault::Unplaced),
        ("a header of 40,000 bytes", sound().header("x-long", "x".repeat(LONG)), Fault::Header("x-long")),
        ("70 headers", many(70), Fault::Unplaced),
        ("an upgrade to a WebSocket", sound().header("upgrade", "websocket"), Fault::Unplaced),
        ("a header of 200,000 bytes", sound().header("x-long", "x".repeat(TOO_LONG)), Fault::NoDocument),
        ("120 headers", many(120), Fault::NoDocument),
        ("a header with NUL", sound().header("x-nul", b"a\0b".to_vec()), Fault::NoDocument),
        ("a header whose name has a space", sound().header("x y", "1"), Fault::NoDocument),
        ("a space in the path", line("TARGET x"), Fault::NoDocument),
        ("a body of two lengths", twice_as_long(route), Fault::NoDocument),
    ]
}

fn twice_as_long(route: &Route) -> Request {
    route.sound().header("content-length", "5").header("content-length", "6")
}

fn ids(route: &Route) -> Vec<(&'static str, Request, Fault)> {
    let id = |id: &str| {
        let target = route.template.replace("{id}", id);
        Request { target, ..route.sound() }
    };
    vec![
        ("`1`", id("1"), Fault::Path),
        ("one digit that is none", id("0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeeg"), Fault::Path),
        ("one digit too many", id("0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee0"), Fault::Path),
        ("SQL, `' OR 1=1 --`", id("%27%20OR%201=1%20--"), Fault::Path),
        ("HTML, `<script>`", id("%3Cscript%3E"), Fault::Path),
        ("an emoji", id("%F0%9F%8D%B5"), Fault::Path),
        ("no UTF-8", id("%ff%fe"), Fault::Path),
        ("of 10,000 characters", id(&"0".repeat(10_000)), Fault::Path),
        ("of nothing there is", id("0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee"), Fault::Unplaced),
    ]
}

fn keys(route: &Route) -> Vec<(&'static str, Request, Fault)> {
    let bare = || route.sound().without("idempotency-key");
    let key = |key: &str| bare().header("idempotency-key", key);
    let at = Fault::Header("Idempotency-Key");
    let fresh = fresh_key();
    vec![
        ("empty", key(""), at.clone()),
        ("too short, 15 characters", key("0123456789abcde"), at.clone()),
        ("too long, 256 characters", key(&"k".repeat(256)), at.clone()),
        ("with a space", key("0123456789 abcdef"), at.clone()),
        ("with a tab", key("0123456789\tabcdef"), at.clone()),
        ("with an emoji", key("0123456789abcdef🔑"), at.clone()),
        ("two of them", key(&fresh).header("idempotency-key", fresh_key()), at.clone()),
        ("the same twice", key(&fresh).header("Idempotency-Key", fresh.clone()), at),
        ("with NUL", bare().header("idempotency-key", b"0123456789\0abcdef".to_vec()), Fault::NoDocument),
    ]
}

fn tags(route: &Route) -> Vec<(&'static str, Request, Fault)> {
    let tag = |tag: &str| route.sound().header("if-match", tag);
    let at = Fault::Header("If-Match");
    vec![
        ("empty", tag(""), at.clone()),
        ("without quotes", tag("3"), at.clone()),
        ("a weak one", tag("W/\"3\""), at.clone()),
        ("no version", tag("\"x\""), at.clone()),
        ("beyond 64 bits", tag("\"9223372036854775808\""), at.clone()),
        ("SQL", tag("\"1\" OR 1=1"), at.clone()),
        ("two, of which one is none", tag("\"3\"").header("if-match", "x"), at),
        ("of another version", tag("\"4711\""), Fault::Unplaced),
        ("two of other versions", tag("\"4711\"").header("if-match", "\"4712\""), Fault::Unplaced),
    ]
}
