//! Which headers travel, and which the gateway says itself.

use super::{
    replica::{Act, answer, ok},
    rig::{RARE_CHECKS, Rig},
};
use crate::support::wire::Message;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A request with these header lines; what the replica saw of it, and the answer.
async fn pass(rig: &Rig, head: &str) -> (Message, Message) {
    let request = format!("GET /orders HTTP/1.1\r\nhost: shop.example\r\n{head}\r\n");
    let answer = rig.wire().await.ask(&request).await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let mut seen = rig.orders[0].take_seen();
    assert_eq!(seen.len(), 1);
    (seen.remove(0), answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hop_by_hop_headers_end_at_the_gateway() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let (seen, _) = pass(
        &rig,
        "connection: close, X-Foo\r\nx-foo: 1\r\nX-Bar: 2\r\nkeep-alive: timeout=5\r\nte: trailers\r\ntrailer: x-t\r\nproxy-connection: close\r\nproxy-authorization: Basic x\r\nupgrade: h2c\r\n",
    )
    .await;
    for dropped in
        ["x-foo", "keep-alive", "te", "trailer", "proxy-connection", "proxy-authorization", "upgrade"]
    {
        assert!(seen.all(dropped).is_empty(), "{dropped} in {seen:?}");
    }
    assert_eq!(seen.one("x-bar"), "2");
    assert!(seen.all("connection").iter().all(|value| *value == "keep-alive"));
    assert_eq!(seen.one("host"), "shop.example");
}

/// The caller may drop what it likes of its own, and nothing that the gateway or the services go by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_takes_nothing_away_that_counts() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let names = "host, idempotency-key, content-type, if-match, x-request-id, traceparent, x-forwarded-for, pos-deadline-ms, via";
    let (seen, _) = pass(
        &rig,
        &format!("connection: {names}\r\nidempotency-key: 0123456789abcdef\r\ncontent-type: a/b\r\nif-match: \"1\"\r\ntraceparent: {TRACE}\r\n"),
    )
    .await;
    for name in names.split(", ") {
        assert_eq!(seen.all(name).len(), 1, "{name} in {seen:?}");
    }
    assert_eq!(seen.one("traceparent"), TRACE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_headers_pass_both_ways_in_their_order() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let cookies = [
        ("set-cookie", "a=1"),
        ("via", "1.1 one"),
        ("set-cookie", "b=2"),
        ("via", "1.1 two"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("x-request-id", "another"),
    ];
    rig.orders[0].always(Act::Send(answer("200 OK", &cookies, "{}")));
    let (seen, answer) = pass(&rig, "via: 1.0 a\r\naccept: a\r\nvia: 1.1 b\r\naccept: b\r\n").await;
    assert_eq!(seen.all("accept"), ["a", "b"]);
    assert_eq!(seen.all("via"), ["1.0 a", "1.1 b", "1.1 pos"]);
    assert_eq!(answer.all("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(answer.all("via"), ["1.1 one", "1.1 two"]);
    assert!(answer.all("x-hop").is_empty() && answer.all("keep-alive").is_empty());
    assert_ne!(answer.one("x-request-id"), "another");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_outside_says_who_forwarded_or_how_long_to_wait() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let (seen, _) = pass(
        &rig,
        "x-forwarded-for: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nx-forwarded-proto: https\r\nx-forwarded-host: evil\r\nx-forwarded-prefix: /internal\r\nforwarded: for=1.2.3.4\r\nx-real-ip: 1.2.3.4\r\npos-deadline-ms: 999999\r\n",
    )
    .await;
    assert_eq!(seen.one("x-forwarded-for"), "127.0.0.1");
    assert_eq!(seen.one("x-forwarded-proto"), "http");
    assert_eq!(seen.one("x-forwarded-host"), "shop.example");
    for dropped in ["x-forwarded-prefix", "forwarded", "x-real-ip"] {
        assert!(seen.all(dropped).is_empty(), "{dropped}");
    }
    let left: u64 = seen.one("pos-deadline-ms").parse().unwrap();
    assert!((300..=700).contains(&left), "{left} of 700");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_of_the_time_travels_with_each_try() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    rig.orders[0].next(Act::SendAndStall(vec![]));
    rig.orders[0].next(Act::SendAndStall(vec![]));
    rig.service().get("/orders").await.with_status(200);
    let seen = rig.orders[0].take_seen();
    let left = |at: usize| seen[at].one("pos-deadline-ms").parse::<u64>().unwrap();
    assert!(left(0) <= 700 && left(1) <= 700, "{seen:?}");
    // 1,800 ms for all
    assert!(left(2) <= 400, "{}", left(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_is_believed_and_added_to() {
    let trusted = ("GATEWAY__TRUSTED_PROXIES", "10.0.0.1, 127.0.0.1");
    let rig = Rig::start(1, &[RARE_CHECKS, trusted]).await;
    let (seen, _) = pass(
        &rig,
        "x-forwarded-for: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8\r\nx-forwarded-proto: https\r\nx-forwarded-host: till.example\r\n",
    )
    .await;
    assert_eq!(seen.one("x-forwarded-for"), "1.2.3.4, 5.6.7.8, 127.0.0.1");
    assert_eq!(seen.one("x-forwarded-proto"), "https");
    assert_eq!(seen.one("x-forwarded-host"), "till.example");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_has_one_id_and_one_trace_everywhere() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let given = format!("x-request-id: till-4.17\r\ntraceparent: {TRACE}\r\ntracestate: a=b\r\n");
    let (seen, answer) = pass(&rig, &given).await;
    assert_eq!(seen.one("x-request-id"), "till-4.17");
    assert_eq!(answer.one("x-request-id"), "till-4.17");
    assert_eq!((seen.one("traceparent"), seen.one("tracestate")), (TRACE, "a=b"));

    let bad = [
        String::new(),
        "x-request-id: a b\r\ntraceparent: 00-0-0-01\r\ntracestate: a=b\r\n".into(),
        format!("x-request-id: {}\r\ntraceparent: {TRACE}\r\ntraceparent: {TRACE}\r\n", "x".repeat(65)),
    ];
    for head in bad {
        let (seen, answer) = pass(&rig, &head).await;
        let id = seen.one("x-request-id");
        assert!(id.len() == 32 && answer.one("x-request-id") == id, "{id}");
        let trace = seen.one("traceparent");
        assert!(trace.len() == 55 && trace != TRACE && trace.starts_with("00-"), "{trace}");
        assert!(seen.all("tracestate").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_keep_what_a_caller_needs() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    // a redirect is the caller's to follow, and a coding the caller's to undo
    let headers = [("location", "/orders/1"), ("etag", "\"7\""), ("content-encoding", "gzip")];
    rig.orders[0].next(Act::Send(answer("307 Temporary Redirect", &headers, "not gzip")));
    let mut wire = rig.wire().await;
    let request = "GET /orders HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n";
    let redirect = wire.ask(request).await.unwrap();
    assert_eq!((redirect.status(), redirect.text().as_str()), (307, "not gzip"));
    for (name, value) in headers {
        assert_eq!(redirect.one(name), value);
    }
    assert_eq!(rig.orders[0].take_seen().len(), 1);

    // a head that says a length and has no body
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\netag: \"7\"\r\n\r\n".to_vec();
    rig.orders[0].next(Act::Send(head));
    wire.send("HEAD /orders HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let head = wire.read_head().await.unwrap();
    assert_eq!((head.one("content-length"), head.one("etag")), ("12", "\"7\""));
    rig.orders[0].next(Act::Send(b"HTTP/1.1 304 Not Modified\r\netag: \"7\"\r\n\r\n".to_vec()));
    let unchanged = wire.ask(request).await.unwrap();
    assert_eq!((unchanged.status(), unchanged.one("etag")), (304, "\"7\""));
    rig.orders[0].next(Act::Send(ok()));
    assert_eq!(wire.ask(request).await.unwrap().text(), r#"{"ok":true}"#);
}

/// With the next request behind it in the same packet, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_does_not_lose_what_is_asked_behind_it() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    rig.orders[0].next(Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n".to_vec()));
    rig.orders[0].next(Act::Send(ok()));
    let mut wire = rig.wire().await;
    wire.send("HEAD /orders HTTP/1.1\r\nhost: x\r\n\r\nGET /orders HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(wire.read_head().await.unwrap().one("content-length"), "12");
    assert_eq!(wire.answer().await.unwrap().text(), r#"{"ok":true}"#);
}
