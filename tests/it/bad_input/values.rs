//! Bad values of each kind, as they stand in a JSON body.

use serde_json::{Value, json};

use super::{
    case::{Case, Fault},
    routes::{Field, Kind, Route},
};

/// What is wrong, and what stands in the body.
struct Bad {
    input: String,
    json: String,
    is_json: bool,
    /// Bad for every quantity, whatever it counts.
    is_general: bool,
}

impl Bad {
    fn general(self) -> Self {
        Self { is_general: true, ..self }
    }
}

fn bad(input: &str, value: &Value) -> Bad {
    Bad { input: input.to_owned(), json: value.to_string(), is_json: true, is_general: false }
}

fn raw(input: &str, json: &str) -> Bad {
    Bad { input: input.to_owned(), json: json.to_owned(), is_json: true, is_general: false }
}

fn broken(input: &str, json: &str) -> Bad {
    Bad { input: input.to_owned(), json: json.to_owned(), is_json: false, is_general: false }
}

/// Every field of every route with every bad value of its kind.
pub fn cases(route: &Route) -> Vec<Case> {
    let of_field = |field: &Field| {
        let bads = bad_values(field.kind).into_iter().map(|bad| case(route, field, bad));
        bads.collect::<Vec<_>>()
    };
    route.fields.iter().flat_map(of_field).collect()
}

fn case(route: &Route, field: &Field, bad: Bad) -> Case {
    let body = with_raw(route, field.pointer, &bad.json);
    let fault = if bad.is_json { Fault::At(field.pointer.to_owned()) } else { Fault::InBody };
    Case {
        section: section(field.kind),
        input: bad.input,
        scope: if bad.is_general && field.kind != Kind::Money { "every quantity" } else { scope(field.kind) },
        route: format!("{} of {}", field.pointer, route.name()),
        request: route.sound().body(body),
        fault,
        field: Some(field.pointer.to_owned()),
    }
}

/// The sound body with this JSON at the pointer, which need not be JSON.
pub fn with_raw(route: &Route, pointer: &str, json: &str) -> String {
    const MARK: &str = "here goes what is raw";
    let mut body = route.body.clone().unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if pointer == "/orderId" {
        // one of the two is given
        object.clear();
    }
    object.insert(name.to_owned(), MARK.into());
    body.to_string().replace(&format!("\"{MARK}\""), json)
}

fn section(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => "Money",
        Kind::Positive | Kind::Count | Kind::Level | Kind::AnyLevel | Kind::Change | Kind::Seq => {
            "Quantities"
        }
        Kind::Text(_) => "Texts",
        _ => "Ids, keys and choices",
    }
}

fn scope(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => "every price",
        Kind::Positive => "a quantity that is sold or deducted",
        Kind::Count => "`stock` and `reorderLevel`",
        Kind::Level => "`quantity` of a count",
        Kind::AnyLevel => "`expectedQuantity`",
        Kind::Change => "`quantity` of an adjustment",
        Kind::Seq => "`asOf`",
        Kind::Text(_) => "every text",
        Kind::Uuid => "every id",
        Kind::Key => "`key` of a cancellation",
        _ => "every choice",
    }
}

fn bad_values(kind: Kind) -> Vec<Bad> {
    match kind {
        Kind::Money => {
            let mut bads = numbers();
            bads.extend([
                bad("too many places, `\"12.345\"`", &json!("12.345")),
                raw("too many places, `12.345`", "12.345"),
                bad("negative, `\"-0.01\"`", &json!("-0.01")),
                bad("17 digits, `\"12345678901234567\"`", &json!("12345678901234567")),
                raw("17 digits, `12345678901234567`", "12345678901234567"),
                bad("beyond the bound, `\"1000000000.01\"`", &json!("1000000000.01")),
            ]);
            bads
        }
        Kind::Positive => all([numbers(), quantities(), vec![zero(), negative()]]),
        Kind::Count => all([numbers(), quantities(), vec![negative()]]),
        Kind::Level => all([numbers(), vec![beyond(), places(), negative()]]),
        Kind::AnyLevel => all([numbers(), vec![beyond(), places()]]),
        Kind::Change => {
            let wrong_way = raw("the wrong way, `2` for `waste`", "2");
            all([numbers(), quantities(), vec![zero(), wrong_way]])
        }
        Kind::Seq => vec![
            negative(),
            raw("a fraction, `1.5`", "1.5"),
            beyond_i64(),
            bad("a text, `\"7\"`", &json!("7")),
            raw("a truth value", "true"),
        ],
        Kind::Text(most) => texts(most),
        Kind::Uuid => ids(),
        Kind::Key => keys(),
        Kind::Choice => vec![
            bad("none of them, `\"maybe\"`", &json!("maybe")),
            bad("in capitals, `\"DENY\"`", &json!("DENY")),
            bad("of 1 MB", &json!("x".repeat(1_000_000))),
            raw("a number", "7"),
            raw("an object", "{}"),
        ],
        Kind::Limit | Kind::Cursor | Kind::Flag | Kind::Time | Kind::Words => {
            unreachable!("a parameter, in no body")
        }
    }
}

