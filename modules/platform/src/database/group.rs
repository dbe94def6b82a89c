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
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::timeout,
};

use super::{
    connect::Database,
    error::{ErrorClass, StoreError},
};
use crate::{deadline::Deadline, settings::GroupSettings};

/// How many groups' time those of one have that are redone one by one.
const ONE_BY_ONE: u32 = 4;

/// What is done in groups, and how.
pub trait GroupWork: Send + Sync + 'static {
    /// What somebody wants.
    type Ask: Clone + Send + Sync + 'static;
    /// What they are told.
    type Answer: Send + 'static;

    /// Whether an admission before it bounds how many ask at the same time. Else whoever finds no room in the queue is told so at once.
    const HAS_ADMISSION: bool = true;

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
    caller: Caller<W>,
}

type Caller<W> = oneshot::Sender<Result<<W as GroupWork>::Answer, StoreError>>;

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
    /// When the database fails, of class `CommitUnknown` when nobody knows what became of it; of class `Full` when
    /// `database.groups.queue` wait already and no admission comes before.
    pub async fn ask(&self, ask: W::Ask) -> Result<W::Answer, StoreError> {
        let (caller, told) = oneshot::channel();
        let ticket = Ticket { ask, caller };
        let ended = || StoreError::of(ErrorClass::NotSent, "what serves the groups has ended");
        if W::HAS_ADMISSION {
            self.queue().send(ticket).await.map_err(|_| ended())?;
        } else {
            self.queue().try_send(ticket).map_err(|error| match error {
                TrySendError::Full(_) => {
                    StoreError::of(ErrorClass::Full, "as many wait for their group as may")
                }
                TrySendError::Closed(_) => ended(),
            })?;
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

/// Whether it came to its end. Whose caller is dropped here, when time is up or the work panics, is told that nobody knows.
async fn run_group<W: GroupWork>(
    work: Arc<W>,
    group: Vec<Ticket<W>>,
    within: Duration,
    _lane: OwnedSemaphorePermit,
) -> bool {
    let wanted = group.into_iter().filter(|ticket| !ticket.caller.is_closed());
    let (asks, callers): (Vec<_>, Vec<_>) = wanted.map(|ticket| (ticket.ask, ticket.caller)).unzip();
    let asks: Arc<[_]> = asks.into();
    if asks.is_empty() {
        return true;
    }
    match run_in_time(work.as_ref(), asks.clone(), within).await {
        None => return false,
        Some(Ok(answers)) => {
            debug_assert_eq!(answers.len(), callers.len());
            for (caller, answer) in callers.into_iter().zip(answers) {
                let _left = caller.send(Ok(answer));
            }
        }
        Some(Err(error)) if asks.len() > 1 && is_of_a_row(&error) => {
            return run_one_by_one(work.as_ref(), &asks, callers, within).await;
        }
        Some(Err(error)) => {
            for caller in callers {
                let _left = caller.send(Err(error.clone()));
            }
        }
    }
    true
}

/// Each with as much time as a group has: what one of them waits for is not taken from those behind it. Who has had no turn within
/// [`ONE_BY_ONE`] times that is told that nothing was sent. Answers whether all that began came to their end.
async fn run_one_by_one<W: GroupWork>(
    work: &W,
    asks: &[W::Ask],
    callers: Vec<Caller<W>>,
    within: Duration,
) -> bool {
    let all = Deadline::after(within * ONE_BY_ONE);
    let mut all_ended = true;
    for (ask, caller) in asks.iter().zip(callers) {
        if caller.is_closed() {
            continue;
        }
        if all.has_passed() {
            let _left =
                caller.send(Err(StoreError::of(ErrorClass::NotSent, "its turn did not come in time")));
            continue;
        }
        match run_in_time(work, [ask.clone()].into(), within).await {
            None => all_ended = false,
            Some(written) => {
                let alone = written.and_then(|mut answers| answers.pop().ok_or_else(unanswered));
                let _left = caller.send(alone);
            }
        }
    }
    all_ended
}

/// `None` when it took longer, and was given up.
async fn run_in_time<W: GroupWork>(
    work: &W,
    asks: Arc<[W::Ask]>,
    within: Duration,
) -> Option<Result<Vec<W::Answer>, StoreError>> {
    let asked = asks.len();
    let ended = timeout(within, work.run(asks)).await.ok();
    if ended.is_none() {
        tracing::warn!(asked, "a group was given up: it took too long");
    }
    ended
}

/// Whether one of a group may be what failed: alone, the others succeed. Nothing was written.
fn is_of_a_row(error: &StoreError) -> bool {
    match error.class {
        ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other => true,
        // of a statement that is its own transaction
        ErrorClass::CommitUnknown => error.is_of_what_was_sent(),
        ErrorClass::Contention
        | ErrorClass::NotSent
        | ErrorClass::Full
        | ErrorClass::Unwritable
        | ErrorClass::Broken => false,
    }
}

fn unanswered() -> StoreError {
    StoreError::corrupt("a write was not answered")
}

#[cfg(test)]
mod tests;
