//! More replicas and fewer, under load: no request notices.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::task::JoinSet;

use crate::support::{client::Service, wait::until};

use super::{container::Container, trial::Trial, view};

const WITHIN: Duration = Duration::from_secs(90);
const TRAFFIC_WITHIN: Duration = Duration::from_secs(3);
const SALES_BETWEEN: usize = 500;

pub async fn run(trial: &mut Trial) {
    let tills = trial.open_tills();
    tills.sell(SALES_BETWEEN, WITHIN).await;

    let before = trial.deployment.containers("order-service").await;
    scale(trial, 5).await;
    let added = trial.deployment.containers("order-service").await;
    let added: Vec<Container> = added.into_iter().filter(|one| !before.contains(one)).collect();
    assert_eq!(added.len(), 2);
    let waits = join_all(added.iter().map(|replica| first_traffic(trial, replica))).await;
    for wait in waits {
        trial.figures.time("scaled up: first request after it was ready", wait, TRAFFIC_WITHIN);
    }
    tills.sell(SALES_BETWEEN, WITHIN).await;

    let all = view::order_replicas(&trial.gateway).await;
    let draining = all.keys().map(|address| since_draining(*address)).collect::<JoinSet<_>>();
    let (_, last_requests) = tokio::join!(scale(trial, 2), watch_until(&trial.gateway, 2));
    for (address, since) in until_two_are_left(draining).await {
        let wait = last_requests[&address].saturating_duration_since(since);
        trial.figures.time("scaled down: last request after it said that it drains", wait, TRAFFIC_WITHIN);
    }
    tills.sell(SALES_BETWEEN, WITHIN).await;
    scale(trial, 3).await;
    view::until_ready(&trial.gateway, 3, WITHIN).await;
    tills.sell(SALES_BETWEEN, WITHIN).await;

    let report = trial.close("scaled", tills).await;
    trial.figures.none("scaled: failed first tries", report.failed_first_tries());
}

async fn scale(trial: &Trial, count: usize) {
    let scale = format!("order-service={count}");
    let up = ["up", "-d", "--no-build", "--no-recreate", "--no-deps"];
    let arguments = [&up[..], &["--scale", &scale, "order-service"]].concat();
    trial.deployment.compose(&arguments).await;
}

/// From its own word that it is ready to the first request that it gets.
async fn first_traffic(trial: &Trial, replica: &Container) -> Duration {
    let network = trial.deployment.network("services");
    let address = replica.address(&network).await.unwrap();
    let itself = Service::at(&format!("http://{address}:8082"));
    until("it is ready", WITHIN, async || {
        let reply = itself.get("/readyz").try_send().await.ok()?;
        (reply.status == 200).then_some(())
    })
    .await;
    let ready = Instant::now();
    until("it gets a request", WITHIN, async || {
        (view::requests_to(&trial.gateway, address).await > 0).then_some(())
    })
    .await;
    ready.elapsed()
}

/// When a replica began to say that it drains.
async fn since_draining(address: Ipv4Addr) -> (Ipv4Addr, Instant) {
    let itself = Service::at(&format!("http://{address}:8082"));
    loop {
        let reply = itself.get("/readyz").try_send().await;
        if reply.is_ok_and(|reply| reply.body["status"] == "draining") {
            return (address, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_two_are_left(mut draining: JoinSet<(Ipv4Addr, Instant)>) -> Vec<(Ipv4Addr, Instant)> {
    let mut drained = Vec::new();
    while draining.len() > 2 {
        drained.push(draining.join_next().await.unwrap().unwrap());
    }
    drained
}

/// When each replica got its last request, once only so many are left.
async fn watch_until(gateway: &Service, count: usize) -> BTreeMap<Ipv4Addr, Instant> {
    let mut seen: BTreeMap<Ipv4Addr, (u64, Instant)> = BTreeMap::new();
    until(&format!("{count} replicas are left"), WITHIN, async || {
        let replicas = view::order_replicas(gateway).await;
        for (address, replica) in &replicas {
            let known = seen.entry(*address).or_insert((0, Instant::now()));
            if known.0 != replica.requests {
                *known = (replica.requests, Instant::now());
            }
        }
        (replicas.len() == count).then_some(())
    })
    .await;
    seen.into_iter().map(|(address, (_, last))| (address, last)).collect()
}
