//! Replicas that misbehave: what the caller is told, how soon, and how often the replica saw the request.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    replica::{Act, Replica, answer, ok, problem},
    rig::{RARE_CHECKS, Rig},
};
use crate::support::{
    client::fresh_key,
    wire::{Message, Wire},
};

/// Well above `total_timeout_ms` of the rig and of a busy machine.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// Above `replay_limit_bytes`.
const LONG: usize = 80 << 10;

/// Status, code, outcome and how often the replica saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told(u16, &'static str, &'static str, usize);

const DONE: Told = Told(200, "", "", 1);
const PASSED_ON: Told = Told(500, "internal", "unknown", 1);
const AWAY: Told = Told(503, "unavailable", "none", 3);
const NEVER_SENT: Told = Told(503, "unavailable", "none", 0);
const UNKNOWN: Told = Told(503, "outcome_unknown", "unknown", 3);
const UNKNOWN_AT_ONCE: Told = Told(503, "outcome_unknown", "unknown", 1);
const LATE: Told = Told(504, "timed_out", "", 3);

/// What a lone replica does with everything, and what comes of a read, a change, and a change that is too long to keep.
struct Case {
    name: &'static str,
    act: Act,
    told: [Told; 3],
}

fn cases() -> Vec<Case> {
    let case = |name, act, told| Case { name, act, told };
    let failing = [AWAY, UNKNOWN, UNKNOWN_AT_ONCE];
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\":".to_vec();
    let html = "HTTP/1.1 500 Oops\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\noops";
    let bad_gateway = html.replacen("500 Oops", "502 Bad Gateway", 1);
    let ours = problem("500 Internal Server Error", &[], "internal", "unknown");
    vec![
        case("well", Act::Send(ok()), [DONE; 3]),
        case("late", Act::SendAfter(Duration::from_millis(300), ok()), [DONE; 3]),
        case("silent", Act::SendAndStall(vec![]), [LATE, UNKNOWN, UNKNOWN_AT_ONCE]),
        case("hangs up", Act::SendAndClose(vec![]), failing),
        case("half a head", Act::SendAndClose(b"HTTP/1.1 200 O".to_vec()), failing),
        case("no HTTP", Act::SendAndClose(b"220 smtp ready\r\n\r\n".to_vec()), failing),
        case("shorter than it says", Act::SendAndClose(half.clone()), failing),
        case("stops in its body", Act::SendAndStall(half), [LATE, UNKNOWN, UNKNOWN_AT_ONCE]),
        case("500 of somebody else", Act::Send(html.into()), failing),
        case("502 of somebody else", Act::Send(bad_gateway.into()), failing),
        case("500 of ours", Act::Send(ours), [PASSED_ON; 3]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_is_told_in_time_what_is_true() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for Case { name, act, told } in cases() {
        rig.orders[0].always(act);
        let service = rig.service();
        let requests = [
            service.get("/orders/1"),
            service.post("/orders", &json!({})),
            service.post("/orders", &json!({ "note": "x".repeat(LONG) })),
        ];
        for (request, expected) in requests.into_iter().zip(told) {
            let started = Instant::now();
            let reply = request.await;
            let took = started.elapsed();
            let seen = rig.orders[0].take_seen();
            let outcome = reply.body["outcome"].as_str().unwrap_or_default();
            assert_eq!(
                (reply.status, reply.code(), outcome, seen.len()),
                (expected.0, expected.1, expected.2, expected.3),
                "{name}: {}",
                reply.text
            );
            assert!(took < TOLD_WITHIN, "{name}: {took:?}");
            assert_one_key(&seen);
            if expected.0 > 500 {
                reply.with_problem(expected.0, expected.1);
            }
        }
    }
}

/// Whatever was sent again carried the key of the first time.
fn assert_one_key(seen: &[Message]) {
    let mut keys: Vec<Vec<&str>> = seen.iter().map(|seen| seen.all("idempotency-key")).collect();
    keys.dedup();
    assert!(keys.len() <= 1, "{keys:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_a_replica_that_refuses() {
    let mut rig = Rig::start(1, &[RARE_CHECKS]).await;
    rig.orders[0].refuse().await;
    let service = rig.service();
    for request in [
        service.get("/orders/1"),
        service.post("/orders", &json!({})),
        service.post("/orders", &json!({ "note": "x".repeat(LONG) })),
    ] {
        let started = Instant::now();
        let problem = request.await.with_problem(NEVER_SENT.0, NEVER_SENT.1);
        assert_eq!(problem["outcome"], NEVER_SENT.2);
        assert!(started.elapsed() < TOLD_WITHIN);
    }
    assert_eq!(rig.orders[0].count(), NEVER_SENT.3);
    // it was the last one and is never ejected: it serves as soon as it listens
    rig.orders[0].listen().await;
    service.get("/orders/1").await.with_status(200);
}

/// One of three misbehaves: nobody notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_answers_for_one_that_misbehaves() {
    for Case { name, act, told } in cases() {
        let rig = Rig::start(2, &[RARE_CHECKS]).await;
        rig.orders[0].always(act);
        for number in 0..8 {
            let service = rig.service();
            let (path, body) = (format!("/orders/{number}"), json!({ "number": number }));
            let replies = [
                service.get(&path).await.status,
                service.post("/orders", &body).without_key().await.status,
                service.post("/orders", &body).await.status,
            ];
            let expected = match told[0] {
                PASSED_ON => &[200, 500][..],
                _ => &[200],
            };
            let all = replies.iter().all(|status| expected.contains(status));
            assert!(all, "{name}: {replies:?}");
        }
        if told[0] != DONE && told[0] != PASSED_ON {
            assert!(rig.orders[1].count() >= 24, "{name}");
        }
    }
}

/// A change is sent again under its caller's key, and under the one that the gateway made: its first answer was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_repeated_with_its_key_alone() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let (service, replica) = (rig.service(), &rig.orders[0]);
    let key = fresh_key();

    replica.next(Act::SendAndClose(vec![]));
    let reply = service.post("/orders", &json!({})).key(&key).await;
    assert_eq!(reply.status, 200);
    let seen = replica.take_seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.one("idempotency-key") == key));

    replica.next(Act::SendAndClose(vec![]));
    let reply = service.post("/orders", &json!({})).without_key().await;
    let made = reply.header("idempotency-key").unwrap().to_owned();
    let seen = replica.take_seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.one("idempotency-key") == made));
}

