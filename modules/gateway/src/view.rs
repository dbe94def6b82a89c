//! Every endpoint as it stands: for people a page that refreshes itself, for programs JSON.

use std::time::Instant;

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;

use crate::{Gateway, endpoint::Health};

const PAGE: &str = include_str!("view.html");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceView {
    service: &'static str,
    resolved: bool,
    in_flight: usize,
    endpoints: Vec<EndpointView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndpointView {
    address: String,
    /// `ready`, `ejected`, `joining`, `draining` or `down`.
    state: &'static str,
    in_flight: usize,
    latency_ms: f64,
    requests: u64,
    ejections: u64,
}

/// `GET /gateway/endpoints`
pub async fn endpoints(gateway: Data<Gateway>) -> HttpResponse {
    let now = Instant::now();
    let services = gateway.clusters().map(|cluster| {
        let endpoints = cluster.endpoints();
        let view = endpoints.iter().map(|endpoint| {
            let snapshot = endpoint.snapshot(now);
            let state = match (snapshot.health, snapshot.ejected) {
                (Health::Ready, true) => "ejected",
                (Health::Ready, false) => "ready",
                (Health::Joining, _) => "joining",
                (Health::Draining, _) => "draining",
                (Health::Down, _) => "down",
            };
            EndpointView {
                address: endpoint.address.to_string(),
                state,
                in_flight: snapshot.in_flight,
                latency_ms: snapshot.latency.as_micros() as f64 / 1000.0,
                requests: snapshot.requests,
                ejections: snapshot.ejections,
            }
        });
        ServiceView {
            service: cluster.service.name(),
            resolved: cluster.is_resolved(),
            in_flight: cluster.in_flight(),
            endpoints: view.collect(),
        }
    });
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(services)
}

/// `GET /gateway`
pub async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(PAGE)
}
