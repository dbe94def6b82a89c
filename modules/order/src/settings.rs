//! `[order]`: how many sales at once, how long one may take, and how the sweeper works.

use std::time::Duration;

use serde::Deserialize;

/// `[order]`, without the places of its database and of the product service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSettings {
    /// Sales and cancellations that may be under way in this process; more are answered `overloaded`.
    pub max_in_flight: usize,
    /// Milliseconds that they may take on average; while it is more, fewer are let in.
    pub target_ms: u64,
    /// Milliseconds that a caller waits for the outcome before it is told that it is unknown.
    pub deadline_ms: u64,
    /// Milliseconds that one call to the product module may take; tries follow each other within the deadline.
    pub decide_try_ms: u64,
    /// Milliseconds after which a pending order is refused instead of decided.
    pub decide_by_ms: u64,
    pub sweeper: SweeperSettings,
}

/// `[order.sweeper]`: how orders that were cut off are finished.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweeperSettings {
    /// Milliseconds between two looks for pending orders.
    pub every_ms: u64,
    /// Orders claimed at once, and finished side by side.
    pub concurrency: usize,
    /// Milliseconds past the deadline after which an order is taken for cut off.
    pub grace_ms: u64,
    /// Milliseconds until an order that could not be finished is tried again; doubles with each try.
    pub retry_ms: u64,
    /// Longest such pause, in milliseconds.
    pub max_retry_ms: u64,
    /// Longest that one call for the decision may take, in milliseconds; the first take `decide_try_ms`.
    pub max_try_ms: u64,
}

impl OrderSettings {
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    pub fn target(&self) -> Duration {
        Duration::from_millis(self.target_ms)
    }

    pub fn decide_try(&self) -> Duration {
        Duration::from_millis(self.decide_try_ms)
    }

    /// Milliseconds from an order's creation to the sweeper's first try.
    pub fn first_sweep_ms(&self) -> u64 {
        self.deadline_ms.saturating_add(self.sweeper.grace_ms)
    }

    /// How long a sweeper's call for the decision may take at most.
    pub fn longest_sweep_try(&self) -> Duration {
        Duration::from_millis(self.sweeper.max_try_ms.max(self.decide_try_ms))
    }

    /// Milliseconds from now to the farthest next try that is ever written, and a second.
    pub fn farthest_try_ms(&self) -> u64 {
        let retried = self.decide_try_ms.saturating_add(self.sweeper.max_retry_ms);
        self.first_sweep_ms().max(retried).saturating_add(1000)
    }
}
