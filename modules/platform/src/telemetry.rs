//! Sets up the log: readable lines, or JSON for a collector, on standard error.

mod lines;

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
    thread,
    time::Duration,
};

use tracing_subscriber::{EnvFilter, filter::ParseError, util::SubscriberInitExt};

use self::lines::Lines;
use crate::settings::{LogFormat, LogSettings};

/// Longer is not waited at the end for whoever reads the log.
const FLUSHED_WITHIN: Duration = Duration::from_secs(1);

static LINES: OnceLock<Lines> = OnceLock::new();

/// Starts logging for the process; a second call changes nothing.
///
/// # Errors
/// When `log.level` is not a filter such as `info` or `info,order=debug`.
pub fn start(settings: &LogSettings) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(&settings.level)?;
    let lines = LINES.get_or_init(|| {
        thread::spawn(|| LINES.wait().write_to(io::stderr()));
        Lines::new(settings.buffer_bytes, Duration::from_millis(settings.delay_ms))
    });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
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

/// Waits until the log is written, a second at most, and answers whether it is. For the end of the process.
pub fn flush() -> bool {
    LINES.get().is_none_or(|lines| lines.flush(FLUSHED_WITHIN))
}
