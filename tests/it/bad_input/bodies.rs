//! Bodies that are none, or of another shape: for every route that reads one.

use serde_json::Value;

use super::{
    case::{Case, Fault},
    routes::Route,
    values::with_raw,
};

const DEEP: usize = 100_000;
const LIMIT: usize = 1 << 20;
const SECTION: &str = "Bodies";
const SCOPE: &str = "every route with a body";

/// All of them; none for a route without a body.
pub fn cases(route: &Route) -> Vec<Case> {
    let Some(sound) = &route.body else {
        return Vec::new();
    };
    let case = |input: &str, request, fault| Case {
        section: SECTION,
        input: input.to_owned(),
        scope: scope(input),
        route: route.name(),
        request,
        fault,
        field: None,
    };
    let mut cases: Vec<Case> = unannounced(route);
    let told = |(input, body, fault): (&str, Vec<u8>, Fault)| case(input, route.sound().body(body), fault);
    cases.extend(no_json(&sound.to_string()).into_iter().map(told));
    cases.extend(deep(route).into_iter().map(told));
    cases.extend(other_shapes(route, sound).into_iter().map(told));
    let long = format!("{}{}", sound, " ".repeat(LIMIT + 1 - sound.to_string().len()));
    let mut unsaid = route.sound().body(long.clone());
    unsaid.is_chunked = true;
    cases.push(case("one byte over the limit of 1 MiB", route.sound().body(long), Fault::At(String::new())));
    cases.push(case("the same without a length", unsaid, Fault::At(String::new())));
    cases
}

/// What only one of them can be sent.
fn scope(input: &str) -> &'static str {
    match input {
        "neither of two fields" | "both of two fields" => "`POST /orders/cancellations`",
        "two prices for one product" => "`POST /orders`",
        _ if input.contains("item") => "`POST /orders`",
        _ => SCOPE,
    }
}

fn unannounced(route: &Route) -> Vec<Case> {
    let bare = || route.sound().without("content-type");
    let empty = |request: super::request::Request| request.body("");
    let announced = |media_type: &str| bare().header("content-type", media_type);
    let type_at = Fault::Header("Content-Type");
    let nowhere = Fault::At(String::new());
    [
        ("none at all", empty(bare()), type_at.clone()),
        ("empty, announced as JSON", empty(route.sound()), nowhere),
        ("no content type", bare(), type_at.clone()),
        ("as `text/plain`", announced("text/plain"), type_at.clone()),
        ("as a form", announced("application/x-www-form-urlencoded"), type_at.clone()),
        ("as `application/jsonp`", announced("application/jsonp"), type_at.clone()),
        ("as what is no media type", announced("json"), type_at.clone()),
        ("two content types", route.sound().header("content-type", "text/plain"), type_at),
    ]
    .into_iter()
    .map(|(input, request, fault)| Case {
        section: SECTION,
        input: input.to_owned(),
        scope: SCOPE,
        route: route.name(),
        request,
        fault,
        field: None,
    })
    .collect()
}

