//! A moving mean of how long a replica takes.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Weight of a new sample is one in this many.
const MEMORY: u64 = 8;

/// Each fading goes one in this many of the way.
const FADE: u64 = 2;

/// Exponentially weighted mean, in microseconds. Samples that meet may lose one: it is an estimate.
pub struct Latency(AtomicU64);

impl Latency {
    pub fn starting_at(latency: Duration) -> Self {
        Self(AtomicU64::new(micros(latency)))
    }

    pub fn note(&self, sample: Duration) {
        let mean = self.0.load(Relaxed);
        self.0.store((mean * (MEMORY - 1) + micros(sample)) / MEMORY, Relaxed);
    }

    /// Forgets a bad past little by little, so that a replica that nobody chooses is tried again.
    pub fn fade_towards(&self, target: Duration) {
        let mean = self.0.load(Relaxed);
        let faded = (mean * (FADE - 1) + micros(target)) / FADE;
        self.0.store(faded, Relaxed);
    }

    /// Forgets everything: what comes back is not what went.
    pub fn restart_at(&self, latency: Duration) {
        self.0.store(micros(latency), Relaxed);
    }

    pub fn current(&self) -> Duration {
        Duration::from_micros(self.0.load(Relaxed))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / MEMORY).clamp(1, u64::MAX / (2 * MEMORY))
}
