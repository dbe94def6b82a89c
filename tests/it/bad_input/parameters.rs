//! Parameters of the query: unknown, doubled, and bad values of each.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

use super::{
    case::{Case, Fault},
    cursors::Cursors,
    routes::{Kind, Route},
};

/// Of every route.
pub fn cases(route: &Route, cursors: &Cursors) -> Vec<Case> {
    let case = |input: &str, scope: &'static str, query: &str, name: &str| Case {
        section: "Parameters",
        input: input.to_owned(),
        scope,
        route: route.name(),
        request: route.sound().query(query),
        fault: Fault::Parameter(name.to_owned()),
        field: (scope != "every route" && scope != "every list").then(|| name.to_owned()),
    };
    let long = "x".repeat(40_000);
    let mut cases = vec![
        case("unknown, `colour=red`", "every route", "colour=red", "colour"),
        case("unknown, without a value", "every route", "colour", "colour"),
        case("unknown, SQL in its name", "every route", "'%20OR%201=1", "' OR 1"),
        case("unknown, beside others", "every route", &beside(route), "colour"),
        case("of 40,000 bytes", "every route", &format!("colour={long}"), "colour"),
    ];
    for (name, kind) in &route.parameters {
        let sound = sound_value(name, *kind);
        let twice = format!("{name}={sound}&{name}={sound}");
        cases.push(case("doubled", "every parameter", &twice, name));
        cases.push(case("no UTF-8, `%ff`", "every parameter", &format!("{name}=%ff"), name));
        for (input, value) in bad_values(*kind, cursors.foreign(route)) {
            let scope = scope(*kind);
            cases.push(case(input, scope, &format!("{name}={value}"), name));
        }
    }
    if route.parameters.iter().any(|(_, kind)| *kind == Kind::Cursor) {
        cases.push(case("in capitals, `LIMIT=1`", "every list", "LIMIT=1", "LIMIT"));
        if let Some(query) = cursors.refiltered(route) {
            cases.push(case("beside another filter than its own", "`cursor`", &query, "cursor"));
        }
    }
    cases
}

/// The unknown one comes last.
fn beside(route: &Route) -> String {
    let known = route.parameters.iter().filter(|(_, kind)| *kind != Kind::Cursor);
    let known: String = known.map(|(name, kind)| format!("{name}={}&", sound_value(name, *kind))).collect();
    known + "colour=red"
}

fn sound_value(name: &str, kind: Kind) -> &'static str {
    match kind {
        Kind::Limit => "10",
        Kind::Flag => "true",
        Kind::Time => "2026-11-24T08:00:00Z",
        Kind::Key => "0123456789abcdef",
        Kind::Choice if name == "status" => "pending",
        Kind::Choice => "deny",
        _ => "tea",
    }
}

fn scope(kind: Kind) -> &'static str {
    match kind {
        Kind::Limit => "`limit`",
        Kind::Cursor => "`cursor`",
        Kind::Flag => "`lowStock`, `flagged`, `archived`",
        Kind::Time => "`from`, `to`",
        Kind::Key => "`key`",
        Kind::Choice => "`status`, `stockPolicy`",
        Kind::Words => "`search`",
        _ => "`sku`, `barcode`, `category`",
    }
}

fn bad_values(kind: Kind, foreign: &str) -> Vec<(&'static str, String)> {
    let given = |values: &[(&'static str, &str)]| {
        values.iter().map(|(input, value)| (*input, (*value).to_owned())).collect::<Vec<_>>()
    };
    match kind {
        Kind::Limit => given(&[
            ("0", "0"),
            ("100000", "100000"),
            ("201", "201"),
            ("negative", "-1"),
            ("a fraction", "1.5"),
            ("`1e3`", "1e3"),
            ("`0x10`", "0x10"),
            ("beyond 64 bits", "18446744073709551616"),
            ("empty", ""),
            ("SQL", "1;DROP%20TABLE%20orders"),
        ]),
        Kind::Cursor => bad_cursors(foreign),
        Kind::Flag => given(&[("`maybe`", "maybe"), ("`1`", "1"), ("`TRUE`", "TRUE"), ("empty", "")]),
        Kind::Time => given(&[
            ("no time", "yesterday"),
            ("a date alone", "2026-11-24"),
            ("no such day", "2026-02-30T00:00:00Z"),
            ("without a zone", "2026-11-24T08:00:00"),
            ("seconds since 1970", "1764000000"),
            ("NUL at its end", "2026-11-24T08:00:00Z%00"),
            ("empty", ""),
        ]),
        Kind::Key => given(&[("too short", "short"), ("with a space", "0123456789+abcdef"), ("empty", "")]),
        Kind::Choice => given(&[("none of them", "maybe"), ("in capitals", "DENY"), ("empty", "")]),
        Kind::Words => {
            let mut words = texts();
            words.extend([("no word in it", "!!!".to_owned()), ("17 words", vec!["tea"; 17].join("+"))]);
            words
        }
        _ => texts(),
    }
}

fn texts() -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("with NUL", "tea%00".into()),
        ("with a line break", "tea%0Acoffee".into()),
        ("with U+202E, which turns the writing round", "tea%E2%80%AE".into()),
        ("201 characters", "x".repeat(201)),
    ]
}

fn bad_cursors(foreign: &str) -> Vec<(&'static str, String)> {
    let encode = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    vec![
        ("empty", String::new()),
        ("no base64", "%3Cscript%3E".into()),
        ("base64 of no JSON", encode("tea")),
        ("forged, of another shape", encode(r#"{"filter":{},"after":{}}"#)),
        ("forged, nested 2,000 deep", encode(&"[".repeat(2_000))),
        ("of another list", foreign.to_owned()),
        ("of another list, cut off", foreign[..foreign.len() - 2].to_owned()),
        ("of 10,000 characters", "A".repeat(10_000)),
    ]
}
