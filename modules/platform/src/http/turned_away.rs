//! Says in the log that requests were turned away, each worker once a second: an event for each would be one more load on a shop that has too
//! much already.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use tracing::warn;

const EVERY: Duration = Duration::from_secs(1);

thread_local! {
    static TALLY: RefCell<Tally> = const { RefCell::new(Tally { said: None, untold: 0 }) };
}

/// Of one thread.
struct Tally {
    said: Option<Instant>,
    /// Turned away since then.
    untold: u64,
}

/// Marks an answer that passes on that a replica turned the request away.
#[derive(Clone, Copy, Debug)]
pub struct TurnedAway;

/// A request was turned away.
pub fn note() {
    let due = TALLY.with_borrow_mut(|tally| tally.note(Instant::now()));
    if let Some(requests) = due {
        warn!(requests, "turned away: more requests are under way than can be served");
    }
}

impl Tally {
    /// Counts one more; answers how many there were when it is time to say so.
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.untold += 1;
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < EVERY) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_rest_once_a_second() {
        let (begun, mut tally) = (Instant::now(), Tally { said: None, untold: 0 });
        let told: Vec<_> =
            [0, 1, 999, 1000, 1001, 2500].map(|ms| tally.note(begun + Duration::from_millis(ms))).into();
        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
