//! Who writes what stock is taken for. What names products that nobody else holds is written at once, in groups; the others
//! wait apart, so that a product that is held keeps up those alone who want it.

use platform::database::{Database, GroupWork, GroupWriter, StoreError};

use crate::store::Held;

/// Redos after another transaction wrote the same key in between; the first redo already finds it.
const RACE_TRIES: u32 = 5;

/// Writes groups whose work may leave out what names a product that is held.
pub(super) struct Lanes<W: GroupWork> {
    quick: GroupWriter<W>,
    patient: GroupWriter<W>,
}

impl<W: GroupWork> Clone for Lanes<W> {
    fn clone(&self) -> Self {
        Self { quick: self.quick.clone(), patient: self.patient.clone() }
    }
}

impl<T, W: GroupWork<Answer = Option<T>>> Lanes<W> {
    /// Begins to write; `work` says how, with products that are held.
    pub(super) fn begin(database: &Database, work: impl Fn(Held) -> W) -> Self {
        let begin = |held| database.in_groups(work(held));
        Self { quick: begin(Held::Skip), patient: begin(Held::Wait) }
    }

    pub(super) async fn ask(&self, ask: W::Ask) -> Result<T, StoreError> {
        if let Some(answer) = self.quick.ask(ask.clone()).await? {
            return Ok(answer);
        }
        self.patient.ask(ask).await?.ok_or_else(StoreError::held_by_another)
    }
}

/// Who has waited for a product in vain writes what does not want it: the others alone have waited in vain.
pub(super) async fn without_what_is_held<T>(
    held: Held,
    write: impl AsyncFn(Held) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    match write(held).await {
        Err(error) if error.is_lock_timeout() => write(Held::Skip).await,
        written => written,
    }
}

/// Redoes the whole transaction when a plain INSERT met what was committed after it was looked for.
pub(super) async fn unless_raced<T>(
    is_race: impl Fn(&StoreError) -> bool,
    write: impl AsyncFn() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut tries = 1;
    loop {
        match write().await {
            Err(error) if is_race(&error) && tries < RACE_TRIES => tries += 1,
            settled => return settled,
        }
    }
}
