//! What was measured, beside what must be shown. Counts are exact; times and ratios get room on a busy machine.

use std::{fmt::Display, time::Duration};

/// How much longer than it must be a time may take here before it is a failure: the load generator, the databases and
/// all services share the machine's cores, with whatever else it does.
const ROOM: u32 = 3;

/// A table, printed at the end, also of a trial that failed.
#[derive(Default)]
pub struct Figures(Vec<[String; 4]>);

impl Figures {
    pub fn note(&mut self, what: &str, figure: impl Display) {
        self.row(what, figure, "", "");
    }

    /// A count that must be 0.
    pub fn none(&mut self, what: &str, count: usize) {
        self.row(what, count, "0", verdict(count == 0));
        assert_eq!(count, 0, "{what}");
    }

    /// A time that must stay within a bound.
    pub fn time(&mut self, what: &str, took: Duration, bound: Duration) {
        let figure = format!("{:.2} s", took.as_secs_f64());
        let must = format!("≤ {:.1} s", bound.as_secs_f64());
        self.row(what, figure, &must, verdict(took <= bound));
        assert!(took <= bound * ROOM, "{what}: {took:?}, must be {bound:?}");
    }

    /// A figure that must stay within a bound, and fails past another.
    pub fn at_most(&mut self, what: &str, figure: f64, bound: f64, unit: &str, failure: f64) {
        let shown = format!("{figure:.1}{unit}");
        let must = format!("≤ {bound:.1}{unit}");
        self.row(what, shown, &must, verdict(figure <= bound));
        assert!(figure <= failure, "{what}: {figure}{unit}, must be {bound}");
    }

    fn row(&mut self, what: &str, figure: impl Display, must: &str, verdict: &str) {
        println!("   {what}: {figure} {must} {verdict}");
        self.0.push([what.to_owned(), figure.to_string(), must.to_owned(), verdict.to_owned()]);
    }
}

fn verdict(holds: bool) -> &'static str {
    if holds { "ok" } else { "MISSED" }
}

impl Drop for Figures {
    fn drop(&mut self) {
        println!("\n| what | measured | must | |\n| --- | --- | --- | --- |");
        for [what, figure, must, verdict] in &self.0 {
            println!("| {what} | {figure} | {must} | {verdict} |");
        }
    }
}
