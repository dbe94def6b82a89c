//! `pos`: serves until it is told to stop, and then loses nothing that is under way.

use std::{mem::ManuallyDrop, net::SocketAddr, time::Duration};

use actix_web::rt::System;
use anyhow::{Context, bail};
use platform::{deadline::Deadline, problem::chain, settings::LogFormat};

use crate::{
    background::Background,
    greeting::Greeting,
    huge_pages, open_files,
    server::{Application, check_address, reachable},
    settings::Settings,
    stop::StopSignals,
    wiring::{self, Wired},
};

/// How long the pools, and then the threads, may take to close once nobody uses them.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Starts, serves, and stops at a signal. What is still under way then ends with the process, as by a kill: dropped after
/// its runtime, a request or a task that holds a connection panics (sqlx 0.9 gives it back by a task).
///
/// # Errors
/// When the start fails; the message says what to do.
pub fn run(settings: &Settings, demo: bool) -> anyhow::Result<()> {
    huge_pages::refuse();
    let system = ManuallyDrop::new(System::new());
    // or the last thread to end would wake a task of this one, by channels that it holds, and panic
    let _channels = ManuallyDrop::new(System::current());
    system.block_on(serve(settings, demo))
}

async fn serve(settings: &Settings, demo: bool) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    check_address(&settings.server.listen)?;
    // Whatever a start is at, it may be cut off: migrations are whole or not there.
    let wired = tokio::select! {
        wired = prepare(settings, demo) => wired?,
        signal = signals.next() => {
            tracing::info!(signal, "told to stop before the start was through");
            return Ok(());
        }
    };
    let currency = settings.shop.currency;
    let application = Application::new(wired.modules.clone(), settings.server.clone(), currency)?;
    let max_connections = open_files::raise_limit(settings.server.max_connections);
    let (server, addresses) = application.bind(max_connections)?;
    let handle = server.handle();
    let background = Background::start(&wired.modules, settings)?;
    let mut serving = actix_web::rt::spawn(server);
    greet(settings, &addresses, demo);

    let signal = tokio::select! {
        ended = &mut serving => return ended.context("the server broke off")?.context("the server failed"),
        signal = signals.next() => signal,
    };
    tracing::info!(signal, "stopping; what is under way is finished, a second signal ends at once");
    let wind_down = async {
        if drain(&application, background, settings).await > 0 {
            return Ok(());
        }
        let stopped = async {
            handle.stop(true).await;
            serving.await
        };
        // nobody works any more; this is for answers that are still being sent
        match Deadline::after(CLOSE_TIMEOUT).bound(stopped).await {
            Ok(ended) => ended.context("the server broke off")?.context("the server failed"),
            Err(_) => Ok(()),
        }
    };
    tokio::select! {
        ended = wind_down => ended?,
        signal = signals.next() => bail!("{signal} came a second time; ended at once"),
    }
    tracing::info!("stopped");
    Ok(())
}

async fn prepare(settings: &Settings, demo: bool) -> anyhow::Result<Wired> {
    let wired = wiring::wire(settings).await?;
    if demo {
        let made = wiring::seed_demo(&wired.modules).await?;
        tracing::info!(made, "demo catalogue");
    }
    Ok(wired)
}

/// Stops in the order that loses nothing: first say so and go on serving, then let nobody in and finish what is in, then
/// close the pools. The threads stop last: they keep the pools' connections alive. Answers how many requests did not end
/// in time.
async fn drain(application: &Application, background: Background, settings: &Settings) -> usize {
    application.draining.start();
    tokio::time::sleep(Duration::from_millis(settings.server.drain_ms)).await;
    let deadline = Deadline::after(Duration::from_millis(settings.server.shutdown_timeout_ms));
    let (unfinished, ()) = tokio::join!(application.gate.close(deadline), background.stop(deadline));
    if unfinished > 0 {
        tracing::warn!(unfinished, "requests did not end in time and are cut off");
    }
    if Deadline::after(CLOSE_TIMEOUT).bound(application.modules.close()).await.is_err() {
        tracing::warn!("the databases did not close in time");
    }
    unfinished
}

fn greet(settings: &Settings, addresses: &[SocketAddr], demo: bool) {
    let Some(address) = addresses.first() else {
        return;
    };
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(role = %settings.role, listen = %address, version, "serving");
    if settings.log.format == LogFormat::Text {
        let base_url = format!("http://{}", reachable(*address));
        let told = super::print(&Greeting { settings, base_url: &base_url, demo }.to_string());
        if let Err(error) = told {
            tracing::warn!(error = chain(&*error), "nobody was greeted");
        }
    }
}
