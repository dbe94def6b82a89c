//! How many sales may be under way at once, decided once for all three steps.
//!
//! A fixed number cannot fit: what a laptop takes in its stride is two seconds of work on a slow disk, or where three
//! services share a database, and then every sale that was let in is answered too late. So the number follows the time
//! that sales take. It is seen before they are done: by Little's law, the time that all together have been under way,
//! divided by how many were done meanwhile, is what one of them takes; where a queue grows, what it will take.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use prometheus_client::metrics::gauge::Gauge;

use super::{error::OrderError, metrics::OrderMetrics};
use crate::settings::OrderSettings;

/// Never fewer, however slow they are: whether it got better is seen by those that are let in. And not many, since every order
/// service lets in as many: on a machine that others use up, eight each were all late, and left to the sweepers.
const LEAST: f64 = 2.0;
/// Sales that a judgement needs at least; fewer say more about themselves than about the load.
const WINDOW_SALES: u32 = 10;
/// How long is looked before a judgement at least.
const WINDOW: Duration = Duration::from_millis(200);
/// The most that one judgement takes away of what may be under way, where as many are, and adds.
const MOST_DOWN: f64 = 0.5;
const UP: f64 = 1.1;
/// Under way, they are too few to tell a load that grows from a moment in which the disk was slow.
const FEW: usize = 32;
/// As long without a sale, a shop has been idle: longer than those wait that are turned away together, before they ask again.
const IDLE: Duration = Duration::from_secs(2);
/// Share of the limit that must have been in use before more is let in: an idle shop has shown nothing.
const IN_USE: f64 = 0.8;

pub struct Admission {
    most: f64,
    /// What a sale may take on average.
    target: Duration,
    state: Mutex<State>,
    in_flight: Gauge,
    limit: Gauge,
}

struct State {
    in_flight: usize,
    /// Since when none is under way, or there was always one.
    since: Instant,
    limit: f64,
    window: Window,
}

/// What was seen since the last judgement.
struct Window {
    begun: Instant,
    /// Until when `under_way` is counted.
    counted: Instant,
    /// Of all sales together.
    under_way: Duration,
    done: u32,
    peak: usize,
}

/// A place among the sales under way; given back when dropped, also when the caller left.
pub struct Admitted<'a>(&'a Admission);

impl Admission {
    pub fn new(settings: &OrderSettings, metrics: &OrderMetrics) -> Self {
        let most = settings.max_in_flight as f64;
        let now = Instant::now();
        let state = State { in_flight: 0, since: now, limit: most, window: Window::begin(now) };
        let (in_flight, limit) = (metrics.in_flight.clone(), metrics.in_flight_limit.clone());
        limit.set(most as i64);
        Self { most, target: settings.target(), state: Mutex::new(state), in_flight, limit }
    }

