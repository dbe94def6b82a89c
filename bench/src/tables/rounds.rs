//! Rounds of several things one after the other, so that noise hits all of them.

use std::{collections::BTreeMap, fmt::Display};

use crate::{
    load::Outcome,
    options::Options,
    report::{Report, Spread},
};

/// What was measured of each thing, round by round.
pub struct Rounds<K, V>(BTreeMap<K, Vec<V>>);

impl<K: Copy + Ord + Display, V> Rounds<K, V> {
    /// One round that warms up and is forgotten, then those that count; every other one in opposite order.
    pub async fn run(
        options: &Options,
        things: &[K],
        mut measure: impl AsyncFnMut(K) -> anyhow::Result<V>,
    ) -> anyhow::Result<Self> {
        let mut all = BTreeMap::<K, Vec<V>>::new();
        for round in 0..=options.rounds {
            let mut things = things.to_vec();
            if round % 2 == 1 {
                things.reverse();
            }
            for thing in things {
                eprintln!("round {round} of {}: {thing}", options.rounds);
                let measured = measure(thing).await?;
                if round > 0 {
                    all.entry(thing).or_default().push(measured);
                }
            }
        }
        Ok(Self(all))
    }

    pub fn has(&self, thing: K) -> bool {
        self.0.contains_key(&thing)
    }

    pub fn of(&self, thing: K) -> &[V] {
        self.0.get(&thing).map_or(&[], Vec::as_slice)
    }

    /// One figure of each round.
    pub fn figure(&self, thing: K, figure: impl Fn(&V) -> f64) -> Spread {
        Spread::of(self.of(thing).iter().map(figure))
    }

    /// A figure of one thing against that of another, within each round.
    pub fn compare(
        &self,
        one: K,
        other: K,
        figure: impl Fn(&V) -> f64,
        compare: impl Fn(f64, f64) -> f64,
    ) -> Spread {
        let pairs = self.of(one).iter().zip(self.of(other));
        Spread::of(pairs.map(|(one, other)| compare(figure(one), figure(other))))
    }
}

impl<K: Copy + Ord + Display> Rounds<K, Outcome> {
    /// Says of each thing how many were not answered as they should have been.
    pub fn note_failures(&self, report: &mut Report) {
        for (thing, outcomes) in &self.0 {
            let failed: u64 = outcomes.iter().map(|outcome| outcome.failed).sum();
            let refused: u64 = outcomes.iter().map(|outcome| outcome.turned_away.count()).sum();
            let unknown: u64 = outcomes.iter().map(|outcome| outcome.unknown).sum();
            let first = outcomes.iter().find_map(|outcome| outcome.first_failure.as_deref());
            if failed + refused + unknown > 0 {
                let first = first.unwrap_or_default();
                report.note(format!(
                    "{thing}: {failed} failed ({first}), {refused} turned away, {unknown} unknown."
                ));
            }
        }
    }
}

/// NaN where there is nothing to compare with.
pub fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 { one / other } else { f64::NAN }
}
