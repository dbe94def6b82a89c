//! How long the caller still waits; nobody works past it.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Header by which what is left travels with an internal call, in milliseconds.
pub const HEADER: &str = "pos-deadline-ms";

/// The moment after which an answer reaches nobody.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

/// The deadline passed before the work was done; how far it came is not known.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the deadline passed")]
pub struct Elapsed;

impl Deadline {
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// The earlier of this one and `duration` from now.
    #[must_use]
    pub fn at_most(self, duration: Duration) -> Self {
        Self(self.0.min(Instant::now() + duration))
    }

    /// What is left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// What is left in whole milliseconds, as [`HEADER`] tells it.
    pub fn left_ms(self) -> u64 {
        u64::try_from(self.remaining().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// Runs `work` until the deadline and drops it then, wherever it is: only for work that may be cut off anywhere.
    pub async fn bound<F: Future>(self, work: F) -> Result<F::Output, Elapsed> {
        tokio::time::timeout_at(self.0.into(), work).await.map_err(|_| Elapsed)
    }
}