fn all<const N: usize>(parts: [Vec<Bad>; N]) -> Vec<Bad> {
    parts.into_iter().flatten().collect()
}

/// What is no amount of any kind.
fn numbers() -> Vec<Bad> {
    vec![
        bad("`\"1e3\"`", &json!("1e3")),
        raw("`1e3`", "1e3"),
        bad("`\"NaN\"`", &json!("NaN")),
        broken("`NaN`", "NaN"),
        bad("`\"0x10\"`", &json!("0x10")),
        broken("`0x10`", "0x10"),
        broken("`+1`", "+1"),
        broken("`.5`", ".5"),
        bad("`\"1,50\"`", &json!("1,50")),
        bad("other digits, `\"١٢\"`", &json!("١٢")),
        bad("with a space, `\" 1\"`", &json!(" 1")),
        bad("empty", &json!("")),
        bad("with NUL, `\"1\\u0000\"`", &json!("1\u{0}")),
        bad("SQL, `\"1; DROP TABLE stock\"`", &json!("1; DROP TABLE stock")),
        bad("1,000,000 digits", &json!("1".repeat(1_000_000))),
        raw("1,000,000 digits as a number", &"1".repeat(1_000_000)),
        raw("a truth value", "true"),
        raw("an array", "[1]"),
        raw("an object", r#"{"amount":1}"#),
    ]
    .into_iter()
    .map(Bad::general)
    .collect()
}

fn quantities() -> Vec<Bad> {
    vec![places(), beyond(), raw("beyond the bound, `1000000.001`", "1000000.001")]
}

fn places() -> Bad {
    raw("too many places, `0.0001`", "0.0001").general()
}

fn beyond() -> Bad {
    raw("10¹⁸", "1000000000000000000").general()
}

fn beyond_i64() -> Bad {
    raw("beyond 64 bits, `9223372036854775808`", "9223372036854775808")
}

fn zero() -> Bad {
    raw("0", "0")
}

fn negative() -> Bad {
    raw("negative, `-1`", "-1")
}

fn texts(most: usize) -> Vec<Bad> {
    vec![
        bad("with NUL", &json!("Te\u{0}a")),
        bad("with a line break", &json!("Tea\nCoffee")),
        bad("with U+2028, a line separator", &json!("Tea\u{2028}Coffee")),
        bad("with a terminal's escape sequence", &json!("\u{1b}[31mTea")),
        bad("with U+202E, which turns the writing round", &json!("Tea \u{202e}00.1")),
        bad("with U+2067, which turns the writing round", &json!("Tea \u{2067}00.1")),
        bad("empty", &json!("")),
        bad("nothing but spaces", &json!(" \t ")),
        bad("one character too long", &json!("x".repeat(most + 1))),
        bad("one emoji too long", &json!("🍵".repeat(most + 1))),
        bad("of 1 MB", &json!("x".repeat(1_000_000))),
        broken("half a surrogate pair, `\"\\ud83c\"`", r#""\ud83c""#),
        broken("a bare control character", "\"Te\u{1}a\""),
        raw("a number", "7"),
        raw("an array", r#"["Tea"]"#),
    ]
}

fn ids() -> Vec<Bad> {
    vec![
        bad("empty", &json!("")),
        bad("`\"1\"`", &json!("1")),
        bad("one digit that is none", &json!("0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeeg")),
        bad("one digit too many", &json!("0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee0")),
        bad("SQL, `\"' OR 1=1 --\"`", &json!("' OR 1=1 --")),
        bad("with NUL", &json!("0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee\u{0}")),
        bad("of 1 MB", &json!("0".repeat(1_000_000))),
        raw("a number", "7"),
    ]
}

fn keys() -> Vec<Bad> {
    vec![
        bad("too short", &json!("0123456789abcde")),
        bad("too long", &json!("k".repeat(256))),
        bad("with a space", &json!("0123456789 abcdef")),
        bad("with NUL", &json!("0123456789abcdef\u{0}")),
        bad("an emoji", &json!("0123456789abcdef🔑")),
        raw("a number", "7"),
    ]
}
