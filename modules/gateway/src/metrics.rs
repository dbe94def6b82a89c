//! Figures of the edge: per endpoint and route requests, retries, ejections, latencies; what look-ups came to.

use std::{fmt, sync::Arc, time::Duration};

use platform::metrics::{LATENCY_BUCKETS_S, Metrics};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

use crate::{endpoint::Endpoint, path::Service};

/// How an exchange ended.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub enum Outcome {
    /// The status of the answer.
    Status(u16),
    /// Why there was none.
    Failure(&'static str),
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), fmt::Error> {
        match self {
            Self::Status(status) => status.encode(encoder),
            Self::Failure(label) => label.encode(encoder),
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ExchangeLabels {
    service: &'static str,
    endpoint: Arc<String>,
    outcome: Outcome,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EndpointLabels {
    service: &'static str,
    endpoint: Arc<String>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ServiceLabels {
    service: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LookUpLabels {
    service: &'static str,
    outcome: &'static str,
}

#[derive(Clone)]
pub struct GatewayMetrics {
    exchanges: Family<ExchangeLabels, Counter>,
    latency: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    ejections: Family<EndpointLabels, Counter>,
    retries: Family<ServiceLabels, Counter>,
    turned_away: Family<ServiceLabels, Counter>,
    resolutions: Family<LookUpLabels, Counter>,
}

impl GatewayMetrics {
    pub fn new(metrics: &Metrics) -> Self {
        let figures = Self {
            exchanges: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS_S)),
            ejections: Family::default(),
            retries: Family::default(),
            turned_away: Family::default(),
            resolutions: Family::default(),
        };
        metrics.register(|registry| {
            let exchanges = figures.exchanges.clone();
            registry.register("gateway_exchanges", "Exchanges with replicas by status or failure", exchanges);
            let help = "Time from sending a request to a replica to the head of its answer";
            registry.register("gateway_exchange_duration_seconds", help, figures.latency.clone());
            registry.register(
                "gateway_ejections",
                "Times that a replica was put out",
                figures.ejections.clone(),
            );
            registry.register("gateway_retries", "Further tries by reason", figures.retries.clone());
            let help = "Requests that were turned away by reason";
            registry.register("gateway_turned_away", help, figures.turned_away.clone());
            registry.register(
                "gateway_resolutions",
                "Look-ups of names by outcome",
                figures.resolutions.clone(),
            );
        });
        figures
    }

    pub fn exchanged(&self, service: Service, endpoint: &Endpoint, outcome: Outcome, duration: Duration) {
        let (service, endpoint) = (service.name(), endpoint.name.clone());
        let labels = ExchangeLabels { service, endpoint: endpoint.clone(), outcome };
        self.exchanges.get_or_create(&labels).inc();
        self.latency.get_or_create(&EndpointLabels { service, endpoint }).observe(duration.as_secs_f64());
    }

    pub fn ejected(&self, service: Service, endpoint: &Endpoint) {
        let labels = EndpointLabels { service: service.name(), endpoint: endpoint.name.clone() };
        self.ejections.get_or_create(&labels).inc();
    }

    pub fn retried(&self, service: Service, reason: &'static str) {
        self.retries.get_or_create(&ServiceLabels { service: service.name(), reason }).inc();
    }

    pub fn turned_away(&self, service: Service, reason: &'static str) {
        self.turned_away.get_or_create(&ServiceLabels { service: service.name(), reason }).inc();
    }

    pub fn resolved(&self, service: Service, outcome: &'static str) {
        self.resolutions.get_or_create(&LookUpLabels { service: service.name(), outcome }).inc();
    }
}
