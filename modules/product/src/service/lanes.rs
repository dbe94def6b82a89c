//! Who writes what stock is taken for. What names products that nobody else holds is written at once, in groups; the others
//! wait apart, so that a product that is held keeps up those alone who want it.

use std::{marker::PhantomData, sync::Arc};

use platform::database::{Database, GroupTransaction, GroupWork, Groups, StoreError, Writes};

use crate::store::Held;

/// Redos after another transaction wrote the same key in between; the first redo already finds it.
const RACE_TRIES: u32 = 5;

/// Answers in the order in which they were asked for, none where another transaction holds a product; and what is to be written.
pub(super) type Written<A> = (Vec<Option<A>>, Writes);

/// What is written in lanes.
pub(super) trait LaneWork: Send + Sync + 'static {
    /// What somebody wants written.
    type Ask: Clone + Send + Sync + 'static;
    /// What they are told.
    type Answer: Send + 'static;

    /// As [`GroupWork::HAS_ADMISSION`].
    const HAS_ADMISSION: bool;

    /// Whether a plain INSERT met what was committed after it was looked for: the whole is redone, and finds it.
    fn is_race(error: &StoreError) -> bool;

    /// Says what is to be written for all of them, and what they are told then.
    ///
    /// # Errors
    /// When the database fails.
    fn prepare(
        transaction: &GroupTransaction<'_>,
        asks: &[Self::Ask],
        held: Held,
    ) -> impl Future<Output = Result<Written<Self::Answer>, StoreError>> + Send;
}

/// Both lanes; cheap to clone.
pub(super) struct Lanes<W: LaneWork> {
    quick: Groups<Lane<W>>,
    patient: Groups<Lane<W>>,
}

struct Lane<W> {
    database: Database,
    held: Held,
    work: PhantomData<W>,
}

impl<W: LaneWork> Clone for Lanes<W> {
    fn clone(&self) -> Self {
        Self { quick: self.quick.clone(), patient: self.patient.clone() }
    }
}

impl<W: LaneWork> Lanes<W> {
    pub(super) fn new(database: &Database) -> Self {
        let lane = |held| database.in_groups(|database| Lane { database, held, work: PhantomData });
        Self { quick: lane(Held::Skip), patient: lane(Held::Wait) }
    }

    /// Begins to write, as [`Groups::begin`] does.
    pub(super) fn begin(&self) {
        self.quick.begin();
        self.patient.begin();
    }

    /// Waits until it is written.
    ///
    /// # Errors
    /// When the database fails, or a product is held for too long.
    pub(super) async fn ask(&self, ask: W::Ask) -> Result<W::Answer, StoreError> {
        if let Some(answer) = self.quick.ask(ask.clone()).await? {
            return Ok(answer);
        }
        self.patient.ask(ask).await?.ok_or_else(StoreError::held_by_another)
    }
}

impl<W: LaneWork> GroupWork for Lane<W> {
    type Ask = W::Ask;
    type Answer = Option<W::Answer>;

    const HAS_ADMISSION: bool = W::HAS_ADMISSION;

    /// Where a product was waited for in vain, what does not want it is written: the others alone have waited in vain.
    async fn run(&self, asks: Arc<[W::Ask]>) -> Result<Vec<Option<W::Answer>>, StoreError> {
        match write_unless_raced::<W>(&self.database, asks.clone(), self.held).await {
            Err(error) if error.is_lock_timeout() => {
                write_unless_raced::<W>(&self.database, asks, Held::Skip).await
            }
            written => written,
        }
    }
}

async fn write_unless_raced<W: LaneWork>(
    database: &Database,
    asks: Arc<[W::Ask]>,
    held: Held,
) -> Result<Vec<Option<W::Answer>>, StoreError> {
    let database = database.clone();
    unless_raced(W::is_race, async move || {
        let asks = asks.clone();
        database.write_grouped(async move |transaction| W::prepare(transaction, &asks, held).await).await
    })
    .await
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use platform::database::ErrorClass;

    use super::*;
    use crate::service::{decision::Decisions, moves::Moves};

    #[test]
    fn a_race_is_for_the_key_that_another_wrote() {
        for (key, of_decision, of_move) in [
            ("deductions.order_id", true, false),
            ("deduction_lines_pkey", true, false),
            ("remembered_answers_pkey", false, true),
            ("movements_pkey", false, false),
        ] {
            let class = ErrorClass::Duplicate(key.to_owned());
            let error = StoreError { class, ..StoreError::corrupt("as it was told") };
            assert_eq!((Decisions::is_race(&error), Moves::is_race(&error)), (of_decision, of_move), "{key}");
        }
    }

    /// How often it is written where so many tries fail, and whether it comes to a good end.
    async fn tries(failures: u32, is_race: bool) -> (u32, bool) {
        let tried = Cell::new(0);
        let write = async || {
            tried.set(tried.get() + 1);
            assert!(tried.get() <= 2 * RACE_TRIES, "it is redone for ever");
            match tried.get() > failures {
                true => Ok(()),
                false => Err(StoreError::corrupt("as it was told")),
            }
        };
        let written = unless_raced(|_| is_race, write).await;
        (tried.get(), written.is_ok())
    }

    #[tokio::test]
    async fn a_race_is_redone_so_many_times_and_nothing_else_is() {
        assert_eq!(tries(0, true).await, (1, true));
        assert_eq!(tries(RACE_TRIES - 1, true).await, (RACE_TRIES, true));
        assert_eq!(tries(RACE_TRIES, true).await, (RACE_TRIES, false));
        assert_eq!(tries(1, false).await, (1, false));
    }
}
