//! The gateway's view of the order replicas.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use crate::support::{client::Service, wait::until};

/// A replica as the gateway sees it.
#[derive(Clone, Debug)]
pub struct Replica {
    pub state: String,
    /// Sent to it so far.
    pub requests: u64,
}

pub type Replicas = BTreeMap<Ipv4Addr, Replica>;

/// The order replicas that the gateway knows.
pub async fn order_replicas(gateway: &Service) -> Replicas {
    let services = gateway.get("/gateway/endpoints").await.with_status(200);
    let mut services = services.as_array().unwrap().iter();
    let order = services.find(|service| service["service"] == "order").unwrap();
    let endpoints = order["endpoints"].as_array().unwrap().iter();
    endpoints
        .map(|endpoint| {
            let address = endpoint["address"].as_str().unwrap();
            let replica = Replica {
                state: endpoint["state"].as_str().unwrap().to_owned(),
                requests: endpoint["requests"].as_u64().unwrap(),
            };
            let (ip, _port) = address.split_once(':').unwrap();
            (ip.parse().unwrap(), replica)
        })
        .collect()
}

/// Requests that went to an address so far; 0 for one that is not known.
pub async fn requests_to(gateway: &Service, address: Ipv4Addr) -> u64 {
    let replicas = order_replicas(gateway).await;
    replicas.get(&address).map_or(0, |replica| replica.requests)
}

/// Until exactly this many replicas are known, and all are ready.
pub async fn until_ready(gateway: &Service, count: usize, within: Duration) {
    until(&format!("{count} replicas are ready"), within, async || {
        let replicas = order_replicas(gateway).await;
        let ready = replicas.values().all(|replica| replica.state == "ready");
        (replicas.len() == count && ready).then_some(())
    })
    .await;
}

/// Waits until a replica gets its share again: two thirds of even over a quarter of a second.
pub async fn until_shared(gateway: &Service, address: Ipv4Addr, within: Duration) {
    let mut before = order_replicas(gateway).await;
    until(&format!("{address} gets its share"), within, async || {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = order_replicas(gateway).await;
        let since = |address: &Ipv4Addr| {
            let earlier = before.get(address).map_or(0, |replica| replica.requests);
            now.get(address).map_or(0, |replica| replica.requests.saturating_sub(earlier))
        };
        let all: u64 = now.keys().map(&since).sum();
        let has_share = all > 0 && since(&address) * 3 * now.len() as u64 >= all * 2;
        before = now;
        has_share.then_some(())
    })
    .await;
}
