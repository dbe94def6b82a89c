//! The ruler: measures `pos` as real processes against what its database and other proxies can do, in the same run.

mod ground;
mod load;
mod options;
mod pgbench;
mod report;
mod reportable;
mod tables;

use std::process::ExitCode;

use clap::Parser;
use options::Options;

fn main() -> ExitCode {
    let options = Options::parse().settled();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(until_stopped(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C leaves no process behind: they end with what holds them.
async fn until_stopped(options: &Options) -> anyhow::Result<()> {
    tokio::select! {
        outcome = tables::run(options) => outcome,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("ended by Ctrl-C"),
    }
}
