//! Asks every replica whether it is ready, off the request path.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use awc::Client;
use futures_util::future::join_all;
use platform::client::{self, ClientSettings};
use serde::Deserialize;
use tokio::sync::watch;
use tracing::info;

use crate::{
    cluster::Cluster,
    endpoint::{Endpoint, Health},
    settings::GatewaySettings,
};

/// Longest readiness report that is read.
const REPORT_LIMIT_BYTES: usize = 64 << 10;

#[derive(Deserialize)]
struct Report {
    status: String,
}

/// Checks a cluster's replicas until told to stop.
pub async fn watch_cluster(
    cluster: Arc<Cluster>,
    settings: GatewaySettings,
    mut stop: watch::Receiver<bool>,
) {
    let client_settings = ClientSettings {
        connect_timeout_ms: settings.health_timeout_ms,
        keep_alive_ms: settings.keep_alive_ms,
    };
    let mut client = client::build(&client_settings);
    let mut generation = cluster.generation();
    while !*stop.borrow() {
        if cluster.generation() != generation {
            // sockets to a replica that left are closed only with their client
            generation = cluster.generation();
            client = client::build(&client_settings);
        }
        let endpoints = cluster.endpoints();
        join_all(endpoints.iter().map(|endpoint| check(&client, &cluster, endpoint, &settings))).await;
        let fastest = cluster.fastest_latency();
        for endpoint in endpoints.iter() {
            if endpoint.latency.current() > fastest {
                endpoint.latency.fade_towards(fastest);
            }
        }
        let newcomer = cluster.has_newcomer();
        tokio::select! {
            () = tokio::time::sleep(pause(newcomer, &settings)) => {}
            () = cluster.joined() => {}
            _ = stop.changed() => {}
        }
    }
}

/// Jittered, so that several gateways do not ask in step; short while a new replica waits for its first pass.
fn pause(newcomer: bool, settings: &GatewaySettings) -> Duration {
    let every = Duration::from_millis(settings.health_every_ms);
    let every = if newcomer { every / 4 } else { every };
    every.mul_f64(0.9 + 0.2 * fastrand::f64())
}

async fn check(client: &Rc<Client>, cluster: &Cluster, endpoint: &Endpoint, settings: &GatewaySettings) {
    let began = Instant::now();
    let said = tokio::time::timeout(settings.health_timeout(), ask(client, endpoint)).await.ok().flatten();
    if endpoint.note_check(said, began, settings.health_failures) {
        if endpoint.health() == Health::Ready {
            endpoint.latency.restart_at(cluster.fastest_latency());
        }
        let health = endpoint.health();
        info!(service = cluster.service.name(), address = %endpoint.address, ?health, "replica's health changed");
    }
}

async fn ask(client: &Client, endpoint: &Endpoint) -> Option<Health> {
    let mut response = client.get(format!("http://{}/readyz", endpoint.address)).send().await.ok()?;
    let body = response.body().limit(REPORT_LIMIT_BYTES).await.ok()?;
    if response.status().is_success() {
        return Some(Health::Ready);
    }
    let report: Report = serde_json::from_slice(&body).ok()?;
    (report.status == "draining").then_some(Health::Draining)
}
