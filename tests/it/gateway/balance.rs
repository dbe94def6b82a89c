//! How requests spread over replicas.

use std::time::Duration;

use super::{
    replica::{Act, ok},
    rig::Rig,
};

const CLIENTS: usize = 32;
/// So few that what a replica takes is its own, and not a busy machine's.
const FEW_CLIENTS: usize = 6;
const REQUESTS: usize = 3_000;

/// So many reads by so many clients; answers what each replica got.
async fn load(rig: &Rig, count: usize, requests: usize) -> Vec<usize> {
    let clients = (0..count).map(|client| {
        let service = rig.service();
        let share = requests / count + usize::from(client < requests % count);
        tokio::spawn(async move {
            for _ in 0..share {
                service.get("/orders/1").await.with_status(200);
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    for client in clients {
        client.await.unwrap();
    }
    let counts = rig.counts();
    assert_eq!(counts.iter().sum::<usize>(), requests);
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_replicas_have_equal_shares() {
    let rig = Rig::start(3, &[]).await;
    let counts = load(&rig, CLIENTS, REQUESTS).await;
    for count in &counts {
        assert!((900..=1100).contains(count), "{counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_replica_has_clearly_less() {
    // each check lets the past fade a little
    let rig = Rig::start(3, &[("GATEWAY__HEALTH_EVERY_MS", "1000")]).await;
    for replica in &rig.orders {
        replica.always(Act::SendAfter(Duration::from_millis(4), ok()));
    }
    rig.orders[0].always(Act::SendAfter(Duration::from_millis(200), ok()));
    let counts = load(&rig, FEW_CLIENTS, 800).await;
    assert!(counts[0] * 4 < counts[1] && counts[0] * 4 < counts[2], "{counts:?}");
    assert!(counts[0] > 0, "it is still tried: {counts:?}");
}

/// A new replica has its share as soon as it joined.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_replica_is_neither_flooded_nor_forgotten() {
    let mut rig = Rig::start(2, &[]).await;
    load(&rig, CLIENTS, 500).await;
    rig.add_replica().await;
    rig.name(&[0, 1, 2]);
    rig.until_state(2, "ready").await;
    rig.orders.iter().for_each(|replica| drop(replica.take_seen()));
    let counts = load(&rig, CLIENTS, 1_500).await;
    assert!((400..=600).contains(&counts[2]), "{counts:?}");
}
