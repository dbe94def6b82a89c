//! What pgbench's log of transactions tells of a window of time in which all its clients run.
//!
//! Its own rate is that of the whole run: of first plans, of cold caches, and of a tail in which ever fewer clients run.

use std::{ops::Range, time::Duration};

use anyhow::Context;

use crate::load::Outcome;

/// Before the window, all clients run for so long.
pub const LEAD_IN: Duration = Duration::from_secs(1);

pub struct Log(Vec<Ended>);

/// A transaction, by its end.
struct Ended {
    /// Microseconds since 1970.
    at: u64,
    /// Or the line, where it failed.
    took: Result<Duration, String>,
}

impl Ended {
    /// Client, number, microseconds or a word that says that it failed, script, and the end in seconds and microseconds.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        let took = fields.nth(2)?.parse().map(Duration::from_micros).map_err(|_| line.to_owned());
        let seconds: u64 = fields.nth(1)?.parse().ok()?;
        let micros: u64 = fields.next()?.parse().ok()?;
        Some(Self { at: seconds * 1_000_000 + micros, took })
    }
}

impl Log {
    /// # Errors
    /// When a line is none of pgbench's.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let parse = |line| Ended::parse(line).with_context(|| format!("pgbench logs {line}"));
        Ok(Self(text.lines().map(parse).collect::<anyhow::Result<_>>()?))
    }

    /// What ended in a window of this length; without a rate where pgbench did not run as long.
    ///
    /// `cpu` is that of the whole run, the only one that can be had: each of the window gets as much as any of the run.
    pub fn outcome(&self, lasting: Duration, cpu: Duration) -> Outcome {
        let mut outcome = Outcome { per_second: f64::NAN, ..Outcome::default() };
        let Some(window) = self.window(lasting) else {
            outcome.fail("the time was over before the clients had run for a round".to_owned());
            return outcome;
        };
        // those of the lead-in fail the baseline as well; after the window pgbench gives up what it would try again
        for ended in self.0.iter().filter(|ended| ended.at < window.end) {
            match &ended.took {
                Ok(took) if ended.at >= window.start => outcome.done.add(*took),
                Ok(_) => {}
                Err(line) => outcome.fail(line.clone()),
            }
        }
        let done = outcome.done.count() as f64;
        outcome.per_second = done / lasting.as_secs_f64();
        outcome.own_cpu = cpu.mul_f64(done / self.0.len() as f64);
        outcome
    }

    /// pgbench lets no client begin before all are connected, and each goes on until the time is over: where one has ended nothing
    /// at last, it waits for a lock.
    fn window(&self, lasting: Duration) -> Option<Range<u64>> {
        let micros = |time: Duration| time.as_micros() as u64;
        let ends = || self.0.iter().map(|ended| ended.at);
        let start = ends().min()? + micros(LEAD_IN);
        let window = start..start + micros(lasting);
        (ends().max()? >= window.end).then_some(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: Duration = Duration::from_secs(2);
    /// The window is from 1,700,000,001.5 to 1,700,000,003.5.
    const RUN: &str = "0 1 90000 0 1700000000 500000 0
1 1 80000 0 1700000001 499999 0
0 2 2500 0 1700000001 500000 0
1 2 2500 0 1700000003 499999 1
0 3 70000 0 1700000003 500000 0
1 3 70000 0 1700000004 2 0
";

    fn outcome(log: &str) -> Outcome {
        Log::parse(log).unwrap().outcome(ROUND, Duration::from_millis(60))
    }

    #[test]
    fn counts_what_ends_within_the_window() {
        let outcome = outcome(RUN);
        assert_eq!((outcome.done.count(), outcome.failed), (2, 0));
        assert!((2.49..2.51).contains(&outcome.done.within_ms(0.99)));
        assert_eq!(outcome.per_second, 1.0);
        assert_eq!(outcome.own_cpu, Duration::from_millis(20));
    }

    #[test]
    fn counts_failures_up_to_the_end_of_the_window() {
        let failed = |at| format!("{RUN}1 9 failed 0 {at} 2 3\n");
        assert_eq!(outcome(&failed(1_700_000_001)).failed, 1);
        assert_eq!(outcome(&failed(1_700_000_002)).failed, 1);
        assert_eq!(outcome(&failed(1_700_000_004)).failed, 0);
    }

    #[test]
    fn has_no_rate_where_pgbench_did_not_run_to_the_end() {
        let ended_early = RUN.lines().take(4).collect::<Vec<_>>().join("\n");
        for log in [ended_early.as_str(), ""] {
            let outcome = outcome(log);
            assert!(outcome.per_second.is_nan());
            assert_eq!((outcome.done.count(), outcome.failed), (0, 1));
        }
    }

    #[test]
    fn refuses_a_line_of_something_else() {
        assert!(Log::parse("0 1 2500\n").is_err());
    }
}
