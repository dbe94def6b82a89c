//! What was measured: tables, charts, and the ratios that must be shown.

mod chart;
mod goals;
mod machine;
mod spread;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

pub use chart::{Bars, Lines, Series};
pub use goals::Goal;
pub use spread::Spread;

use crate::{ground::Ground, options::Options};

const CHARTS: &str = "performance";
/// What stands between the two in docs/PERFORMANCE.md is written anew by `--report`.
const BEGIN: &str = "<!-- measured by bench: begin -->";
const END: &str = "<!-- measured by bench: end -->";

#[derive(Default)]
pub struct Report {
    sections: Vec<String>,
    charts: Vec<(&'static str, String)>,
    goals: Vec<(Goal, Spread)>,
    notes: Vec<String>,
}

/// A table under a heading.
pub struct Section {
    text: String,
}

impl Section {
    pub fn new(title: &str, about: &str, head: &[&str]) -> Self {
        let rule = "| --- ".repeat(head.len());
        Self { text: format!("### {title}\n\n{about}\n\n| {} |\n{rule}|\n", head.join(" | ")) }
    }

    pub fn row(&mut self, cells: &[String]) {
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

impl Report {
    pub fn section(&mut self, section: Section) {
        println!("\n{}", section.text);
        self.sections.push(section.text);
    }

    /// `name` is its file's.
    pub fn chart(&mut self, name: &'static str, svg: String) {
        self.charts.push((name, svg));
    }

    pub fn goal(&mut self, goal: Goal, values: Spread) {
        self.goals.push((goal, values));
    }

    /// What a reader of the figures must know.
    pub fn note(&mut self, note: String) {
        println!("{note}");
        self.notes.push(note);
    }

    /// Of what the program that stands there showed: into target/bench, and into docs where that is asked for.
    pub fn write(mut self, options: &Options, ground: &Ground) -> anyhow::Result<()> {
        self.goals.sort_by_key(|(goal, _)| *goal);
        let target = std::env::current_exe()?;
        let target =
            target.ancestors().nth(2).context("this program is in no target directory")?.join("bench");
        let text = self.markdown(options, ground);
        self.write_charts(&target.join(CHARTS))?;
        fs::write(target.join("report.md"), &text)?;
        println!("\n{}\nReport and charts are in {}.", goals::markdown(&self.goals), target.display());
        if options.report {
            let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").canonicalize()?;
            self.write_charts(&docs.join(CHARTS))?;
            put_between_marks(&docs.join("PERFORMANCE.md"), &text)?;
        }
        Ok(())
    }

    fn write_charts(&self, directory: &PathBuf) -> anyhow::Result<()> {
        fs::create_dir_all(directory)?;
        for (name, svg) in &self.charts {
            fs::write(directory.join(format!("{name}.svg")), svg)?;
        }
        Ok(())
    }

    fn markdown(&self, options: &Options, ground: &Ground) -> String {
        let mut text = machine::describe(options, ground);
        if !self.goals.is_empty() {
            let _ = write!(text, "\n\n### Against what must be\n\n{}", goals::markdown(&self.goals));
        }
        for section in &self.sections {
            let _ = write!(text, "\n\n{}", section.trim_end());
        }
        for (name, _) in &self.charts {
            let _ = write!(text, "\n\n![{}]({CHARTS}/{name}.svg)", name.replace('-', " "));
        }
        for note in &self.notes {
            let _ = write!(text, "\n\n{note}");
        }
        text + "\n"
    }
}

/// In place of what an earlier run put there, or at the end.
fn put_between_marks(file: &Path, text: &str) -> anyhow::Result<()> {
    let old = fs::read_to_string(file)?;
    let (before, after) = match old.split_once(BEGIN) {
        Some((before, rest)) => {
            let (_, after) = rest
                .split_once(END)
                .with_context(|| format!("{}: no {END} after {BEGIN}", file.display()))?;
            (before.to_owned(), after)
        }
        None => (format!("{}\n\n", old.trim_end()), "\n"),
    };
    fs::write(file, format!("{before}{BEGIN}\n## The ruler\n\n{text}{END}{after}"))?;
    Ok(())
}
