//! `pos import products`: reads a file into the catalogue, and says what came of it.

use std::{
    fs::File,
    io::Write,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use product::{
    model::LineFault,
    sheet::{Pass, Summary, Watch, import},
};

use super::print;
use crate::{settings::Settings, wiring};

/// Exit 0 when every line is in the catalogue, or could be; 1 when any is faulty.
///
/// # Errors
/// When the file or the database is not as it has to be, or what is told goes nowhere.
pub async fn import_products(settings: &Settings, path: &Path, dry_run: bool) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.with_context(|| format!("cannot read {}", path.display()))?;
    if !metadata.is_file() {
        bail!("{} is no file; it is gone through twice, so it cannot come through a pipe", path.display());
    }
    let service = wiring::open_catalogue(settings, !dry_run).await?;
    let mut progress = Progress::over(metadata.len());
    let summary = import(&service, file, dry_run, &mut progress).await;
    progress.bar.finish_and_clear();
    service.close().await;
    let summary = summary?;
    let told = print(&table(&summary, started.elapsed()));
    eprint(&closing(&summary, path, dry_run));
    told?;
    Ok(if summary.faulty == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// On a terminal a bar; every fault as it is found.
struct Progress {
    bar: ProgressBar,
    pass: Pass,
}

impl Progress {
    fn over(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let progress = Self { bar, pass: Pass::Check };
        progress.begin(Pass::Check);
        progress
    }

    fn begin(&self, pass: Pass) {
        self.bar.set_message(match pass {
            Pass::Check => "checking",
            Pass::Write => "writing ",
        });
    }
}

impl Watch for Progress {
    fn at(&mut self, pass: Pass, bytes: u64) {
        if pass != self.pass {
            self.pass = pass;
            self.begin(pass);
        }
        self.bar.set_position(bytes);
    }

    fn fault(&mut self, fault: &LineFault) {
        self.bar.suspend(|| eprint(&format!("pos: {fault}\n")));
    }
}

/// Writes to standard error. Whoever closed it does not want to read on.
fn eprint(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn table(summary: &Summary, taken: Duration) -> String {
    let tally = summary.tally;
    let names = match summary.is_written {
        true => ["made", "changed", "unchanged", "faulty"],
        false => ["to make", "to change", "unchanged", "faulty"],
    };
    let counts = [tally.made, tally.changed, tally.unchanged, summary.faulty];
    let rows = names.into_iter().zip(counts).map(|(name, count)| format!("{name:<10}{count:>12}\n"));
    rows.chain([format!("{:<10}{:>12.1}\n", "seconds", taken.as_secs_f64())]).collect()
}

fn closing(summary: &Summary, path: &Path, dry_run: bool) -> String {
    let path = path.display();
    let mut text = String::new();
    if summary.tally.stock_left > 0 {
        text += &format!(
            "pos: the stock of {} products that exist is another than in the file and stays as it is; count it or adjust it\n",
            summary.tally.stock_left
        );
    }
    text += &match (summary.faulty, summary.is_written) {
        (0, true) => String::new(),
        (0, false) => format!("pos: {path}: a dry run, nothing was written\n"),
        (_, false) if dry_run => format!("pos: {path}: nothing was written; mend the lines above\n"),
        (_, false) => format!("pos: {path}: nothing was written; mend the lines above and import it again\n"),
        (_, true) => format!(
            "pos: {path}: the catalogue changed while it was written, which ended before the lines above; mend them and \
             import it again, what is there already stays\n"
        ),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_a_small_table() {
        let summary = Summary { faulty: 3, is_written: false, ..Summary::default() };
        let told = table(&summary, Duration::from_millis(1234));
        assert_eq!(told.lines().nth(3), Some("faulty               3"));
        assert_eq!(told.lines().nth(4), Some("seconds            1.2"));
    }
}
