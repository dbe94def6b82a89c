//! `pos audit`: checks both databases, and says what it found.

use std::process::ExitCode;

use anyhow::Context;
use contract::audit::Invariant;
use indicatif::{ProgressBar, ProgressStyle};

use super::print;
use crate::{
    audit::{self, Progress},
    settings::Settings,
    wiring,
};

/// Something does not hold; 1 is for what could not be checked.
const EXIT_VIOLATIONS: u8 = 2;

/// # Errors
/// When a database cannot be reached, or fails meanwhile, or the report goes nowhere.
pub async fn audit(settings: &Settings, as_json: bool) -> anyhow::Result<ExitCode> {
    let shop = wiring::open_to_audit(settings).await?;
    let rows = Rows::start();
    let tally = audit::audit(&shop, &rows).await;
    rows.0.finish_and_clear();
    let tally = tally.context("a database failed, so this shop could not be checked; repeat it")?;
    match as_json {
        true => print(&format!("{:#}\n", audit::json(&tally)))?,
        false => print(&audit::table(&tally))?,
    }
    Ok(if tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_VIOLATIONS) })
}

/// On a terminal: how many rows were checked so far, and how fast.
struct Rows(ProgressBar);

impl Rows {
    fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("checking {msg}: {human_pos} checks, {per_sec}, {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self(bar)
    }
}

impl Progress for Rows {
    fn checked(&self, of: Invariant, rows: u64) {
        self.0.set_message(of.number());
        self.0.inc(rows);
    }
}
