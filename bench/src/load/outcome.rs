//! What clients were told, and how soon.

use std::time::Duration;

use hdrhistogram::Histogram;
use nix::sys::resource::{UsageWho, getrusage};

use super::TURNED_AWAY;

/// Three digits of every time are kept.
const DIGITS: u8 = 3;
/// The code of an answer to a sale that took too long.
const UNKNOWN: &[u8] = b"outcome_unknown";

/// Times from when a request was meant to be sent to its answer.
#[derive(Clone)]
pub struct Times(Histogram<u64>);

/// Of one stretch of time.
#[derive(Clone)]
pub struct Outcome {
    pub done: Times,
    /// Told at once that the shop is full.
    pub turned_away: Times,
    /// Told that nobody knows yet: it may have been done, late.
    pub unknown: Times,
    /// Answered otherwise, or not at all.
    pub failed: u64,
    pub first_failure: Option<String>,
    /// What was done within the time.
    pub per_second: f64,
    /// Processor time of the load generator itself.
    pub own_cpu: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new(DIGITS).expect("three digits are possible"))
    }
}

impl Times {
    pub fn add(&mut self, time: Duration) {
        // it grows with what is recorded, so that this cannot fail
        let _ = self.0.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn merge(&mut self, other: &Self) {
        // fails only where the other one reaches further, and both grow as they have to
        let _ = self.0.add(&other.0);
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time within which this share of them was answered, such as 0.99; in milliseconds. NaN where none was.
    pub fn within_ms(&self, share: f64) -> f64 {
        match self.count() {
            0 => f64::NAN,
            _ => self.0.value_at_quantile(share) as f64 / 1000.0,
        }
    }
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            done: Times::default(),
            turned_away: Times::default(),
            unknown: Times::default(),
            failed: 0,
            first_failure: None,
            per_second: 0.0,
            own_cpu: Duration::ZERO,
        }
    }
}

impl Outcome {
    /// An answer, after a time; `done` is the status that was wanted.
    pub fn answered(&mut self, status: u16, done: u16, body: &[u8], after: Duration) {
        match status {
            status if status == done => self.done.add(after),
            TURNED_AWAY if has(body, UNKNOWN) => self.unknown.add(after),
            TURNED_AWAY => self.turned_away.add(after),
            _ => self.fail(format!("{status} {}", String::from_utf8_lossy(body))),
        }
    }

    /// All that were asked for.
    pub fn asked(&self) -> u64 {
        self.done.count() + self.turned_away.count() + self.never_done()
    }

    /// Who waits for these waits in vain, however soon they were told so.
    fn never_done(&self) -> u64 {
        self.unknown.count() + self.failed
    }

    /// The time within which this share was done of all that were not turned away, in milliseconds; NaN where less was.
    pub fn within_ms(&self, share: f64) -> f64 {
        let done = self.done.count();
        let rank = (share * (done + self.never_done()) as f64).ceil();
        match rank <= done as f64 {
            true => self.done.within_ms(rank / done as f64),
            false => f64::NAN,
        }
    }

    /// Processor time of the load generator, in microseconds for each that was done.
    pub fn own_cpu_each(&self) -> f64 {
        self.own_cpu.as_secs_f64() * 1e6 / self.done.count() as f64
    }

    pub fn fail(&mut self, why: String) {
        self.failed += 1;
        self.first_failure.get_or_insert(why);
    }

    pub fn merge(&mut self, other: Self) {
        self.done.merge(&other.done);
        self.turned_away.merge(&other.turned_away);
        self.unknown.merge(&other.unknown);
        self.failed += other.failed;
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }
}

fn has(body: &[u8], words: &[u8]) -> bool {
    body.windows(words.len()).any(|some| some == words)
}

/// Processor time that this program has used so far.
pub fn own_cpu() -> Duration {
    cpu(UsageWho::RUSAGE_SELF)
}

/// That of all programs that this one has started and waited for.
pub fn children_cpu() -> Duration {
    cpu(UsageWho::RUSAGE_CHILDREN)
}

fn cpu(of: UsageWho) -> Duration {
    let Ok(usage) = getrusage(of) else { return Duration::ZERO };
    let micros = |time: nix::sys::time::TimeVal| {
        let seconds = Duration::from_secs(time.tv_sec().try_into().unwrap_or_default());
        seconds + Duration::from_micros(time.tv_usec().try_into().unwrap_or_default())
    };
    micros(usage.user_time()) + micros(usage.system_time())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_that_nobody_knows_was_not_turned_away() {
        let mut outcome = Outcome::default();
        outcome.answered(503, 201, br#"{"code":"overloaded"}"#, Duration::ZERO);
        outcome.answered(503, 201, br#"{"code":"outcome_unknown"}"#, Duration::ZERO);
        outcome.answered(500, 201, b"", Duration::ZERO);
        assert_eq!((outcome.turned_away.count(), outcome.unknown.count(), outcome.failed), (1, 1, 1));
        assert_eq!(outcome.asked(), 3);
    }

    #[test]
    fn what_was_never_done_is_later_than_all_that_was() {
        let mut outcome = Outcome::default();
        (1..=97).for_each(|ms| outcome.answered(201, 201, b"", Duration::from_millis(ms)));
        outcome.answered(503, 201, b"overloaded", Duration::ZERO);
        assert!((96.9..97.1).contains(&outcome.within_ms(0.99)));
        outcome.answered(503, 201, UNKNOWN, Duration::ZERO);
        outcome.fail(String::new());
        assert!((49.9..50.1).contains(&outcome.within_ms(0.5)));
        assert!((96.9..97.1).contains(&outcome.within_ms(0.97)));
        assert!(outcome.within_ms(0.99).is_nan());
        assert!(Outcome::default().within_ms(0.5).is_nan());
    }

    #[test]
    fn times_of_any_length_are_kept_also_when_put_together() {
        let mut times = Times::default();
        (1..=98).for_each(|_| times.add(Duration::from_micros(250)));
        let mut others = Times::default();
        (1..=2).for_each(|_| others.add(Duration::from_secs(12)));
        times.merge(&others);
        assert_eq!(times.count(), 100);
        assert!((0.249..0.251).contains(&times.within_ms(0.5)));
        assert!((11_990.0..12_010.0).contains(&times.within_ms(0.99)));
        assert!(Times::default().within_ms(0.5).is_nan());
    }
}
