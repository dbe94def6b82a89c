//! Which replicas there are: what DNS says, and what is done when it says nothing.

use serde_json::json;
use tokio::sync::watch;

use super::{
    dns::{Question, Records},
    replica::{Act, Says, ok},
    rig::{PATIENT, Rig, SOON},
};
use crate::support::wait::until;

const TYPE_A: u16 = 1;

/// Asks until so many requests were answered by this replica.
async fn until_asked(rig: &Rig, replica: usize) {
    until(&format!("replica {replica} is asked"), SOON, async || {
        rig.service().get("/orders/1").await.with_status(200);
        (rig.orders[replica].count() > 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_address_joins_after_one_passing_check() {
    let mut rig = Rig::start(1, &[]).await;
    rig.add_replica().await;
    rig.orders[1].says(Says::NotReady);
    rig.name(&[0, 1]);
    rig.until_state(1, "joining").await;
    for _ in 0..20 {
        rig.service().get("/orders/1").await.with_status(200);
    }
    assert_eq!(rig.orders[1].count(), 0);
    rig.orders[1].says(Says::Ready);
    rig.until_state(1, "ready").await;
    until_asked(&rig, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absent_address_finishes_what_it_has_and_gets_no_more() {
    let rig = Rig::start(2, &PATIENT).await;
    until_asked(&rig, 0).await;
    let (tell, told) = watch::channel(false);
    rig.orders.iter().for_each(|replica| replica.always(Act::SendWhenTold(told.clone(), ok())));
    let mut pending = Vec::new();
    until("it is busy", SOON, async || {
        pending.push(tokio::spawn(rig.service().get("/orders/1").try_send()));
        (rig.endpoint(0).await["inFlight"] != 0).then_some(())
    })
    .await;
    let pending_there = pending.len();
    until("they arrived", SOON, async || (rig.view().await[1]["inFlight"] == pending_there).then_some(()))
        .await;
    rig.name(&[1]);
    rig.until_state(0, "unknown").await;
    let before = rig.orders[0].count();
    tell.send_replace(true);
    for reply in pending {
        assert_eq!(reply.await.unwrap().unwrap().status, 200);
    }
    for _ in 0..20 {
        rig.service().get("/orders/1").await.with_status(200);
    }
    assert_eq!(rig.orders[0].count(), before);
    // trap 5: sockets to it are not kept, not even idle ones
    until("its connections are closed", SOON, async || {
        rig.service().get("/orders/1").await.with_status(200);
        (rig.orders[0].connections() == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_dns_fails_the_last_addresses_stay() {
    let rig = Rig::start(2, &[]).await;
    for records in [Records::NoSuchName, Records::Empty, Records::ServerFailure, Records::Silence] {
        rig.dns.set("order.test", records.clone());
        let asked = rig.dns.asked().len();
        until("it was asked again and again", SOON, async || {
            (rig.dns.asked().len() > asked + 6).then_some(())
        })
        .await;
        assert_eq!(rig.state(0).await, "ready", "{records:?}");
        assert_eq!(rig.state(1).await, "ready", "{records:?}");
        rig.service().get("/orders/1").await.with_status(200);
        rig.service().get("/readyz").await.with_status(200);
    }
}

/// Health decides alone, and nobody is forgotten: who comes back serves again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_dns_fails_replicas_come_and_go_by_their_health() {
    let mut rig = Rig::start(2, &[]).await;
    rig.dns.set("order.test", Records::ServerFailure);
    rig.orders[1].refuse().await;
    rig.until_state(1, "down").await;
    rig.service().get("/orders/1").await.with_status(200);
    // not even when nobody is well
    rig.orders[0].says(Says::NotReady);
    rig.until_state(0, "down").await;
    rig.service().get("/orders/1").await.with_status(200);
    rig.orders[1].listen().await;
    rig.until_state(1, "ready").await;
    until_asked(&rig, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_was_never_resolved_is_waited_for() {
    let rig = Rig::prepare(1, &[]).await;
    rig.dns.set("order.test", Records::ServerFailure);
    let service = rig.service();
    let report = until("it serves", SOON, async || {
        let reply = service.get("/readyz").try_send().await.ok()?;
        // the product service is found, the order service is not
        (reply.body["waitsFor"]["product"] == "ok").then_some(reply)
    })
    .await;
    assert_eq!(report.status, 503);
    assert_eq!(report.body["status"], "waiting");
    assert_ne!(report.body["waitsFor"]["order"], "ok");
    for request in [service.get("/orders"), service.post("/orders", &json!({}))] {
        assert_eq!(request.await.with_problem(503, "unavailable")["outcome"], "none");
    }
    service.get("/products").await.with_status(200);
    service.get("/livez").await.with_status(200);

    rig.name(&[0]);
    until("it is ready", SOON, async || (service.get("/readyz").await.status == 200).then_some(())).await;
    rig.until_state(0, "ready").await;
    service.get("/orders").await.with_status(200);
}

/// Traps 16 to 18: addresses alone are asked for, by the full name, and nobody believes a lifetime of ten minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dns_is_asked_plainly_and_again_and_again() {
    let mut rig = Rig::start(1, &[]).await;
    let asked = until("both were asked for again and again", SOON, async || {
        Some(rig.dns.asked()).filter(|asked| asked.len() > 6)
    });
    for Question { name, kind } in asked.await {
        assert!(["order.test", "product.test"].contains(&name.as_str()), "{name}");
        assert_eq!(kind, TYPE_A, "{name}");
    }
    rig.add_replica().await;
    rig.name(&[1]);
    rig.until_state(1, "ready").await;
    rig.until_state(0, "unknown").await;
}

/// Nobody listens any more: it is looked for at once, not at the next look-up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_connection_looks_again_early() {
    let settings = [("GATEWAY__RESOLVE_EVERY_MS", "60000"), ("GATEWAY__HEALTH_EVERY_MS", "60000")];
    let mut rig = Rig::start(2, &settings).await;
    let asked = rig.dns.asked().len();
    rig.orders[0].refuse().await;
    rig.name(&[1]);
    until("the replica is forgotten", SOON, async || {
        rig.service().get("/orders/1").await.with_status(200);
        (rig.state(0).await == "unknown").then_some(())
    })
    .await;
    assert!(rig.dns.asked().len() > asked);
}
