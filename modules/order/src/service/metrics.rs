//! The module's figures.

use std::sync::atomic::AtomicU64;

use platform::metrics::Metrics;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

use super::error::OrderError;
use crate::{
    model::{Order, OrderStatus},
    store::Backlog,
};

/// Labels of the answers that say nothing about an order.
const UNKNOWN: &str = "unknown";
const OVERLOADED: &str = "overloaded";

#[derive(Clone, Default)]
pub struct OrderMetrics {
    outcomes: Family<OutcomeLabels, Counter>,
    sweeper: Family<OutcomeLabels, Counter>,
    pending: Gauge,
    oldest_pending_s: Gauge<f64, AtomicU64>,
    pub in_flight: Gauge,
    pub in_flight_limit: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

impl OrderMetrics {
    /// Registers the figures; each is there from the start, at 0.
    pub fn register(metrics: &Metrics) -> Self {
        let figures = Self::default();
        let decided =
            [OrderStatus::Confirmed, OrderStatus::Rejected, OrderStatus::Cancelled].map(OrderStatus::as_str);
        for outcome in decided.into_iter().chain([UNKNOWN, OVERLOADED]) {
            drop(figures.outcomes.get_or_create(&OutcomeLabels { outcome }));
        }
        for outcome in ["finished", "failed"] {
            drop(figures.sweeper.get_or_create(&OutcomeLabels { outcome }));
        }
        metrics.register(|registry| {
            registry.register(
                "orders",
                "Orders decided by this process, and requests it could not answer",
                figures.outcomes.clone(),
            );
            registry.register(
                "orders_in_flight",
                "Orders and cancellations under way",
                figures.in_flight.clone(),
            );
            registry.register(
                "orders_in_flight_limit",
                "Orders and cancellations that may be under way at present",
                figures.in_flight_limit.clone(),
            );
            registry.register(
                "orders_pending",
                "Orders in the database that are not decided",
                figures.pending.clone(),
            );
            registry.register(
                "orders_oldest_pending_seconds",
                "Age of the oldest order that is not decided",
                figures.oldest_pending_s.clone(),
            );
            registry.register(
                "sweeper_orders",
                "Orders that the sweeper claimed, by result",
                figures.sweeper.clone(),
            );
        });
        figures
    }

    /// Counts an order that this process has decided.
    pub fn decided(&self, order: &Order) {
        self.outcome(order.status().as_str());
    }

    /// Counts an answer without an order.
    pub fn failed(&self, error: &OrderError) {
        match error {
            OrderError::Overloaded { .. } => self.outcome(OVERLOADED),
            OrderError::OutcomeUnknown { .. } | OrderError::NotDecided { .. } | OrderError::Misfit { .. } => {
                self.outcome(UNKNOWN);
            }
            OrderError::NotFound(_)
            | OrderError::KeyReused
            | OrderError::NotNow(_)
            | OrderError::Store(_) => {}
        }
    }

    /// Counts one order of the sweeper's.
    pub fn swept(&self, finished: bool) {
        let outcome = if finished { "finished" } else { "failed" };
        self.sweeper.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Shows what is pending.
    pub fn show(&self, backlog: Backlog) {
        self.pending.set(backlog.pending);
        self.oldest_pending_s.set(backlog.oldest_s.max(0.0));
    }

    fn outcome(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}
