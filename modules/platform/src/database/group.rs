//! Does what is asked for at the same time in groups, each by one transaction: they share its round trips and its sync, and a
//! row that all of them want is locked, or read, once.
//!
//! No timer: a group is what queued up while the one before it was under way, so whoever is alone waits for nobody.

mod run;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{
        Semaphore,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::timeout,
};

use self::run::run_group;
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

#[cfg(test)]
mod tests;