type Body = (&'static str, Vec<u8>, Fault);

fn no_json(sound: &str) -> Vec<Body> {
    let cut = &sound[..sound.len() - 1];
    let bodies: [(&str, Vec<u8>); 11] = [
        ("`{`", b"{".to_vec()),
        ("cut off before its end", cut.into()),
        ("a comma too many", format!("{cut},}}").into()),
        ("something after its end", format!("{sound} x").into()),
        ("two of them", format!("{sound}{sound}").into()),
        ("single quotes", sound.replace('"', "'").into()),
        ("with a comment", format!("/* tea */{sound}").into()),
        ("a byte order mark", format!("\u{feff}{sound}").into()),
        ("UTF-16", sound.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("no UTF-8 in a name", [b"{\"\xff\xfe", &sound.as_bytes()[2..]].concat()),
        ("gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4a, 6, 0]),
    ];
    bodies.map(|(input, body)| (input, body, Fault::InBody)).into()
}

fn deep(route: &Route) -> Vec<Body> {
    let arrays = "[".repeat(DEEP) + &"]".repeat(DEEP);
    let objects = r#"{"a":"#.repeat(DEEP) + "1" + &"}".repeat(DEEP);
    let first = route.fields[0].pointer;
    let inside = with_raw(route, first, &arrays);
    vec![
        ("arrays nested 100,000 deep", arrays.into(), Fault::At(String::new())),
        ("the same without an end", "[".repeat(DEEP).into(), Fault::InBody),
        ("objects nested 100,000 deep", objects.into(), Fault::At("/a".into())),
        ("arrays nested 100,000 deep in its first field", inside.into(), Fault::At(first.into())),
    ]
}

fn other_shapes(route: &Route, sound: &Value) -> Vec<Body> {
    let text = sound.to_string();
    let with = |pair: &str| format!("{},{pair}}}", &text[..text.len() - 1]).into_bytes();
    let endless = "x".repeat(1_000_000);
    let mut bodies: Vec<Body> = vec![
        ("`null`", b"null".to_vec(), Fault::At(String::new())),
        ("a text", b"\"tea\"".to_vec(), Fault::At(String::new())),
        ("a number", b"7".to_vec(), Fault::At(String::new())),
        ("an array of it", format!("[{text}]").into(), Fault::At(String::new())),
        ("an unknown field", with(r#""colour":"red""#), Fault::At("/colour".into())),
        ("an unknown field `__proto__`", with(r#""__proto__":{}"#), Fault::At("/__proto__".into())),
        (
            "an unknown field with a name of 1 MB",
            with(&format!("\"{endless}\":1")),
            Fault::At(format!("/{}…", "x".repeat(200))),
        ),
    ];
    for (name, value) in sound.as_object().unwrap() {
        bodies.push(("a doubled key", with(&format!("\"{name}\":{value}")), Fault::At(format!("/{name}"))));
        // the same key, spelled in another way
        let spelled = format!("\"\\u{:04x}{}\":{value}", name.as_bytes()[0], &name[1..]);
        bodies.push(("a doubled key, once escaped", with(&spelled), Fault::At(format!("/{name}"))));
        let capital = name[..1].to_uppercase() + &name[1..];
        let renamed = text.replacen(&format!("\"{name}\""), &format!("\"{capital}\""), 1);
        bodies.push(("a field in capitals", renamed.into(), Fault::At(format!("/{capital}"))));
    }
    for field in route.fields.iter().filter(|field| field.is_required) {
        let (parent, name) = field.pointer.rsplit_once('/').unwrap();
        let mut less = sound.clone();
        less.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        bodies.push(("a missing field", less.to_string().into(), Fault::At(field.pointer.into())));
        let null = with_raw(route, field.pointer, "null");
        bodies.push(("a required field that is `null`", null.into(), Fault::At(field.pointer.into())));
    }
    if sound.get("items").is_some() {
        bodies.extend(items(&text));
    }
    if sound.get("key").is_some() {
        let both = with(r#""orderId":"0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee""#);
        bodies.push(("neither of two fields", b"{}".to_vec(), Fault::At(String::new())));
        bodies.push(("both of two fields", both, Fault::At(String::new())));
    }
    bodies
}

/// Of an order whose only item is `{"productId":…,"quantity":1}`.
fn items(sound: &str) -> Vec<Body> {
    let item = sound.strip_prefix(r#"{"items":["#).and_then(|rest| rest.strip_suffix("]}")).unwrap();
    let items = |inside: String| format!(r#"{{"items":[{inside}]}}"#).into_bytes();
    let more = |pair: &str| items(format!("{},{pair}}}", &item[..item.len() - 1]));
    let at = |pointer: &str| Fault::At(pointer.to_owned());
    let twice = format!(
        r#"{},"expectedUnitPrice":"2.50"}},{},"expectedUnitPrice":"2.60"}}"#,
        &item[..item.len() - 1],
        &item[..item.len() - 1]
    );
    vec![
        ("no items", items(String::new()), at("/items")),
        ("201 items", items(vec![item; 201].join(",")), at("/items")),
        ("items that are an object", format!(r#"{{"items":{item}}}"#).into(), at("/items")),
        ("an item that is an array", items(r#"["tea",1]"#.into()), at("/items/0")),
        ("an unknown field in an item", more(r#""colour":"red""#), at("/items/0/colour")),
        ("a doubled key in an item", more(r#""quantity":2"#), at("/items/0/quantity")),
        ("two prices for one product", items(twice), at("/items/1/expectedUnitPrice")),
    ]
}