    /// Takes a place, or says at once that there is none: whoever waits here would only come too late.
    ///
    /// # Errors
    /// [`OrderError::Overloaded`].
    pub fn admit(&self) -> Result<Admitted<'_>, OrderError> {
        let mut state = self.state();
        let now = Instant::now();
        if state.in_flight == 0 {
            let idle_since = std::mem::replace(&mut state.since, now);
            if now.saturating_duration_since(idle_since) >= IDLE {
                self.begin_anew(&mut state, now);
            }
        }
        self.look(&mut state, now);
        let limit = state.limit as usize;
        if state.in_flight >= limit {
            return Err(OrderError::Overloaded { limit });
        }
        state.in_flight += 1;
        state.window.peak = state.window.peak.max(state.in_flight);
        self.in_flight.inc();
        Ok(Admitted(self))
    }

    /// What was seen before a pause says nothing about what comes after it.
    fn begin_anew(&self, state: &mut State, now: Instant) {
        (state.limit, state.window) = (self.most, Window::begin(now));
        self.limit.set(self.most as i64);
    }

    fn leave(&self, now: Instant) {
        self.in_flight.dec();
        let mut state = self.state();
        state.window.done += 1;
        self.look(&mut state, now);
        state.in_flight -= 1;
        if state.in_flight == 0 {
            state.since = now;
        }
    }

    /// Counts the time up to now, and judges once enough was seen.
    fn look(&self, state: &mut State, now: Instant) {
        let window = &mut state.window;
        let in_flight = u32::try_from(state.in_flight).unwrap_or(u32::MAX);
        window.under_way += now.saturating_duration_since(window.counted) * in_flight;
        window.counted = now;
        // where that many would have been too slow already, nobody waits for them
        let is_enough = window.done >= WINDOW_SALES || window.under_way >= self.target * WINDOW_SALES;
        let longer_than = |since| now.saturating_duration_since(since) >= WINDOW;
        // where many come after a pause, none can be done yet
        let is_told = longer_than(state.since) || !self.is_slow(window);
        if is_enough && is_told && longer_than(window.begun) {
            let next = Window { peak: state.in_flight, ..Window::begin(now) };
            let seen = std::mem::replace(&mut state.window, next);
            state.limit = self.judge(state.limit, &seen);
            self.limit.set(state.limit as i64);
        }
    }

    fn is_slow(&self, seen: &Window) -> bool {
        seen.under_way > self.target * seen.done
    }

    /// The limit from now on.
    fn judge(&self, limit: f64, seen: &Window) -> f64 {
        if self.is_slow(seen) {
            let rate = f64::from(seen.done) / (seen.counted - seen.begun).as_secs_f64();
            let fits = rate * self.target.as_secs_f64();
            // a limit that nobody came near would let in whoever comes while it is halved down to them; so TCP goes by
            // what is in flight, too, not by its window (RFC 5681, 3.1)
            let in_use = seen.peak.max(FEW) as f64;
            return fits.max(in_use.min(limit * MOST_DOWN)).max(LEAST).min(limit);
        }
        // of a limit of 2.9 two are all that can be in use
        match seen.peak as f64 >= limit.floor() * IN_USE {
            true => (limit * UP + 1.0).min(self.most),
            false => limit,
        }
    }

    /// Nothing that holds the lock can panic half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn begin(now: Instant) -> Self {
        Self { begun: now, counted: now, under_way: Duration::ZERO, done: 0, peak: 0 }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.leave(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(400);

    fn up_to(most: usize) -> Admission {
        let settings = OrderSettings {
            max_in_flight: most,
            target_ms: TARGET.as_millis() as u64,
            ..crate::tests::support::TestShop::settings()
        };
        Admission::new(&settings, &OrderMetrics::default())
    }

    #[test]
    fn admits_up_to_the_limit_and_again_when_one_is_done() {
        let admission = up_to(2);
        let (first, _second) = (admission.admit().unwrap(), admission.admit().unwrap());
        assert!(matches!(admission.admit(), Err(OrderError::Overloaded { limit: 2 })));
        assert_eq!(admission.in_flight.get(), 2);
        drop(first);
        assert!(admission.admit().is_ok());
    }

    /// For a second: a shop that does this many a second, while as many ask.
    fn seen(rate: u32, in_flight: usize) -> Window {
        let begun = Instant::now();
        let second = Duration::from_secs(1);
        let under_way = second * in_flight as u32;
        Window { begun, counted: begun + second, under_way, done: rate, peak: in_flight }
    }

    /// A shop that does this many a second, and is always asked for more.
    fn settled(rate: u32, from: f64) -> f64 {
        let admission = up_to(256);
        (0..100).fold(from, |limit, _| admission.judge(limit, &seen(rate, limit as usize)))
    }

    #[test]
    fn settles_where_sales_take_as_long_as_they_may_from_above_and_below() {
        for rate in [60, 150, 400] {
            for from in [8.0, 256.0] {
                let took = settled(rate, from) / f64::from(rate);
                assert!((0.3..0.5).contains(&took), "{rate}/s from {from}: {took} s");
            }
        }
        for from in [2.0, 2.9, 3.9, 8.0] {
            assert_eq!(
                settled(2000, from),
                256.0,
                "a quick shop needs no limit but the greatest: from {from}"
            );
        }
        assert_eq!(settled(0, 256.0), 2.0);
    }

    #[test]
    fn what_was_not_in_use_is_neither_added_to_nor_taken_away() {
        let admission = up_to(256);
        assert_eq!(admission.judge(100.0, &seen(200, 20)), 100.0);
        assert_eq!(admission.judge(100.0, &seen(200, 85)), 80.0, "a queue that grows");
        assert_eq!(admission.judge(100.0, &seen(20, 90)), 50.0, "half at most");
        assert_eq!(admission.judge(256.0, &seen(20, 60)), 60.0, "down to those who are there");
        assert_eq!(admission.judge(60.0, &seen(20, 60)), 30.0, "and then by halves");
        assert_eq!(admission.judge(256.0, &seen(0, 2)), 32.0, "two that fail take no place from others");
        assert_eq!(up_to(1).judge(1.0, &seen(0, 1)), 1.0, "never more than may be");
    }

    #[test]
    fn a_shop_that_was_idle_lets_in_as_many_as_at_its_start() {
        let admission = up_to(256);
        let limit_after = |idle: Duration| {
            {
                let mut state = admission.state();
                let since = Instant::now().checked_sub(idle).unwrap();
                (state.limit, state.since, state.window) = (LEAST, since, Window::begin(since));
            }
            let _first = admission.admit().unwrap();
            let limit = admission.state().limit;
            let _second = admission.admit().unwrap();
            assert_eq!(admission.in_flight.get(), 2);
            assert!(admission.state().since.elapsed() < IDLE / 2, "busy from now on");
            limit
        };
        assert_eq!(limit_after(IDLE), 256.0);
        assert_eq!(limit_after(IDLE / 2), LEAST, "a shop that sells slowly has moments without a sale");
        let busy_since = admission.state().since;
        drop(admission.admit().unwrap());
        assert!(admission.state().since > busy_since, "idle again, when the last one is done");
    }

    #[test]
    fn a_rush_after_a_pause_is_judged_when_its_sales_can_be_done() {
        let admission = up_to(256);
        let pause = WINDOW * 2;
        let begun = Instant::now().checked_sub(pause).unwrap();
        {
            let mut state = admission.state();
            (state.since, state.window) = (begun, Window::begin(begun));
        }
        let _rush: Vec<_> = (0..250).map(|_| admission.admit().unwrap()).collect();
        let busy_since = admission.state().since;
        let limit_after = |time| {
            let mut state = admission.state();
            admission.look(&mut state, busy_since + time);
            state.limit
        };
        assert_eq!(limit_after(WINDOW / 2), 256.0);
        assert_eq!(limit_after(WINDOW), 128.0);
    }

    #[test]
    fn one_slow_sale_changes_nothing_and_ten_that_never_end_do() {
        let admission = up_to(256);
        let begun = Instant::now();
        let after = |in_flight, time| {
            let mut state = admission.state();
            let window = Window { peak: in_flight, ..Window::begin(begun) };
            (state.in_flight, state.since, state.window) = (in_flight, begun, window);
            admission.look(&mut state, begun + time);
            state.limit
        };
        assert_eq!(after(1, TARGET * 5), 256.0);
        assert_eq!(after(10, TARGET * 2), 32.0);
    }
}
