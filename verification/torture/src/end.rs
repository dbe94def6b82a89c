//! Signals that end a run: the first one its faults, the second one the run.

use tokio::signal::unix::{SignalKind, signal};

use crate::stop::Ender;

/// Returns with the second of Ctrl-C and SIGTERM; the first one ends the faults.
///
/// # Errors
/// When the system does not deliver them.
pub async fn asked_twice(faults: &Ender) -> anyhow::Result<()> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    for time in 0..2 {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        if time == 0 {
            println!("ending; once more, and at once");
            faults.end();
        }
    }
    Ok(())
}
