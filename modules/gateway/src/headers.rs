//! Which headers travel. Hop-by-hop ones never do (RFC 9110 §7.6.1), and nobody outside says who forwarded what.

use std::{collections::HashSet, net::IpAddr};

use actix_web::http::{
    Uri,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use platform::{
    deadline::{self, Deadline},
    http::FORWARDED_FOR,
    request_id, trace,
};

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

/// What names who passed a request on and for whom; believed from trusted proxies alone.
const FORWARDED: &str = "x-forwarded-";

/// What the gateway says itself, or nobody, whatever came in.
const OURS: [&str; 4] = ["forwarded", "x-real-ip", request_id::HEADER, deadline::HEADER];

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
    const KEPT: [&str; 7] = [
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "if-match",
        trace::HEADER,
        trace::STATE_HEADER,
    ];
    headers
        .get_all(header::CONNECTION)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !KEPT.contains(&name.as_str()))
        .collect()
}

/// From whom the gateway has a request.
#[derive(Clone, Copy)]
pub struct Peer {
    pub address: IpAddr,
    /// A proxy of ours, whose word is taken.
    pub trusted: bool,
}

/// The headers of a request as they go to a replica, with the time that it has; its length goes with its body.
pub fn to_replica(headers: &HeaderMap, uri: &Uri, peer: Option<Peer>, deadline: Deadline) -> HeaderMap {
    let trusted = peer.is_some_and(|peer| peer.trusted);
    let mut sent = HeaderMap::with_capacity(headers.len() + 7);
    for (name, value) in end_to_end(headers) {
        let forged = name.as_str().starts_with(FORWARDED) && !trusted;
        if !forged && !OURS.contains(&name.as_str()) && name != header::CONTENT_LENGTH {
            sent.append(name.clone(), value.clone());
        }
    }
    // a full URL as the target names the host (RFC 9112 §3.2.2)
    let named = uri.authority().map(|authority| authority.as_str());
    let host = named.or_else(|| headers.get(header::HOST)?.to_str().ok());
    let hops = peer.map(|peer| forwarded_for(&sent, peer.address));
    let said = |name: &str| sent.contains_key(name);
    let (says_host, says_proto) = (said("x-forwarded-host"), said("x-forwarded-proto"));
    let mut insert = |name: &'static str, value: Option<&str>| {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            sent.insert(HeaderName::from_static(name), value);
        }
    };
    insert("host", host);
    insert("x-forwarded-host", host.filter(|_| !says_host));
    insert("x-forwarded-proto", Some("http").filter(|_| !says_proto));
    insert(FORWARDED_FOR, hops.as_deref());
    insert(request_id::HEADER, Some(request_id::current().as_str()));
    sent.insert(HeaderName::from_static(deadline::HEADER), deadline.left_ms().into());
    sent.append(header::VIA, HeaderValue::from_static("1.1 pos"));
    sent
}

/// What stood there, on one line, and the peer.
fn forwarded_for(sent: &HeaderMap, peer: IpAddr) -> String {
    let mut hops = String::new();
    for hop in sent.get_all(FORWARDED_FOR) {
        // what is not ASCII is told by question marks
        hops.extend(hop.as_bytes().iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }));
        hops.push_str(", ");
    }
    hops + &peer.to_canonical().to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(1))
    }

    fn peer(trusted: bool) -> Option<Peer> {
        let address = IpAddr::from([10, 0, 0, 9]);
        Some(Peer { address, trusted })
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
            peer(false),
            soon(),
        );
        for dropped in ["connection", "x-foo", "te", "transfer-encoding", "keep-alive"] {
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
            ("x-forwarded-prefix", "/internal"),
            ("x-real-ip", "1.2.3.4"),
            ("pos-deadline-ms", "999999"),
        ]);
        let sent = to_replica(&forged, &Uri::from_static("/products"), peer(false), soon());
        assert_eq!(sent.get_all("x-forwarded-for").collect::<Vec<_>>(), ["10.0.0.9"]);
        for dropped in ["forwarded", "x-forwarded-prefix", "x-real-ip"] {
            assert!(!sent.contains_key(dropped), "{dropped}");
        }
        let told = sent.get_all("pos-deadline-ms").collect::<Vec<_>>();
        let left_ms: u64 = told[0].to_str().unwrap().parse().unwrap();
        assert!(told.len() == 1 && left_ms <= 1000, "{told:?}");
    }

    #[test]
    fn takes_the_word_of_a_trusted_proxy_and_adds_its_own() {
        let given = headers(&[
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-for", "5.6.7.8"),
            ("x-forwarded-proto", "https"),
            ("host", "inside"),
        ]);
        let sent = to_replica(&given, &Uri::from_static("/products"), peer(true), soon());
        for (name, value) in [
            ("x-forwarded-for", "1.2.3.4, 5.6.7.8, 10.0.0.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "inside"),
        ] {
            assert_eq!(sent.get_all(name).collect::<Vec<_>>(), [value], "{name}");
        }
    }

    #[test]
    fn the_target_names_the_host_where_it_is_a_full_url() {
        let given = headers(&[("host", "forged")]);
        let sent = to_replica(&given, &Uri::from_static("http://shop:80/products"), None, soon());
        assert_eq!(sent.get("host").unwrap(), "shop:80");
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
            soon(),
        );
        assert!(sent.contains_key("idempotency-key") && sent.contains_key("content-type"));
    }
}
