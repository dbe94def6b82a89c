//! What a failure of the database means for the one who asked.

use std::{borrow::Cow, sync::Arc, time::Duration};

use deadpool_postgres::PoolError;
use sea_orm::{DbErr, RuntimeErr};

use super::classify::{self, LOCK_NOT_AVAILABLE};

/// What the caller may conclude.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// A unique key was there already; names the index or columns as the database does. Nothing was written.
    Duplicate(String),
    /// A CHECK or foreign key said no, or a column cannot hold the value. Nothing was written.
    Refused,
    /// Another transaction was in the way; nothing was written, redo it whole.
    Contention,
    /// No connection could be had: nothing was sent.
    NotSent,
    /// As many wait already as may: nothing was sent.
    Full,
    /// The disk is full, or the server or the file may only be read: nothing was written.
    Unwritable,
    /// The connection broke or timed out, or the disk failed. Before COMMIT nothing was written.
    Broken,
    /// COMMIT was sent and not acknowledged: it may have taken effect, or may still do so.
    CommitUnknown,
    /// Anything else: a bug of ours or of the ground.
    Other,
}

/// A failure of the database, with its meaning.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the database failed")]
pub struct StoreError {
    pub class: ErrorClass,
    pub source: Cause,
}

/// What was said, and by whom.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Cause {
    #[error(transparent)]
    Pooled(DbErr),
    #[error(transparent)]
    Piped(Arc<tokio_postgres::Error>),
    /// By us.
    #[error("{0}")]
    Ours(String),
}

impl From<DbErr> for StoreError {
    fn from(source: DbErr) -> Self {
        Self { class: classify::pooled(&source), source: Cause::Pooled(source) }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(source: tokio_postgres::Error) -> Self {
        Self { class: classify::piped(&source), source: Cause::Piped(Arc::new(source)) }
    }
}

/// No connection could be had.
impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(source) => {
                // a wrong password stays one
                let is_refused = source.code().is_some_and(|code| code.code().starts_with("28"));
                let class = if is_refused { ErrorClass::Other } else { ErrorClass::NotSent };
                Self { class, source: Cause::Piped(Arc::new(source)) }
            }
            error => Self::of(ErrorClass::NotSent, error.to_string()),
        }
    }
}

impl StoreError {
    /// The failure of a COMMIT, or of a statement that is its own transaction: unless the database itself said no,
    /// nobody knows.
    pub fn of_commit(source: DbErr) -> Self {
        Self::from(source).into_commit()
    }

    pub(super) fn into_commit(self) -> Self {
        let class = match self.class {
            said_no @ (ErrorClass::Duplicate(_)
            | ErrorClass::Refused
            | ErrorClass::Contention
            | ErrorClass::NotSent
            | ErrorClass::Full
            | ErrorClass::Unwritable) => said_no,
            ErrorClass::Broken | ErrorClass::CommitUnknown | ErrorClass::Other => ErrorClass::CommitUnknown,
        };
        Self { class, ..self }
    }

    /// Of a statement that COMMIT was sent behind: what the server refused is not committed, of all else nobody knows.
    pub(super) fn before_commit(self) -> Self {
        match self.sqlstate() {
            // of the connection itself, which something in between may say after the server has committed
            Some(code) if !code.starts_with("08") => self,
            _ => Self { class: ErrorClass::CommitUnknown, ..self },
        }
    }

    /// Of what comes before the statement itself.
    pub(super) fn before_sent(self) -> Self {
        match self.class {
            ErrorClass::Broken => Self { class: ErrorClass::NotSent, ..self },
            _ => self,
        }
    }

    /// A row that cannot be what it is: a value outside what our code writes.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::of(ErrorClass::Other, what)
    }

    /// One that is ours and not the driver's.
    pub(super) fn of(class: ErrorClass, what: impl Into<String>) -> Self {
        Self { class, source: Cause::Ours(what.into()) }
    }

    /// Nothing was written, because another transaction held a row for longer than it was waited for.
    pub fn held_by_another() -> Self {
        Self::of(ErrorClass::Broken, "another transaction holds what is wanted")
    }

    /// The database said nothing at all, for longer than its own time-outs let a statement take.
    pub fn silent(within: Duration) -> Self {
        Self::of(ErrorClass::Other, format!("a database did not answer for {} s", within.as_secs()))
    }

    pub fn is_contention(&self) -> bool {
        self.class == ErrorClass::Contention
    }

    /// Whether the same may succeed later: nobody was reached, the connection or statement was ended, or another was in the
    /// way. What was written by then, if anything, it does not say. A refusal, such as a wrong password, stays one.
    pub fn is_transient(&self) -> bool {
        match self.class {
            ErrorClass::NotSent | ErrorClass::Full | ErrorClass::Broken | ErrorClass::Contention => true,
            ErrorClass::Duplicate(_)
            | ErrorClass::Refused
            | ErrorClass::Unwritable
            | ErrorClass::CommitUnknown
            | ErrorClass::Other => false,
        }
    }

    /// Whether it is the server's word on what it was sent, which is undone then, and not on the connection, which may end after
    /// COMMIT has taken effect as well.
    pub(super) fn is_of_what_was_sent(&self) -> bool {
        self.sqlstate().is_some_and(|code| classify::is_of_what_was_sent(&code))
    }

    /// A row that another transaction holds was waited for in vain.
    pub fn is_lock_timeout(&self) -> bool {
        self.sqlstate().as_deref() == Some(LOCK_NOT_AVAILABLE)
    }

    /// Where it is the server's own word.
    fn sqlstate(&self) -> Option<Cow<'_, str>> {
        match &self.source {
            Cause::Piped(error) => error.as_db_error().map(|said| said.code().code().into()),
            Cause::Pooled(
                DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)),
            ) => error.as_database_error().and_then(|said| said.code()),
            Cause::Pooled(_) | Cause::Ours(_) => None,
        }
    }

    /// The unique key that was violated contains `name`.
    pub fn is_duplicate_of(&self, name: &str) -> bool {
        matches!(&self.class, ErrorClass::Duplicate(key) if key.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorClass::{Broken, CommitUnknown, Contention, NotSent, Other, Refused};

    fn of(class: ErrorClass) -> StoreError {
        StoreError::of(class, "as it was told")
    }

    #[test]
    fn what_a_failure_means_depends_on_where_it_was() {
        // class, of a COMMIT, of what comes before a statement
        let meanings = [
            (Refused, Refused, Refused),
            (Contention, Contention, Contention),
            (NotSent, NotSent, NotSent),
            (Broken, CommitUnknown, NotSent),
            (Other, CommitUnknown, Other),
        ];
        for (class, of_commit, before_sent) in meanings {
            assert_eq!(of(class.clone()).into_commit().class, of_commit);
            assert_eq!(of(class.clone()).before_sent().class, before_sent);
            // COMMIT was sent behind it, and the server has not said a word
            assert_eq!(of(class).before_commit().class, CommitUnknown);
        }
    }
}
