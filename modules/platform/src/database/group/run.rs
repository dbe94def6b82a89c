//! What becomes of a group: it is done whole; what the database refuses in it is done one by one.

use std::{sync::Arc, time::Duration};

use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{Caller, GroupWork, Ticket};
use crate::{
    database::error::{ErrorClass, StoreError},
    deadline::Deadline,
};

/// How many groups' time those of one have that are redone one by one.
const ONE_BY_ONE: u32 = 4;

/// Whether it came to its end. Whose caller is dropped here, when time is up or the work panics, is told that nobody knows.
pub(super) async fn run_group<W: GroupWork>(
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
