//! Whether the process lives, whether it should get requests, and its figures.

use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpResponse, web::Data};
use futures_util::future::{LocalBoxFuture, join, join_all};
use serde_json::{Value, json};

use crate::{database::Database, deadline::Deadline, metrics::Metrics, problem::Problem};

/// Set once the process is told to stop: it asks for no new requests and serves those that come.
#[derive(Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    pub fn start(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Asks another role whether it answers; it is shown, and never decides.
pub type Peer = Rc<dyn Fn() -> LocalBoxFuture<'static, bool>>;

/// Whether something was found.
pub type Found = Rc<dyn Fn() -> bool>;

/// What this process waits for before it is ready.
#[derive(Clone)]
pub struct Readiness {
    pub draining: Draining,
    /// A role's own databases decide.
    pub databases: Vec<(&'static str, Database)>,
    pub peers: Vec<(&'static str, Peer)>,
    /// What must have been found once before requests make sense.
    pub found: Vec<(&'static str, Found)>,
    pub timeout: Duration,
}

impl Readiness {
    async fn report(&self) -> (bool, Value) {
        let mut ready = !self.draining.is_on();
        let mut waits = BTreeMap::new();
        // all at once: whoever asks waits for the slowest alone, and takes long silence for a dead replica
        let deadline = Deadline::after(self.timeout);
        let databases = join_all(self.databases.iter().map(|(_, database)| deadline.bound(database.ping())));
        let peers = join_all(self.peers.iter().map(|(_, peer)| deadline.bound(peer())));
        let (databases, peers) = join(databases, peers).await;
        for ((name, _), pinged) in self.databases.iter().zip(databases) {
            let reached = matches!(pinged, Ok(Ok(())));
            ready &= reached;
            waits.insert(*name, if reached { "ok" } else { "away" });
        }
        for ((name, _), answered) in self.peers.iter().zip(peers) {
            waits.insert(*name, if answered.unwrap_or(false) { "ok" } else { "degraded" });
        }
        for (name, found) in &self.found {
            let is_found = found();
            ready &= is_found;
            waits.insert(*name, if is_found { "ok" } else { "not found yet" });
        }
        let status = match (self.draining.is_on(), ready) {
            (true, _) => "draining",
            (false, true) => "ready",
            (false, false) => "waiting",
        };
        (ready, json!({ "status": status, "waitsFor": waits }))
    }
}

/// `GET /livez`: the process serves. Nothing else is asked, so that nobody kills it because a database is away.
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: 200 when requests are welcome, else 503 with what it waits for.
pub async fn readyz(readiness: Data<Readiness>) -> HttpResponse {
    let (ready, report) = readiness.report().await;
    match ready {
        true => HttpResponse::Ok().json(report),
        false => HttpResponse::ServiceUnavailable().json(report),
    }
}

/// `GET /metrics`: the figures in Prometheus' text format.
///
/// # Errors
/// When a figure cannot be written.
pub async fn metrics_page(metrics: Data<Metrics>) -> Result<HttpResponse, Problem> {
    let page = metrics.encode().map_err(Problem::internal)?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(HttpResponse::Ok().content_type(media_type).body(page))
}
