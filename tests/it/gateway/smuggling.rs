//! Requests that two readers could read in two ways: each is refused, or reaches the replica in one reading only.

use super::{
    replica::Replica,
    rig::{RARE_CHECKS, Rig},
};
use crate::support::wire::Message;

/// What reached any replica.
fn all_seen(rig: &Rig) -> Vec<Message> {
    let replicas = rig.orders.iter().chain([&rig.product]);
    replicas.flat_map(Replica::take_seen).collect()
}

/// Sends these bytes on a connection of their own, closes it, and answers the statuses that came back.
async fn statuses(rig: &Rig, bytes: &str) -> Vec<u16> {
    let mut wire = rig.wire().await;
    wire.send(bytes).await;
    wire.finish().await;
    let mut statuses = Vec::new();
    while let Some(answer) = wire.answer().await {
        statuses.push(answer.status());
    }
    statuses
}

const SMUGGLED: &str = "GET /orders/smuggled HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_end_in_two_places_is_refused() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for (name, head) in [
        ("both lengths", "content-length: 4\r\ntransfer-encoding: chunked\r\n"),
        ("both, the other way", "transfer-encoding: chunked\r\ncontent-length: 4\r\n"),
        ("two codings", "transfer-encoding: chunked, identity\r\n"),
        ("two codings, chunked last", "transfer-encoding: gzip, chunked\r\n"),
        ("identity", "transfer-encoding: identity\r\ncontent-length: 4\r\n"),
        ("coding twice", "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n"),
        ("hidden coding", "transfer-encoding: xchunked\r\ncontent-length: 4\r\n"),
        ("tabbed coding", "transfer-encoding:\tchunked\r\ncontent-length: 4\r\n"),
        ("coding with space", "transfer-encoding : chunked\r\ncontent-length: 4\r\n"),
        ("two lengths", "content-length: 4\r\ncontent-length: 5\r\n"),
        ("equal lengths", "content-length: 4\r\ncontent-length: 4\r\n"),
        ("list of lengths", "content-length: 4, 4\r\n"),
        ("signed length", "content-length: +4\r\n"),
        ("negative length", "content-length: -4\r\n"),
        ("hexadecimal length", "content-length: 0x4\r\n"),
        ("folded line", "x-a: b\r\n content-length: 4\r\n"),
        ("no colon", "content-length 4\r\n"),
        ("bare CR", "x-a: b\rcontent-length: 4\r\n"),
        ("NUL", "x-a: b\0c\r\n"),
        ("two hosts", "host: y\r\n"),
    ] {
        let request = format!("POST /orders HTTP/1.1\r\nhost: x\r\n{head}\r\n0\r\n\r\n{SMUGGLED}");
        assert_eq!(statuses(&rig, &request).await, [400], "{name}");
        let seen = all_seen(&rig);
        assert!(seen.is_empty(), "{name}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_head_is_refused() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for (name, request) in [
        ("no host", "GET /orders HTTP/1.1\r\n\r\n".to_owned()),
        (
            "coding in 1.0",
            format!("POST /orders HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        ),
        ("space in target", "GET /orders /internal HTTP/1.1\r\nhost: x\r\n\r\n".into()),
        ("bad version", "GET /orders HTTP/3.1\r\nhost: x\r\n\r\n".into()),
        ("no version", format!("GET /orders\r\n\r\n{SMUGGLED}")),
    ] {
        assert_eq!(statuses(&rig, &request).await, [400], "{name}");
        let seen = all_seen(&rig);
        assert!(seen.is_empty(), "{name}: {seen:?}");
    }
}

/// Chunks that are none end the request, and what follows is no request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_chunks_never_become_a_request() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for (name, body) in [
        ("no size", "zz\r\n"),
        ("signed size", "+4\r\nabcd\r\n0\r\n\r\n"),
        ("huge size", "ffffffffffffffff1\r\nabcd\r\n0\r\n\r\n"),
        ("longer than its size", "2\r\nabcd\r\n0\r\n\r\n"),
        ("bare LF after size", "4\nabcd\n0\n\n"),
    ] {
        let request =
            format!("POST /orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{body}{SMUGGLED}");
        assert_eq!(statuses(&rig, &request).await, [400], "{name}");
        let seen = all_seen(&rig);
        let smuggled = seen.iter().any(|seen| seen.target().contains("smuggled"));
        assert!(!smuggled && seen.iter().all(|seen| !seen.whole), "{name}: {seen:?}");
    }
}

