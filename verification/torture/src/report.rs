//! The report of a run, as Markdown.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use crate::{check::Findings, options::Options};

/// What happened.
pub struct Report<'a> {
    pub options: &'a Options,
    pub seed: u64,
    pub took: Duration,
    pub answers: BTreeMap<(&'static str, String), u64>,
    pub faults: BTreeMap<&'static str, u64>,
    pub harms: BTreeMap<String, u64>,
    pub logged: Vec<(&'static str, usize)>,
    pub ended_by_itself: u32,
    pub pending: Vec<Duration>,
    pub findings: &'a Findings,
    pub audit: String,
}

impl Report<'_> {
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // into a String: cannot fail
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let (shape, minutes) = (self.options.shape.name(), self.took.as_secs_f64() / 60.0);
        writeln!(text, "### `--shape {shape} --seed {} --minutes {}`\n", self.seed, self.options.minutes)?;
        writeln!(text, "| | |\n| --- | ---: |")?;
        let count = |name: &str| self.findings.counts.get(name).copied().unwrap_or_default();
        let mut row = |name: &str, value: String| writeln!(text, "| {name} | {value} |");
        row("minutes", format!("{minutes:.1}"))?;
        for name in [
            "sales asked for",
            "orders sold",
            "orders refused",
            "orders given up",
            "orders undecided",
            "movements",
            "reads",
        ] {
            row(name, count(name).to_string())?;
        }
        row("answers to sales that left the outcome open", self.unknown().to_string())?;
        for name in [
            "never told",
            "never told, and sold",
            "never told, and not sold",
            "never told, and nothing there",
        ] {
            row(&format!("sales {name}"), count(name).to_string())?;
        }
        row("faults", self.faults.values().sum::<u64>().to_string())?;
        row(
            "requests, answers and connections harmed on the wire",
            self.harms.values().sum::<u64>().to_string(),
        )?;
        row("orders left undecided by faults", self.pending.len().to_string())?;
        row("decided after the services were well: p50, p99, max", self.pending_times())?;
        row("processes that ended by themselves, and were started again", self.ended_by_itself.to_string())?;
        row("`pos audit`", self.audit.clone())?;
        row("**violations**", format!("**{}**", self.findings.total()))?;
        self.findings.unchecked().iter().try_for_each(|why| writeln!(text, "\nCOULD NOT CHECK: {why}"))?;
        self.write_counts(text)?;
        for (rule, (count, shown)) in &self.findings.violations {
            writeln!(text, "\nVIOLATION, {count} times: {rule}")?;
            shown.iter().try_for_each(|detail| writeln!(text, "- {detail}"))?;
        }
        Ok(())
    }

    fn write_counts(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\n| fault | times |\n| --- | ---: |")?;
        for (fault, count) in &self.faults {
            writeln!(text, "| {fault} | {count} |")?;
        }
        for (harm, count) in &self.harms {
            writeln!(text, "| on a wire: {harm} | {count} |")?;
        }
        for (words, count) in &self.logged {
            writeln!(text, "| in PostgreSQL's log: {words} | {count} |")?;
        }
        writeln!(text, "\n| asked | told | times |\n| --- | --- | ---: |")?;
        for ((kind, said), count) in &self.answers {
            writeln!(text, "| {kind} | {said} | {count} |")?;
        }
        Ok(())
    }

    fn unknown(&self) -> u64 {
        let open = |said: &str| {
            said.starts_with("silence")
                || said.starts_with('5')
                || said.starts_with("429")
                || said.starts_with("408")
        };
        let sales = self.answers.iter().filter(|((kind, said), _)| *kind == "sale" && open(said));
        sales.map(|(_, count)| count).sum()
    }

    fn pending_times(&self) -> String {
        let mut times = self.pending.clone();
        times.sort_unstable();
        let at = |share: f64| {
            let index = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len().max(1)) - 1;
            times.get(index).map_or("-".to_owned(), |time| format!("{:.2} s", time.as_secs_f64()))
        };
        format!("{}, {}, {}", at(0.5), at(0.99), at(1.0))
    }
}
