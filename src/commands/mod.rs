//! What can be asked for on the command line.

mod audit;
mod export;
mod healthcheck;
mod import;
mod migrate;
mod serve;

use std::{
    ffi::OsString,
    future::Future,
    io::{self, Write},
    process::ExitCode,
};

use actix_web::rt::System;
use anyhow::Context;
use platform::telemetry;

use crate::{
    cli::{self, Action, Asked, Flags},
    failure::Failure,
    openapi,
    settings::Settings,
};

/// Does what the command line says; answers the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = cli::parse(arguments).and_then(obey);
    let is_read = telemetry::flush();
    match done {
        Ok(code) => code,
        Err(failure) => {
            // who waits for a reader of standard error that there is none of never ends
            if is_read {
                failure.report();
            }
            failure.code()
        }
    }
}

fn obey(asked: Asked) -> Result<ExitCode, Failure> {
    let (action, flags) = match asked {
        Asked::Do(action, flags) => (action, flags),
        Asked::Print(text) => {
            print(&text)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    match action {
        Action::Openapi => print(&describe(&flags)?)?,
        Action::Config => {
            let (report, faults) = Settings::explain(&flags, None);
            print(&report)?;
            if !faults.is_empty() {
                return Err(Failure::Usage(faults));
            }
        }
        Action::Healthcheck { ready } => {
            let server = Settings::load_server(&flags).map_err(Failure::Usage)?;
            return Ok(block_on(healthcheck::ask(&server, ready)));
        }
        Action::Audit { json } => return Ok(block_on(audit::audit(&start(&flags)?, json))?),
        Action::ImportProducts { file, dry_run } => {
            let settings = start(&flags)?;
            return Ok(block_on(import::import_products(&settings, &file, dry_run))?);
        }
        Action::ExportProducts { file } => {
            let settings = start(&flags)?;
            block_on(export::export_products(&settings, file.as_deref()))?;
        }
        Action::Migrate => print(&block_on(migrate::migrate(&start(&flags)?))?)?,
        Action::Serve { demo } => serve::run(&start(&flags)?, demo)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The document needs no settings, so that it can be made anywhere.
fn describe(flags: &Flags) -> Result<String, Failure> {
    let document = openapi::document(flags.role.unwrap_or_default());
    let text = document.to_pretty_json().map_err(anyhow::Error::new)?;
    Ok(text + "\n")
}

/// Settings that hold, and the log that they ask for.
fn start(flags: &Flags) -> Result<Settings, Failure> {
    let settings = Settings::load(flags, None).map_err(Failure::Usage)?;
    telemetry::start(&settings.log).map_err(|error| Failure::usage(format!("log.level: {error}")))?;
    Ok(settings)
}

fn block_on<F: Future>(work: F) -> F::Output {
    System::new().block_on(work)
}

/// Writes to standard output. Whoever closed it does not want to read on.
///
/// # Errors
/// When what is told goes nowhere: a disk that is full.
fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
