//! How much is let in: requests under way, bodies, and how slowly they may come.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::watch;

use super::{
    replica::{Act, ok},
    rig::{PATIENT, RARE_CHECKS, Rig, SOON},
};
use crate::support::wait::until;

/// Above `replay_limit_bytes`, and above what sockets keep for callers that do not read.
const UNREADABLE: usize = 32 << 20;

/// Fills every place with requests that are held, and asks for one more.
async fn one_too_many(rig: &Rig, places: u64) {
    let (tell, told) = watch::channel(false);
    for replica in &rig.orders {
        replica.always(Act::SendWhenTold(told.clone(), ok()));
    }
    let inside = (0..places).map(|_| tokio::spawn(rig.service().get("/orders/1").try_send()));
    let inside: Vec<_> = inside.collect();
    until("every place is taken", SOON, async || (rig.view().await[1]["inFlight"] == places).then_some(()))
        .await;
    for request in [rig.service().get("/orders/1"), rig.service().post("/orders", &json!({}))] {
        // at once: those that hold the places do not end before
        assert_eq!(request.await.with_problem(503, "overloaded")["outcome"], "none");
    }
    // the other service has places of its own
    rig.service().get("/products").await.with_status(200);
    tell.send_replace(true);
    for reply in inside {
        assert_eq!(reply.await.unwrap().unwrap().status, 200);
    }
    assert_eq!(rig.counts().iter().sum::<usize>() as u64, places);
    rig.service().get("/orders/1").await.with_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_replica_has_its_places() {
    let rig =
        Rig::start(2, &[RARE_CHECKS, PATIENT[0], PATIENT[1], ("GATEWAY__ENDPOINT_MAX_IN_FLIGHT", "3")]).await;
    one_too_many(&rig, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_has_its_places() {
    let rig =
        Rig::start(2, &[RARE_CHECKS, PATIENT[0], PATIENT[1], ("GATEWAY__SERVICE_MAX_IN_FLIGHT", "5")]).await;
    one_too_many(&rig, 5).await;
}

/// A place is kept until the last byte of an answer went out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_answer_keeps_its_place() {
    let rig = Rig::start(1, &[RARE_CHECKS, ("GATEWAY__ENDPOINT_MAX_IN_FLIGHT", "1")]).await;
    let begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec();
    rig.orders[0].next(Act::SendAndStall(begun));
    let mut wire = rig.wire().await;
    wire.send("GET /orders HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(wire.read_head().await.unwrap().status(), 200);
    rig.service().get("/orders/1").await.with_problem(503, "overloaded");
    assert!(wire.is_closed().await);
    until("the place is free", SOON, async || {
        (rig.service().get("/orders/1").await.status == 200).then_some(())
    })
    .await;
}

/// Nor do callers that stop reading keep it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_do_not_use_up_the_places() {
    let rig = Rig::start(1, &[RARE_CHECKS, ("GATEWAY__SERVICE_MAX_IN_FLIGHT", "4")]).await;
    for framing in [
        format!("content-length: {UNREADABLE}\r\n\r\n"),
        format!("transfer-encoding: chunked\r\n\r\n{UNREADABLE:x}\r\n"),
    ] {
        let mut long = format!("HTTP/1.1 200 OK\r\n{framing}").into_bytes();
        long.resize(long.len() + UNREADABLE, b'x');
        long.extend(b"\r\n0\r\n\r\n");
        rig.orders[0].always(Act::SendAndStall(long));
        let mut unread = Vec::new();
        for _ in 0..4 {
            let mut wire = rig.wire().await;
            wire.send("GET /orders HTTP/1.1\r\nhost: x\r\n\r\n").await;
            assert_eq!(wire.read_head().await.unwrap().status(), 200);
            unread.push(wire);
        }
        rig.service().get("/orders/1").await.with_problem(503, "overloaded");
        rig.orders[0].always(Act::Send(ok()));
        until("the places are free", SOON, async || {
            let view = rig.view().await;
            let [service, replica] = [&view[1]["inFlight"], &view[1]["endpoints"][0]["inFlight"]];
            (*service == 0 && *replica == 0).then_some(())
        })
        .await;
        rig.service().get("/orders/1").await.with_status(200);
        // whoever reads on sees that it broke off
        for wire in &mut unread {
            assert!(wire.is_closed().await);
        }
    }
    let endpoint = rig.endpoint(0).await;
    assert_eq!((&endpoint["state"], &endpoint["ejections"]), (&json!("ready"), &json!(0)));
}

/// The time for tries does not run while the caller sends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_body_may_come_slowly_but_not_for_ever() {
    let head = "POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
    for (body_timeout_ms, status) in [("60000", 200), ("1500", 400)] {
        let rig = Rig::start(1, &[RARE_CHECKS, ("SERVER__BODY_TIMEOUT_MS", body_timeout_ms)]).await;
        let mut wire = rig.wire().await;
        wire.send(head.to_owned() + &"x".repeat(70_000)).await;
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            wire.send("x".repeat(3000)).await;
        }
        let answer = wire.answer().await.unwrap();
        assert_eq!(answer.status(), status, "{}", answer.text());
        let seen = &rig.orders[0].take_seen()[0];
        assert_eq!((seen.whole, seen.body.len() == 100_000), (status == 200, status == 200));
        let endpoint = rig.endpoint(0).await;
        assert_eq!((&endpoint["state"], &endpoint["inFlight"]), (&json!("ready"), &json!(0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_long_a_body_is_refused() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    // its length says so: nobody sees anything of it
    let head = "POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 1048577\r\n\r\n";
    let answer = rig.wire().await.ask(head).await.unwrap();
    assert_eq!(answer.status(), 413);
    assert!(answer.text().contains("\"too_large\""), "{}", answer.text());
    assert_eq!(rig.orders[0].count(), 0);

    // its length is not said: it is cut off, and never whole
    let mut wire = rig.wire().await;
    wire.send("POST /orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..17 {
        if !wire.send(&chunk).await {
            break;
        }
    }
    assert_eq!(wire.answer().await.unwrap().status(), 413);
    until("the replica noticed", SOON, async || {
        let seen = rig.orders[0].take_seen();
        (!seen.is_empty()).then(|| assert!(seen.iter().all(|seen| !seen.whole)))
    })
    .await;
    assert_eq!(rig.state(0).await, "ready");

    // exactly as long as it may be
    let body = "x".repeat(1 << 20);
    let request = format!("POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    assert_eq!(rig.wire().await.ask(&request).await.unwrap().status(), 200);
    assert_eq!(rig.orders[0].take_seen()[0].body.len(), 1 << 20);
}

/// Trap 13. Slow callers are told so, take nobody's place, and are not the replica's fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_stops_arriving_ends_the_request() {
    let settings = [RARE_CHECKS, ("GATEWAY__SERVICE_MAX_IN_FLIGHT", "1")];
    let rig = Rig::start(2, &settings).await;
    let mut stalled = Vec::new();
    for (length, sent) in [(10, 2), (200_000, 100_000), (10, 0), (200_000, 70_000)] {
        let mut wire = rig.wire().await;
        let head = format!("POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        wire.send(head + &"x".repeat(sent)).await;
        stalled.push((wire, length));
    }
    for (wire, length) in &mut stalled {
        let started = Instant::now();
        let answer = wire.answer().await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(3));
        // a long one needs its place while it is sent on
        let expected = if *length > 65_536 { &[400, 503][..] } else { &[400] };
        assert!(expected.contains(&answer.status()), "{length}: {}", answer.text());
    }
    rig.service().get("/orders/1").await.with_status(200);
    for replica in 0..2 {
        let endpoint = rig.endpoint(replica).await;
        assert_eq!((&endpoint["state"], &endpoint["ejections"]), (&json!("ready"), &json!(0)));
        assert!(rig.orders[replica].seen().iter().all(|seen| !seen.whole || seen.body.is_empty()));
    }
}

/// A replica behind it has room for 16 headers and 1 KiB more than came in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_gateway_adds_fits_behind_it() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let ask = async |headers: usize| {
        let mut wire = rig.wire().await;
        let named: String = (1..headers).map(|number| format!("x-{number}: 1\r\n")).collect();
        wire.send(format!("GET /orders/1 HTTP/1.1\r\nhost: shop.example\r\n{named}\r\n")).await;
        wire.answer().await.unwrap().status()
    };
    assert_eq!((ask(60).await, ask(65).await), (200, 431));
    let [seen] = &rig.orders[0].seen()[..] else { panic!("the second one came to the replica") };
    let came_in = |name: &str| name.strip_prefix("x-").is_some_and(|number| number.parse::<u8>().is_ok());
    let added = seen.headers.iter().filter(|(name, _)| !came_in(name));
    let bytes: usize = added.clone().map(|(name, value)| name.len() + value.len() + 4).sum();
    assert!(seen.headers.len() <= 60 + 16 && bytes <= 1024, "{:?}", added.collect::<Vec<_>>());
}

/// Each holds a place at a replica until it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_long_bodies_keep_out_each_other_alone() {
    let settings = [
        RARE_CHECKS,
        ("SERVER__SILENT_BODY_TIMEOUT_MS", "20000"),
        ("GATEWAY__ENDPOINT_MAX_IN_FLIGHT", "2"),
        ("GATEWAY__MAX_LONG_BODIES", "1"),
    ];
    let rig = Rig::start(1, &settings).await;
    let begin = async |length: usize| {
        let mut wire = rig.wire().await;
        let head = format!("POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        wire.send(head + &"x".repeat(70_000)).await;
        wire
    };
    let mut first = begin(200_000).await;
    until("it has its place", SOON, async || (rig.view().await[1]["inFlight"] == 1).then_some(())).await;
    for _ in 0..2 {
        let answer = begin(200_000).await.answer().await.unwrap();
        assert!(answer.status() == 503 && answer.text().contains("overloaded"), "{}", answer.text());
    }
    let metrics = rig.service().get("/metrics").await.text;
    let turned_away = "pos_gateway_turned_away_total{service=\"order\",reason=\"long_bodies\"} 2";
    assert!(metrics.contains(turned_away), "{metrics}");
    rig.service().get("/orders/1").await.with_status(200);
    first.send("x".repeat(130_000)).await;
    assert_eq!(first.answer().await.unwrap().status(), 200);
    assert_eq!(begin(70_000).await.answer().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_heads_and_long_heads_end() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let mut slow = rig.wire().await;
    slow.send("GET /orders HTTP/1.1\r\nhost: x\r\n").await;
    let mut long = rig.wire().await;
    long.send("GET /orders HTTP/1.1\r\nhost: x\r\n").await;
    for _ in 0..64 {
        if !long.send(format!("x-a: {}\r\n", "a".repeat(16 << 10))).await {
            break;
        }
    }
    let answer = slow.answer().await;
    assert!(answer.is_none_or(|answer| answer.status() == 408));
    assert!(slow.is_closed().await);
    let answer = long.answer().await;
    assert!(answer.is_none_or(|answer| [400, 431].contains(&answer.status())));
    assert_eq!(rig.orders[0].count(), 0);
    rig.service().get("/orders/1").await.with_status(200);
}

/// Retries end where they would make a bad time worse.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_have_a_budget() {
    let settings = [RARE_CHECKS, ("GATEWAY__RETRY_BUDGET_MIN", "0"), ("GATEWAY__RETRY_BUDGET_PERCENT", "0")];
    let rig = Rig::start(1, &settings).await;
    rig.orders[0].always(Act::SendAndClose(vec![]));
    rig.service().get("/orders/1").await.with_problem(503, "unavailable");
    assert_eq!(rig.orders[0].count(), 1);
}
