//! Which headers travel. Hop-by-hop ones never do (RFC 9110 §7.6.1), and nobody outside says who forwarded what.

use std::collections::HashSet;

use actix_web::http::{
    Uri,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use platform::{deadline, request_id};

const HOP_BY_HOP: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "expect",
];

/// What the gateway says itself, whatever came in.
const OURS: [&str; 6] = [
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "forwarded",
    request_id::HEADER,
    deadline::HEADER,
];

/// The end-to-end headers of a message, repeated ones too, in their order.
pub fn end_to_end(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let named = named_by_connection(headers);
    headers.iter().filter(move |(name, _)| {
        let name = name.as_str();
        !HOP_BY_HOP.contains(&name) && !named.contains(name)
    })
}

/// A caller may name any header in `Connection` and so have it dropped; not the ones that a request means by.
fn named_by_connection(headers: &HeaderMap) -> HashSet<String> {
    const KEPT: [&str; 5] = [
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "if-match",
    ];
    headers
        .get_all(header::CONNECTION)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !KEPT.contains(&name.as_str()))
        .collect()
}

/// The headers of a request as they go to a replica; its length goes with its body.
pub fn to_replica(headers: &HeaderMap, uri: &Uri, peer: Option<&str>) -> HeaderMap {
    let mut sent = HeaderMap::with_capacity(headers.len() + 6);
    for (name, value) in end_to_end(headers) {
        if !OURS.contains(&name.as_str()) && name != header::CONTENT_LENGTH {
            sent.append(name.clone(), value.clone());
        }
    }
    let mut insert = |name: &'static str, value: Option<&str>| {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            sent.insert(HeaderName::from_static(name), value);
        }
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.or(uri.authority().map(|authority| authority.as_str()));
    insert("host", host);
    insert("x-forwarded-host", host);
    insert("x-forwarded-for", peer);
    insert("x-forwarded-proto", Some("http"));
    insert(request_id::HEADER, Some(request_id::current().as_str()));
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn drops_hop_by_hop_headers_and_those_that_connection_names() {
        let sent = to_replica(
            &headers(&[
                ("connection", "close, X-Foo"),
                ("x-foo", "1"),
                ("te", "trailers"),
                ("transfer-encoding", "chunked"),
                ("keep-alive", "5"),
                ("accept", "a"),
                ("accept", "b"),
                ("host", "shop"),
            ]),
            &Uri::from_static("/products"),
            Some("10.0.0.9"),
        );
        for dropped in [
            "connection",
            "x-foo",
            "te",
            "transfer-encoding",
            "keep-alive",
        ] {
            assert!(!sent.contains_key(dropped), "{dropped}");
        }
        assert_eq!(sent.get_all("accept").count(), 2);
        assert_eq!(sent.get("host").unwrap(), "shop");
    }

    #[test]
    fn says_itself_who_forwarded() {
        let forged = headers(&[
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-for", "5.6.7.8"),
            ("forwarded", "for=1.2.3.4"),
            ("pos-deadline-ms", "999999"),
        ]);
        let sent = to_replica(&forged, &Uri::from_static("/products"), Some("10.0.0.9"));
        assert_eq!(
            sent.get_all("x-forwarded-for").collect::<Vec<_>>(),
            ["10.0.0.9"]
        );
        assert!(!sent.contains_key("forwarded") && !sent.contains_key("pos-deadline-ms"));
    }

    #[test]
    fn connection_cannot_take_the_key_or_the_length_away() {
        let sent = to_replica(
            &headers(&[
                ("connection", "idempotency-key, content-type"),
                ("idempotency-key", "k"),
                ("content-type", "t"),
            ]),
            &Uri::from_static("/orders"),
            None,
        );
        assert!(sent.contains_key("idempotency-key") && sent.contains_key("content-type"));
    }
}
