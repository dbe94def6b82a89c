//! The ways to get it wrong. Each is a protocol that somebody might well have written.

/// One thing done otherwise than `pos` does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// S1 is left out; S3 inserts the order, decided.
    NoIntent,
    /// S2 is sent although S1's COMMIT was not acknowledged.
    AskWhileIntentUnknown,
    /// The deduction is inserted with DO NOTHING, after the movements.
    DoNothing,
    /// Stock is taken whatever there is.
    FloorUnchecked,
    /// A refusal is answered and not written.
    RefusalUnrecorded,
    /// A decision that was not heard in time is answered 409.
    TimeoutIsRefusal,
    /// A repeat that finds its deduction takes the stock again.
    DeductAgain,
    /// The sweeper asks whether there is a deduction, and takes 'nothing found' for a refusal.
    NothingFoundIsRefusal,
    /// The answer goes out before S3's COMMIT.
    AnswerBeforeCommit,
    /// Stock rows are locked as the request names them.
    LockAsRequested,
    /// Whoever gives up or sweeps an order writes `cancelled` for every refusal.
    StatusByProjector,
    /// Giving up a key that nothing is known of writes no row.
    CancelWithoutRow,
    /// Giving up writes the row alone, and no refusal where it is decided.
    CancelWithoutRefusal,
}

impl Flaw {
    pub const ALL: [Self; 13] = [
        Self::NoIntent,
        Self::AskWhileIntentUnknown,
        Self::DoNothing,
        Self::FloorUnchecked,
        Self::RefusalUnrecorded,
        Self::TimeoutIsRefusal,
        Self::DeductAgain,
        Self::NothingFoundIsRefusal,
        Self::AnswerBeforeCommit,
        Self::LockAsRequested,
        Self::StatusByProjector,
        Self::CancelWithoutRow,
        Self::CancelWithoutRefusal,
    ];
}
