//! The torture run: a shop of `pos` under random faults, and the check that no sale was lost, doubled or oversold.

mod audit;
mod check;
mod clients;
mod end;
mod faults;
mod history;
mod options;
mod pending;
mod report;
mod run;
mod shop;
mod stop;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use options::Options;
use torture::{dns, lock, place, postgres, process};

/// Something did not hold; 1 is for a run that could not be made.
const EXIT_VIOLATIONS: u8 = 2;
/// Wrong options (EX_USAGE of sysexits.h).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(until_stopped(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(EXIT_VIOLATIONS),
        Err(error) => {
            eprintln!("torture: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn until_stopped(options: &Options) -> anyhow::Result<bool> {
    let (ender, stop) = stop::phase();
    tokio::select! {
        outcome = run::run(options, stop) => outcome,
        asked = end::asked_twice(&ender) => {
            asked?;
            anyhow::bail!("ended at once, and nothing was checked")
        }
    }
}
