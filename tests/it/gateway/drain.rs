//! A gateway that is told to stop: who keeps his connection loses nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{
    replica::{Act, ok},
    rig::{PATIENT, RARE_CHECKS, Rig, SOON},
};
use crate::support::{wait::until, wire::Wire};

const CLIENTS: usize = 16;
const DRAIN: (&str, &str) = ("SERVER__DRAIN_MS", "1500");
const REQUEST: &str = "POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";

/// What a client saw until its gateway was gone.
#[derive(Debug, Default)]
struct Saw {
    answered: usize,
    /// Answers that asked for no more on this connection.
    closed: usize,
    /// Requests without a whole answer on a connection that had answered before and was not closed.
    lost: usize,
    /// The same on a fresh connection: trap 14, it was queued when the listener closed, and nobody read it.
    unread: usize,
}

/// Asks on one connection as long as it lasts, then on the next, until nobody listens or answers 503.
async fn client(rig_address: std::net::SocketAddr, told: Arc<AtomicBool>, count: Arc<AtomicUsize>) -> Saw {
    let mut saw = Saw::default();
    while let Ok(stream) = tokio::net::TcpStream::connect(rig_address).await {
        let mut wire = Wire::new(stream);
        let mut answers = 0;
        loop {
            let Some(answer) = wire.ask(REQUEST).await.filter(|answer| answer.whole) else {
                match answers {
                    0 => saw.unread += 1,
                    _ => saw.lost += 1,
                }
                return saw;
            };
            answers += 1;
            match answer.status() {
                200 => saw.answered += 1,
                // the gate is closed: nothing happened, and it says so
                503 if told.load(SeqCst) => return saw,
                status => panic!("{status}: {}", answer.text()),
            }
            count.fetch_add(1, SeqCst);
            if answer.all("connection").contains(&"close") {
                assert!(told.load(SeqCst), "before it was told to stop");
                saw.closed += 1;
                break;
            }
        }
    }
    saw
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_when_the_gateway_stops() {
    let mut rig = Rig::start(2, &[DRAIN]).await;
    for replica in &rig.orders {
        replica.always(Act::SendAfter(Duration::from_millis(5), ok()));
    }
    let (told, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(rig.gateway.address, told.clone(), count.clone())))
        .collect();
    let answered = |goal: usize| async move || (count.load(SeqCst) >= goal).then_some(());
    until("they are at it", SOON, answered(200)).await;

    told.store(true, SeqCst);
    rig.gateway.terminate();
    let service = rig.service();
    // first it says so, and serves
    until("it says that it drains", SOON, async || {
        let reply = service.get("/readyz").await;
        (reply.status == 503 && reply.body["status"] == "draining").then_some(())
    })
    .await;
    service.get("/livez").await.with_status(200);
    assert!(rig.gateway.ended().await.success());

    let (mut all, mut closed, mut unread) = (0, 0, 0);
    for client in clients {
        let saw = client.await.unwrap();
        assert_eq!(saw.lost, 0, "{saw:?}");
        all += saw.answered;
        closed += saw.closed;
        unread += saw.unread;
    }
    assert!(closed >= CLIENTS, "{closed}");
    // it happens in the moment when the listener closes, and to few
    assert!(unread <= CLIENTS / 2, "{unread}");
    let seen = rig.counts().iter().sum::<usize>();
    assert_eq!(seen, all, "whatever reached a replica was answered");
}

/// What is under way when the time is up is finished.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_request_is_finished_before_the_end() {
    let settings = [RARE_CHECKS, PATIENT[0], PATIENT[1], ("SERVER__DRAIN_MS", "0")];
    let mut rig = Rig::start(1, &settings).await;
    let (tell, told) = watch::channel(false);
    rig.orders[0].always(Act::SendWhenTold(told, ok()));
    let mut wire = rig.wire().await;
    wire.send(REQUEST).await;
    until("it arrived", SOON, async || (rig.orders[0].count() == 1).then_some(())).await;
    rig.gateway.terminate();
    until("it stops", SOON, async || rig.gateway.log().contains("stopping").then_some(())).await;
    tell.send_replace(true);
    let answer = wire.answer().await.unwrap();
    assert_eq!((answer.status(), answer.one("connection")), (200, "close"));
    assert!(rig.gateway.ended().await.success());
}

/// So is an answer that is still on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_answer_is_finished_before_the_end() {
    let mut rig = Rig::start(1, &[RARE_CHECKS, ("SERVER__DRAIN_MS", "0")]).await;
    let parts = [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "5\r\nworld\r\n",
        "5\r\nagain\r\n0\r\n\r\n",
    ];
    rig.orders[0].always(Act::SendParts(Duration::from_millis(600), parts.map(Into::into).to_vec()));
    let mut wire = rig.wire().await;
    wire.send(REQUEST).await;
    until("it arrived", SOON, async || (rig.orders[0].count() == 1).then_some(())).await;
    rig.gateway.terminate();
    let answer = wire.answer().await.unwrap();
    assert_eq!((answer.whole, answer.text().as_str()), (true, "helloworldagain"));
    assert!(rig.gateway.ended().await.success());
}
