//! How many sales may be under way at once, decided once for all three steps.

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::OrderError;

pub struct Admission {
    limit: usize,
    free: Semaphore,
    in_flight: Gauge,
}

/// A place among the sales under way; given back when dropped, also when the caller left.
pub struct Admitted<'a> {
    _permit: SemaphorePermit<'a>,
    in_flight: &'a Gauge,
}

impl Admission {
    pub fn new(limit: usize, in_flight: Gauge) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self { limit, free: Semaphore::new(limit), in_flight }
    }

    /// Takes a place, or says at once that there is none: whoever waits here would only come too late.
    ///
    /// # Errors
    /// [`OrderError::Overloaded`].
    pub fn admit(&self) -> Result<Admitted<'_>, OrderError> {
        let permit = self.free.try_acquire().map_err(|_| OrderError::Overloaded { limit: self.limit })?;
        self.in_flight.inc();
        Ok(Admitted { _permit: permit, in_flight: &self.in_flight })
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.in_flight.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_up_to_the_limit_and_again_when_one_is_done() {
        let in_flight = Gauge::default();
        let admission = Admission::new(2, in_flight.clone());
        let (first, _second) = (admission.admit().unwrap(), admission.admit().unwrap());
        assert!(matches!(admission.admit(), Err(OrderError::Overloaded { limit: 2 })));
        assert_eq!(in_flight.get(), 2);
        drop(first);
        assert!(admission.admit().is_ok());
    }
}