/// That nothing happened is true of the try that was turned away, and not of the one before it that got no answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_that_was_turned_away_does_not_hide_one_that_may_have_acted() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let (service, replica) = (rig.service(), &rig.orders[0]);
    for first in [Act::SendAndStall(vec![]), Act::SendAndClose(vec![])] {
        for code in ["overloaded", "unavailable"] {
            let turned_away = Act::Send(problem("503 Service Unavailable", &[], code, "none"));
            replica.next(first.clone());
            replica.next(turned_away.clone());
            let told = service.post("/orders", &json!({})).await.with_problem(503, "outcome_unknown");
            assert_eq!((&told["outcome"], replica.take_seen().len()), (&json!("unknown"), 2));

            // a read has done nothing, whatever became of it
            replica.next(first.clone());
            replica.next(turned_away.clone());
            let told = service.get("/orders/1").await;
            assert_eq!((told.status, told.code(), replica.take_seen().len()), (503, code, 2));

            // and alone it is true
            replica.next(turned_away);
            let told = service.post("/orders", &json!({})).await;
            assert_eq!((told.status, told.code(), replica.take_seen().len()), (503, code, 1));
        }
        // what the services know by its key is true of all tries
        replica.next(first);
        replica.next(Act::Send(problem("409 Conflict", &[], "insufficient_stock", "none")));
        let told = service.post("/orders", &json!({})).await;
        assert_eq!((told.status, told.code(), replica.take_seen().len()), (409, "insufficient_stock", 2));
    }
}

