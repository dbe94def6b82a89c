//! Does what is asked for at the same time in groups, each by one transaction: they share its round trips and its sync, and a
//! row that all of them want is locked, or read, once.
//!
//! No timer: a group is what queued up while the one before it was under way, so whoever is alone waits for nobody.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{
    connect::Database,
    error::{ErrorClass, StoreError},
};
use crate::settings::GroupSettings;

/// What is done in groups, and how.
pub trait GroupWork: Send + Sync + 'static {
    /// What somebody wants.
    type Ask: Clone + Send + Sync + 'static;
    /// What they are told.
    type Answer: Send + 'static;

    /// What those are told of whose group did not come to its end; when nothing else is said, that it may have taken effect.
    const LOST: ErrorClass = ErrorClass::CommitUnknown;

    /// Does all of them in one transaction, or none; answers each, in their order. One may be there twice.
    ///
    /// # Errors
    /// When the database fails.
    fn run(
        &self,
        asks: Arc<[Self::Ask]>,
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// Where to ask; cheap to clone. What serves it ends with the last of them.
pub struct Groups<W: GroupWork>(Arc<Desk<W>>);

struct Desk<W: GroupWork> {
    work: Arc<W>,
    settings: GroupSettings,
    /// To the writer, once there is one.
    queue: Mutex<Option<mpsc::Sender<Ticket<W>>>>,
}

struct Ticket<W: GroupWork> {
    ask: W::Ask,
    caller: oneshot::Sender<Result<W::Answer, StoreError>>,
}

impl Database {
    /// To do in groups what `work` makes of them.
    pub fn in_groups<W: GroupWork>(&self, work: impl FnOnce(Self) -> W) -> Groups<W> {
        let work = Arc::new(work(self.clone()));
        Groups(Arc::new(Desk { work, settings: self.groups, queue: Mutex::new(None) }))
    }
}

impl<W: GroupWork> Clone for Groups<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: GroupWork> Groups<W> {
    /// Begins to write, on the runtime of the one who calls, unless it has begun; whoever asks first begins as well. A thread that
    /// serves requests wakes no other then for what it writes, and what it serves at one go is one group.
    pub fn begin(&self) {
        let _begun = self.queue();
    }

    /// The queue of the writer; of a new one where there is none any more, because its thread has ended. What that
    /// thread had under way on its connections is lost, and they are replaced.
    fn queue(&self) -> mpsc::Sender<Ticket<W>> {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().filter(|queue| !queue.is_closed()) {
            Some(queue) => queue.clone(),
            None => {
                let (asked, waiting) = mpsc::channel(self.0.settings.queue.max(1));
                tokio::spawn(run_groups(self.0.work.clone(), waiting, self.0.settings));
                queue.insert(asked).clone()
            }
        }
    }

    /// Waits until it is done. Whoever leaves before its group begins leaves nothing behind; after that it may be done.
    ///
    /// # Errors
    /// When the database fails; of class `CommitUnknown` when nobody knows what became of it.
    pub async fn ask(&self, ask: W::Ask) -> Result<W::Answer, StoreError> {
        let (caller, told) = oneshot::channel();
        if self.queue().send(Ticket { ask, caller }).await.is_err() {
            return Err(StoreError::of(ErrorClass::NotSent, "what serves the groups has ended"));
        }
        let lost = || StoreError::of(W::LOST, "its group did not come to its end in time");
        told.await.unwrap_or_else(|_| Err(lost()))
    }
}

async fn run_groups<W: GroupWork>(
    work: Arc<W>,
    mut queue: mpsc::Receiver<Ticket<W>>,
    settings: GroupSettings,
) {
    let lanes = Arc::new(Semaphore::new(settings.at_once.max(1)));
    let patience = Duration::from_millis(settings.patience_ms);
    let within = Duration::from_millis(settings.timeout_ms);
    let was_given_up = Arc::new(AtomicBool::new(false));
    loop {
        let Ok(lane) = lanes.clone().acquire_owned().await else { return };
        let mut group = Vec::new();
        if queue.recv_many(&mut group, settings.size.max(1)).await == 0 {
            return;
        }
        // what is given up was done in vain: on a machine that is too slow for it, the next must come to its end
        let within = if was_given_up.load(Ordering::Relaxed) { within * 2 } else { within };
        let was_given_up = was_given_up.clone();
        let work = work.clone();
        let written = tokio::spawn(async move {
            let ended = run_group(work, group, within, lane).await;
            was_given_up.store(!ended, Ordering::Relaxed);
        });
        // an answer that was lost must not hold up the others
        let _still_under_way = timeout(patience, written).await;
    }
}

/// Whether it came to its end. What is dropped here, when time is up or the work panics, tells its callers that nobody knows.
async fn run_group<W: GroupWork>(
    work: Arc<W>,
    group: Vec<Ticket<W>>,
    within: Duration,
    _lane: OwnedSemaphorePermit,
) -> bool {
    let wanted = group.into_iter().filter(|ticket| !ticket.caller.is_closed());
    let (asks, callers): (Vec<_>, Vec<_>) = wanted.map(|ticket| (ticket.ask, ticket.caller)).unzip();
    let asks: Arc<[_]> = asks.into();
    let ended = timeout(within, settle(work.as_ref(), asks.clone(), callers)).await.is_ok();
    if !ended {
        tracing::warn!(asked = asks.len(), "a group was given up: it took too long");
    }
    ended
}

async fn settle<W: GroupWork>(
    work: &W,
    asks: Arc<[W::Ask]>,
    callers: Vec<oneshot::Sender<Result<W::Answer, StoreError>>>,
) {
    if asks.is_empty() {
        return;
    }
    match work.run(asks.clone()).await {
        Ok(answers) => {
            debug_assert_eq!(answers.len(), callers.len());
            for (caller, answer) in callers.into_iter().zip(answers) {
                let _left = caller.send(Ok(answer));
            }
        }
        Err(error) if asks.len() > 1 && is_of_a_row(&error) => {
            for (ask, caller) in asks.iter().zip(callers) {
                let written = work.run([ask.clone()].into()).await;
                let alone = written.and_then(|mut answers| answers.pop().ok_or_else(unanswered));
                let _left = caller.send(alone);
            }
        }
        Err(error) => {
            for caller in callers {
                let _left = caller.send(Err(error.clone()));
            }
        }
    }
}

/// Whether one of a group may be what failed: alone, the others succeed. Nothing was written.
fn is_of_a_row(error: &StoreError) -> bool {
    match error.class {
        ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => true,
        ErrorClass::Contention
        | ErrorClass::NotSent
        | ErrorClass::Unwritable
        | ErrorClass::Broken
        | ErrorClass::CommitUnknown => false,
    }
}

fn unanswered() -> StoreError {
    StoreError::corrupt("a write was not answered")
}

#[cfg(test)]
mod tests;
