//! Sets up the log: readable lines, or JSON for a collector, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, filter::ParseError, util::SubscriberInitExt};

use crate::settings::{LogFormat, LogSettings};

/// Starts logging for the process; a second call changes nothing.
///
/// # Errors
/// When `log.level` is not a filter such as `info` or `info,order=debug`.
pub fn start(settings: &LogSettings) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(&settings.level)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
        LogFormat::Text => {
            builder.with_ansi(io::stderr().is_terminal()).with_target(false).finish().try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("logging was started already");
    }
    Ok(())
}
