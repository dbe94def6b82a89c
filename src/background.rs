//! What goes on beside the requests, on the main thread: the sweeper, and forgetting old answers.

use std::{rc::Rc, time::Duration};

use actix_web::rt::{self, task::JoinHandle};
use platform::{
    database::{Database, remembered},
    deadline::Deadline,
    problem::chain,
    settings::IdempotencySettings,
};
use tokio::sync::watch;

use crate::{settings::Settings, wiring::Modules};

/// Pause before a task is started anew after a panic.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// The running tasks.
pub struct Background {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts everything that the role needs.
    ///
    /// # Errors
    /// When the gateway has no resolver.
    pub fn start(modules: &Modules, settings: &Settings) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        if let Some(order) = modules.order.clone() {
            let service = Rc::new(order.bind());
            let told = stopped.clone();
            let sweep = move || {
                let (service, told) = (service.clone(), told.clone());
                async move { service.sweep(told).await }
            };
            tasks.push(rt::spawn(keep_running("sweeper", sweep, stopped.clone())));
        }
        for (_, database) in &modules.databases {
            let (database, settings, told) =
                (database.clone(), settings.idempotency.clone(), stopped.clone());
            let purge = move || keep_purging(database.clone(), settings.clone(), told.clone());
            tasks.push(rt::spawn(keep_running("forgetting old answers", purge, stopped.clone())));
        }
        if let Some(gateway) = &modules.gateway {
            for gateway::Task { name, start } in gateway.tasks(&stopped)? {
                tasks.push(rt::spawn(keep_running(name, start, stopped.clone())));
            }
        }
        Ok(Self { stop, tasks })
    }

    /// Tells all to stop and waits for them, until the deadline at most.
    pub async fn stop(self, deadline: Deadline) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if deadline.bound(task).await.is_err() {
                tracing::warn!("a background task did not stop in time");
            }
        }
    }
}

/// Nothing but a stop ends these: without the sweeper, orders that were cut off stay pending; without discovery and health
/// checks, the gateway knows the replicas of yesterday; without the purge, a database grows for ever.
async fn keep_running<F: Future<Output = ()> + 'static>(
    name: &'static str,
    start: impl Fn() -> F,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let Err(error) = rt::spawn(start()).await else {
            return;
        };
        tracing::error!(%error, task = name, "a background task broke off; it starts anew");
        if pause(RESTART_PAUSE, &mut stopped).await {
            return;
        }
    }
}

async fn keep_purging(database: Database, settings: IdempotencySettings, mut stopped: watch::Receiver<bool>) {
    let every = Duration::from_millis(settings.purge_every_ms);
    while !pause(every, &mut stopped).await {
        let purged = purge(&database, &settings, &stopped).await;
        if purged > 0 {
            tracing::info!(database = database.name(), purged, "old answers forgotten");
        }
    }
}

/// A batch at a time until none is left.
async fn purge(database: &Database, settings: &IdempotencySettings, stopped: &watch::Receiver<bool>) -> u64 {
    let mut purged = 0;
    while !*stopped.borrow() {
        match remembered::purge(database, settings).await {
            Ok(0) => break,
            Ok(batch) => purged += batch,
            Err(error) => {
                tracing::warn!(
                    database = database.name(),
                    error = chain(&error),
                    "old answers could not be forgotten"
                );
                break;
            }
        }
    }
    purged
}

/// Waits; answers whether it is time to stop.
async fn pause(duration: Duration, stopped: &mut watch::Receiver<bool>) -> bool {
    // an error means that nobody is left who could say so
    tokio::time::timeout(duration, stopped.wait_for(|stop| *stop)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[actix_web::test]
    async fn a_task_that_breaks_off_starts_anew() {
        let (_stop, stopped) = watch::channel(false);
        let starts = Rc::new(Cell::new(0));
        let counted = starts.clone();
        let task = move || {
            counted.set(counted.get() + 1);
            let first = counted.get() == 1;
            async move { assert!(!first, "breaks off") }
        };
        keep_running("test", task, stopped).await;
        assert_eq!(starts.get(), 2);
    }
}