/// What is too long to keep is gone once it was sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_change_is_sent_once_whatever_its_key() {
    let rig = Rig::start(2, &[RARE_CHECKS]).await;
    for replica in &rig.orders {
        replica.always(Act::SendAndClose(vec![]));
    }
    let body = json!({ "note": "x".repeat(LONG) });
    for request in [rig.service().post("/orders", &body), rig.service().post("/orders", &body).without_key()]
    {
        request.await.with_problem(503, "outcome_unknown");
        let seen: Vec<Message> = rig.orders.iter().flat_map(Replica::take_seen).collect();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].body.len(), body.to_string().len());
    }
}

/// A body that ends where the connection does could be half of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_say_where_it_ends_is_none() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for version in ["HTTP/1.1", "HTTP/1.0"] {
        let endless = format!("{version} 200 OK\r\ncontent-type: text/plain\r\n\r\nuntil I close");
        rig.orders[0].always(Act::SendAndClose(endless.into()));
        let service = rig.service();
        let read = service.get("/orders/1").await;
        assert_eq!(read.with_problem(503, "unavailable")["outcome"], "none");
        let changed = service.post("/orders", &json!({})).await;
        changed.with_problem(503, "outcome_unknown");
        let seen = rig.orders[0].take_seen().len();
        assert!((2..=6).contains(&seen), "{version}: {seen}");
    }
}

fn long_answer(framing: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").into_bytes()
}

/// An answer whose first bytes went out cannot be asked for again: it is cut short to the caller, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_is_never_passed_off_as_whole() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let mut sized = long_answer("content-length: 100000");
    sized.extend(vec![b'x'; 70_000]);
    let mut chunked = long_answer("transfer-encoding: chunked");
    chunked.extend(b"5\r\nhello\r\n");
    for (name, act) in [
        ("closes in a sized body", Act::SendAndClose(sized.clone())),
        ("closes between chunks", Act::SendAndClose(chunked.clone())),
        ("stops in a sized body", Act::SendAndStall(sized)),
        ("stops between chunks", Act::SendAndStall(chunked.clone())),
        ("no chunk", Act::SendAndClose([chunked, b"zz\r\n".to_vec()].concat())),
    ] {
        rig.orders[0].always(act);
        let started = Instant::now();
        let mut wire = rig.wire().await;
        let answer = wire.ask("GET /orders HTTP/1.1\r\nhost: x\r\n\r\n").await;
        // it may break off before the head left the gateway: then there is no answer
        assert!(answer.is_none_or(|answer| !answer.whole), "{name}");
        assert!(wire.is_closed().await, "{name}");
        assert!(started.elapsed() < TOLD_WITHIN, "{name}");
        assert_eq!(rig.orders[0].take_seen().len(), 1, "{name}");
    }
}

/// What follows an answer is nobody's, and never the next caller's answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_longer_than_it_said_ends_where_it_said() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let forged = answer("200 OK", &[], r#"{"forged":true}"#);
    rig.orders[0].next(Act::Send([ok(), forged.clone()].concat()));
    rig.orders[0].next(Act::Send([b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), forged].concat()));
    let service = rig.service();
    let first = service.get("/orders/1").await.with_status(200);
    assert_eq!(first, json!({ "ok": true }));
    assert_eq!(service.get("/orders/2").await.status, 204);
    for _ in 0..4 {
        let next = service.get("/orders/3").await.with_status(200);
        assert_eq!(next, json!({ "ok": true }));
    }
}

/// Trap 15: the request of a caller that leaves is neither cut nor sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_leaves_changes_nothing_for_its_request() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    rig.orders[0].always(Act::SendAfter(Duration::from_millis(300), ok()));
    let mut wire: Wire = rig.wire().await;
    let request = "POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
    assert!(wire.send(request).await);
    crate::support::wait::until("it arrives", super::rig::SOON, async || {
        (rig.orders[0].count() == 1).then_some(())
    })
    .await;
    drop(wire);
    crate::support::wait::until("it is over", super::rig::SOON, async || {
        (rig.endpoint(0).await["inFlight"] == 0).then_some(())
    })
    .await;
    let seen = rig.orders[0].seen();
    assert_eq!((seen.len(), seen[0].whole), (1, true));
}
