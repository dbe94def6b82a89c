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
        measure: impl AsyncFnMut(K) -> anyhow::Result<V>,
    ) -> anyhow::Result<Self> {
        Self::run_after(options, &[], things, measure).await
    }

    /// With things that come first in every round, since the others depend on what they showed.
    pub async fn run_after(
        options: &Options,
        first: &[K],
        then: &[K],
        mut measure: impl AsyncFnMut(K) -> anyhow::Result<V>,
    ) -> anyhow::Result<Self> {
        let mut all = BTreeMap::<K, Vec<V>>::new();
        for round in 0..=options.rounds {
            let (mut first, mut then) = (first.to_vec(), then.to_vec());
            if round % 2 == 1 {
                first.reverse();
                then.reverse();
            }
            for thing in first.into_iter().chain(then) {
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
            note_kinds(report, thing, outcomes.iter(), &NOT_DONE);
        }
    }
}

/// What an outcome may be, and how many of an [`Outcome`] were that.
pub type Kind = (&'static str, fn(&Outcome) -> u64);

pub const NOT_DONE: [Kind; 3] = [("turned away", |outcome| outcome.turned_away.count()), UNKNOWN, FAILED];
/// Of who was let in.
pub const LOST: [Kind; 2] = [UNKNOWN, FAILED];
const UNKNOWN: Kind = ("with unknown outcome", |outcome| outcome.unknown.count());
const FAILED: Kind = ("failed", |outcome| outcome.failed);

/// Says how many there were of each kind, where there were any, and the first failure.
pub fn note_kinds<'a>(
    report: &mut Report,
    thing: &impl Display,
    outcomes: impl Iterator<Item = &'a Outcome> + Clone,
    kinds: &[Kind],
) {
    let counted = kinds.iter().map(|(what, count)| (what, outcomes.clone().map(count).sum::<u64>()));
    let told: Vec<String> =
        counted.filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")).collect();
    let first = outcomes.clone().find_map(|outcome| outcome.first_failure.as_deref());
    let first = first.map_or(String::new(), |first| format!(" ({first})"));
    if !told.is_empty() {
        report.note(format!("{thing}: {}{first}.", told.join(", ")));
    }
}

/// NaN where there is nothing to compare with.
pub fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 && other.is_finite() { one / other } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[tokio::test]
    async fn forgets_the_warm_up_turns_the_order_and_compares_within_a_round() {
        let options = Options::parse_from(["bench", "all", "--rounds", "3"]);
        let mut order = Vec::new();
        let measure = async |thing: u8| {
            order.push(thing);
            // each later one is slower, as if noise grew
            Ok(f64::from(thing) * order.len() as f64)
        };
        let rounds = Rounds::run(&options, &[1, 2], measure).await.unwrap();
        assert_eq!(order, [1, 2, 2, 1, 1, 2, 2, 1]);
        assert_eq!(rounds.of(1), [4.0, 5.0, 8.0]);
        assert_eq!(rounds.figure(2, |value| *value).median(), 12.0);
        let ratios = rounds.compare(2, 1, |value| *value, ratio);
        assert_eq!(ratios.show(2), "1.75 (1.50–2.40)");
        assert!(ratio(1.0, 0.0).is_nan() && ratio(1.0, f64::INFINITY).is_nan());
    }

    #[tokio::test]
    async fn what_others_depend_on_comes_first_in_every_round() {
        let options = Options::parse_from(["bench", "all", "--rounds", "1"]);
        let mut order = Vec::new();
        let measure = async |thing: u8| {
            order.push(thing);
            Ok(())
        };
        Rounds::run_after(&options, &[1, 2], &[3, 4], measure).await.unwrap();
        assert_eq!(order, [1, 2, 3, 4, 2, 1, 4, 3]);
    }
}
