//! Figures in Prometheus' text format: one registry a process, into which each module puts its own.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::database::Database;

/// Upper bounds of the latency buckets, in seconds: from a lone commit to past every deadline.
pub const LATENCY_BUCKETS_S: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The process's figures; cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    pub http: HttpMetrics,
    pools: Family<PoolLabels, Gauge>,
    databases: Arc<Mutex<Vec<Database>>>,
}

/// Requests served, by method, route and status.
#[derive(Clone)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PoolLabels {
    database: String,
    state: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("pos");
        let http = HttpMetrics {
            requests: Family::default(),
            latency: Family::new_with_constructor(latency_histogram),
        };
        registry.register("http_requests", "Requests answered", http.requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from the request's head to the answer's head",
            http.latency.clone(),
        );
        let pools = Family::<PoolLabels, Gauge>::default();
        registry.register("database_connections", "Pooled connections by state", pools.clone());
        Self { registry: Arc::new(Mutex::new(registry)), http, pools, databases: Arc::default() }
    }
}

fn latency_histogram() -> Histogram {
    Histogram::new(LATENCY_BUCKETS_S)
}

impl Metrics {
    /// Lets a module register its own figures.
    pub fn register(&self, register: impl FnOnce(&mut Registry)) {
        register(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Shows the pools of this database from now on.
    pub fn watch(&self, database: &Database) {
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).push(database.clone());
    }

    /// Everything, as text.
    ///
    /// # Errors
    /// When a figure cannot be written.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        for database in self.databases.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for pool in database.pools() {
                self.pool_gauge(&pool.name, "open").set(i64::from(pool.open));
                self.pool_gauge(&pool.name, "idle").set(pool.idle as i64);
            }
        }
        let mut page = String::new();
        text::encode(&mut page, &self.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(page)
    }

    fn pool_gauge(&self, database: &str, state: &str) -> Gauge {
        let labels = PoolLabels { database: database.to_owned(), state: state.to_owned() };
        self.pools.get_or_create(&labels).clone()
    }
}

impl HttpMetrics {
    /// Counts one answered request.
    pub fn record(&self, method: &str, route: &str, status: u16, duration: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        let labels = RequestLabels { method: method.clone(), route: route.clone(), status };
        self.requests.get_or_create(&labels).inc();
        self.latency.get_or_create(&RouteLabels { method, route }).observe(duration.as_secs_f64());
    }
}
