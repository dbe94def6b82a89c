//! Which replicas get requests: what they say of themselves, and what comes of the requests.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    replica::{Act, Says, ok, problem},
    rig::{RARE_CHECKS, Rig, SOON},
};
use crate::support::wait::until;

/// So many reads, each answered.
async fn read(rig: &Rig, count: usize) {
    let service = rig.service();
    for _ in 0..count {
        service.get("/orders/1").await.with_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_connection_puts_out_at_once() {
    let mut rig = Rig::start(2, &[RARE_CHECKS]).await;
    rig.orders[0].refuse().await;
    until("it was tried", SOON, async || {
        rig.service().get("/orders/1").await.with_status(200);
        (rig.state(0).await == "ejected").then_some(())
    })
    .await;
    assert_eq!(rig.endpoint(0).await["ejections"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_broken_exchanges_in_a_row_put_out() {
    let rig =
        Rig::start(2, &[RARE_CHECKS, ("GATEWAY__EJECT_MS", "60000"), ("GATEWAY__EJECT_MAX_MS", "60000")])
            .await;
    for act in [
        Act::SendAndClose(vec![]),
        Act::SendAndClose(vec![]),
        Act::Send(ok()),
        Act::SendAndClose(vec![]),
        Act::SendAndClose(vec![]),
    ] {
        rig.orders[0].next(act);
    }
    until("it had its five", SOON, async || {
        read(&rig, 1).await;
        (rig.orders[0].count() >= 5).then_some(())
    })
    .await;
    let before = rig.endpoint(0).await;
    assert_eq!((&before["state"], &before["ejections"]), (&json!("ready"), &json!(0)));
    // five that were not in a row, and now the third in one
    rig.orders[0].always(Act::SendAndClose(vec![]));
    until("it is out", SOON, async || {
        read(&rig, 1).await;
        (rig.state(0).await == "ejected").then_some(())
    })
    .await;
    let count = rig.orders[0].count();
    read(&rig, 20).await;
    assert_eq!(rig.orders[0].count(), count);
}

/// What breaks off after its head went out counts too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_answers_put_out_as_well() {
    let rig = Rig::start(2, &[RARE_CHECKS]).await;
    let mut cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec();
    cut.extend(vec![b'x'; 70_000]);
    rig.orders[0].always(Act::SendAndClose(cut));
    until("it is out", SOON, async || {
        let _cut = rig.service().get("/orders/1").try_send().await;
        (rig.state(0).await == "ejected").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_server_errors_in_a_row_put_out() {
    let rig =
        Rig::start(2, &[RARE_CHECKS, ("GATEWAY__EJECT_MS", "60000"), ("GATEWAY__EJECT_MAX_MS", "60000")])
            .await;
    rig.orders[0].always(Act::Send(problem("500 Internal Server Error", &[], "internal", "unknown")));
    let mut told = 0;
    until("it is out", SOON, async || {
        told += usize::from(rig.service().get("/orders/1").await.status == 500);
        (rig.state(0).await == "ejected").then_some(())
    })
    .await;
    assert_eq!((told, rig.orders[0].count()), (5, 5));
    // the fault is in the replica's log; here it is none
    let log = rig.gateway.log();
    assert!(log.contains("request not served") && !log.contains("ERROR"), "{log}");
    read(&rig, 20).await;
    assert_eq!(rig.orders[0].count(), 5);
}

/// All replicas share a database: what one says, all will say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_503_of_ours_never_puts_out() {
    let rig = Rig::start(2, &[RARE_CHECKS]).await;
    for replica in &rig.orders {
        replica.always(Act::Send(problem("503 Service Unavailable", &[], "overloaded", "none")));
    }
    for _ in 0..40 {
        let reply = rig.service().get("/orders/1").await;
        assert_eq!((reply.status, reply.code()), (503, "overloaded"));
    }
    for replica in 0..2 {
        let endpoint = rig.endpoint(replica).await;
        assert_eq!((&endpoint["state"], &endpoint["ejections"]), (&json!("ready"), &json!(0)));
    }
    assert_eq!(rig.counts().iter().sum::<usize>(), 40, "a 503 of ours is not asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_one_is_never_put_out() {
    let mut rig = Rig::start(2, &[RARE_CHECKS]).await;
    for replica in &mut rig.orders {
        replica.refuse().await;
    }
    for _ in 0..10 {
        rig.service().get("/orders/1").await.with_problem(503, "unavailable");
    }
    let states = [rig.state(0).await, rig.state(1).await];
    assert!(states.contains(&"ready".to_owned()), "{states:?}");
    for replica in &mut rig.orders {
        replica.listen().await;
    }
    read(&rig, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ejection_ends_by_time() {
    let settings = [RARE_CHECKS, ("GATEWAY__EJECT_MS", "300"), ("GATEWAY__EJECT_MAX_MS", "600")];
    let mut rig = Rig::start(2, &settings).await;
    rig.orders[0].refuse().await;
    until("it was put out again and again", SOON, async || {
        read(&rig, 1).await;
        (rig.endpoint(0).await["ejections"].as_u64()? >= 3).then_some(())
    })
    .await;
    rig.orders[0].listen().await;
    until("it serves again", SOON, async || {
        read(&rig, 1).await;
        (rig.orders[0].count() > 0).then_some(())
    })
    .await;
}

/// What answers 500 passes its checks all the while: only time ends these, later each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ejections_for_server_errors_last_longer_each_time() {
    let rig = Rig::start(2, &[("GATEWAY__EJECT_MS", "500")]).await;
    rig.orders[0].always(Act::Send(problem("500 Internal Server Error", &[], "internal", "unknown")));
    let mut lasted = Vec::new();
    for number in 1..=3 {
        until("it is out", SOON, async || {
            rig.service().get("/orders/1").await;
            (rig.endpoint(0).await["ejections"] == number).then_some(())
        })
        .await;
        let started = Instant::now();
        let checks = rig.orders[0].checks();
        rig.until_state(0, "ready").await;
        lasted.push(started.elapsed());
        assert!(rig.orders[0].checks() > checks);
    }
    assert!(lasted.is_sorted() && lasted[2] > Duration::from_millis(1000), "{lasted:?}");
}

/// Tries before it have used up the time: that it did not answer in the rest says nothing about a replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_with_too_little_time_is_not_held_against_a_replica() {
    let settings =
        [RARE_CHECKS, ("GATEWAY__TOTAL_TIMEOUT_MS", "1000"), ("GATEWAY__EJECT_AFTER_TRANSPORT_ERRORS", "1")];
    let rig = Rig::start(3, &settings).await;
    for replica in &rig.orders {
        replica.always(Act::SendAndStall(vec![]));
    }
    rig.service().get("/orders/1").await.with_problem(504, "timed_out");
    assert_eq!(rig.counts().iter().sum::<usize>(), 2);
    let view = rig.view().await;
    let ejections: Vec<_> =
        (0..3).map(|replica| view[1]["endpoints"][replica]["ejections"].as_u64()).collect();
    assert_eq!(ejections.iter().flatten().sum::<u64>(), 1, "{ejections:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passing_check_ends_an_ejection() {
    let settings = [("GATEWAY__EJECT_MS", "60000"), ("GATEWAY__EJECT_MAX_MS", "60000")];
    let rig = Rig::start(2, &settings).await;
    let checks = rig.orders[0].checks();
    for _ in 0..3 {
        rig.orders[0].next(Act::SendAndClose(vec![]));
    }
    until("it was put out, and is back", SOON, async || {
        read(&rig, 1).await;
        let endpoint = rig.endpoint(0).await;
        (endpoint["ejections"] == 1 && endpoint["state"] == "ready").then_some(())
    })
    .await;
    assert!(rig.orders[0].checks() > checks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_drains_gets_no_new_requests() {
    let rig = Rig::start(2, &[]).await;
    rig.orders[0].says(Says::Draining);
    rig.until_state(0, "draining").await;
    rig.orders[0].take_seen();
    read(&rig, 20).await;
    assert_eq!(rig.orders[0].count(), 0);
    rig.orders[0].says(Says::Ready);
    rig.until_state(0, "ready").await;
}

/// A replica that is asked while it stops says that nothing happened: another is asked, whatever the request was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_stops_is_left_at_once() {
    let rig = Rig::start(2, &[RARE_CHECKS]).await;
    let stopping = problem("503 Service Unavailable", &[("connection", "close")], "unavailable", "none");
    rig.orders[0].always(Act::SendAndClose(stopping));
    for _ in 0..20 {
        let reply = rig.service().post("/orders", &json!({})).await;
        reply.with_status(200);
    }
    assert_eq!(rig.orders[0].count(), 1);
    assert_eq!(rig.state(0).await, "draining");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_failed_checks_put_out_and_one_passing_brings_back() {
    let rig = Rig::start(2, &[]).await;
    for says in [Says::NotReady, Says::Nothing] {
        rig.orders[0].says(says);
        rig.until_state(0, "down").await;
        rig.orders[0].take_seen();
        read(&rig, 10).await;
        assert_eq!(rig.orders[0].count(), 0, "{says:?}");
        rig.orders[0].says(Says::Ready);
        rig.until_state(0, "ready").await;
    }
}

/// A check may be wrong, and a refusal is no worse than none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nobody_is_well_all_are_tried() {
    let rig = Rig::start(2, &[]).await;
    for replica in &rig.orders {
        replica.says(Says::NotReady);
    }
    rig.until_state(0, "down").await;
    rig.until_state(1, "down").await;
    read(&rig, 20).await;
    assert!(rig.counts().iter().all(|count| *count > 0));
}