/// Lines may end in LF alone (RFC 9112 §2.2); behind the gateway they end in CR LF, and mean the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bare_line_feeds_are_written_anew() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let request =
        "POST /orders HTTP/1.1\nhost: x\ncontent-length: 4\n\nabcdGET /orders/next HTTP/1.1\nhost: x\n\n";
    assert_eq!(statuses(&rig, request).await, [200, 200]);
    let seen = all_seen(&rig);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!((seen[0].text().as_str(), seen[0].one("content-length")), ("abcd", "4"));
    assert_eq!((seen[1].target(), seen[1].body.len()), ("/orders/next", 0));
}

/// One body, one length: chunks without trailers, and whole bodies with the length they have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_framed_anew() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let plain = "POST /orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2;ext=1\r\nab\r\n2\r\ncd\r\n0\r\n\r\n";
    assert_eq!(rig.wire().await.ask(plain).await.unwrap().status(), 200);
    let seen = all_seen(&rig);
    assert_eq!((seen.len(), seen[0].text().as_str(), seen[0].one("content-length")), (1, "abcd", "4"));
    assert!(seen[0].all("transfer-encoding").is_empty());

    let chunked = "POST /orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntrailer: x-late\r\n\r\n2;ext=1\r\nab\r\n2\r\ncd\r\n0\r\nx-late: 1\r\n\r\n";
    let mut wire = rig.wire().await;
    wire.send(chunked).await;
    // a trailer is refused or dropped; it never travels
    let status = wire.answer().await.map_or(400, |answer| answer.status());
    for seen in all_seen(&rig) {
        assert_eq!((status, seen.text().as_str()), (200, "abcd"));
        assert_eq!(seen.one("content-length"), "4");
        assert!(seen.all("transfer-encoding").is_empty() && seen.all("x-late").is_empty());
        assert!(seen.all("trailer").is_empty());
    }

    let long = format!(
        "POST /orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n14000\r\n{}\r\n0\r\n\r\n",
        "x".repeat(0x14000)
    );
    let answer = rig.wire().await.ask(&long).await.unwrap();
    assert_eq!(answer.status(), 200);
    let seen = all_seen(&rig);
    assert_eq!(seen[0].one("transfer-encoding"), "chunked");
    assert!(seen[0].whole && seen[0].all("content-length").is_empty());
    assert_eq!(seen[0].body.len(), 0x14000);
}

/// actix takes all that follows such a head for its body, whatever its length says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_become_no_tunnels() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for (name, request) in [
        (
            "upgrade",
            format!(
                "POST /orders HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 2\r\n\r\n{{}}{SMUGGLED}"
            ),
        ),
        ("upgrade alone", format!("GET /orders HTTP/1.1\r\nhost: x\r\nupgrade: WebSocket\r\n\r\n{SMUGGLED}")),
        ("connect", format!("CONNECT orders:80 HTTP/1.1\r\nhost: x\r\n\r\n{SMUGGLED}")),
    ] {
        assert_eq!(statuses(&rig, &request).await, [400], "{name}");
        let seen = all_seen(&rig);
        assert!(seen.is_empty(), "{name}: {seen:?}");
    }
    // HTTP/2 is not offered: the request is served as it is
    let request = "GET /orders HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n";
    assert_eq!(statuses(&rig, request).await, [200]);
    let seen = all_seen(&rig);
    assert!(seen[0].all("upgrade").is_empty() && seen[0].all("http2-settings").is_empty());
}
