//! What a failure of the database means for the one who asked.

use std::time::Duration;

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::ErrorKind as SqlxErrorKind},
};

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
    pub source: DbErr,
}

impl From<DbErr> for StoreError {
    fn from(source: DbErr) -> Self {
        Self { class: classify(&source), source }
    }
}

impl StoreError {
    /// The failure of a COMMIT, or of a statement that is its own transaction: unless the database itself said no,
    /// nobody knows.
    pub fn of_commit(source: DbErr) -> Self {
        let class = match classify(&source) {
            said_no @ (ErrorClass::Duplicate(_)
            | ErrorClass::Refused
            | ErrorClass::Contention
            | ErrorClass::NotSent
            | ErrorClass::Unwritable) => said_no,
            ErrorClass::Broken | ErrorClass::CommitUnknown | ErrorClass::Other => ErrorClass::CommitUnknown,
        };
        Self { class, source }
    }

    /// A row that cannot be what it is: a value outside what our code writes.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::of(ErrorClass::Other, what)
    }

    /// One that is ours and not the driver's.
    pub(super) fn of(class: ErrorClass, what: impl Into<String>) -> Self {
        Self { class, source: DbErr::Custom(what.into()) }
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
            ErrorClass::NotSent | ErrorClass::Broken | ErrorClass::Contention => true,
            ErrorClass::Duplicate(_)
            | ErrorClass::Refused
            | ErrorClass::Unwritable
            | ErrorClass::CommitUnknown
            | ErrorClass::Other => false,
        }
    }

    /// A row that another transaction holds was waited for in vain.
    pub fn is_lock_timeout(&self) -> bool {
        let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
            &self.source
        else {
            return false;
        };
        let code = error.as_database_error().and_then(|error| error.code());
        code.as_deref() == Some(LOCK_NOT_AVAILABLE)
    }

    /// The unique key that was violated contains `name`.
    pub fn is_duplicate_of(&self, name: &str) -> bool {
        matches!(&self.class, ErrorClass::Duplicate(key) if key.contains(name))
    }
}

fn classify(error: &DbErr) -> ErrorClass {
    match error {
        DbErr::ConnectionAcquire(_) => ErrorClass::NotSent,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => classify_sqlx(error),
        DbErr::Conn(RuntimeErr::Internal(_)) => ErrorClass::NotSent,
        _ => ErrorClass::Other,
    }
}

fn classify_sqlx(error: &sqlx::Error) -> ErrorClass {
    match error {
        sqlx::Error::Database(error) => classify_code(error.as_ref()),
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => ErrorClass::NotSent,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => ErrorClass::Broken,
        _ => ErrorClass::Other,
    }
}

/// PostgreSQL's SQLSTATEs (appendix A of its manual), SQLite's extended result codes (sqlite.org/rescode.html).
///
/// SQLite tells FULL before the last frame of a commit is in its log, so nothing was written; an I/O error may also be
/// that of the fsync after it.
fn classify_code(error: &dyn sqlx::error::DatabaseError) -> ErrorClass {
    let code = error.code().unwrap_or_default();
    match (error.kind(), code.as_ref()) {
        (SqlxErrorKind::UniqueViolation, _) => {
            ErrorClass::Duplicate(error.constraint().unwrap_or(error.message()).to_owned())
        }
        (
            SqlxErrorKind::ForeignKeyViolation
            | SqlxErrorKind::CheckViolation
            | SqlxErrorKind::NotNullViolation,
            _,
        ) => ErrorClass::Refused,
        // serialization failure, deadlock; SQLITE_BUSY, _LOCKED, _BUSY_SNAPSHOT
        (_, "40001" | "40P01" | "5" | "6" | "517") => ErrorClass::Contention,
        // too many connections, starting up: said before anything was asked
        (_, "53300" | "57P03") => ErrorClass::NotSent,
        // disk full, read-only transaction
        (_, "53100" | "25006") => ErrorClass::Unwritable,
        // shutting down, killed; statement and lock time-out; idle in transaction; connection exceptions
        (_, "57P01" | "57P02" | "57014" | LOCK_NOT_AVAILABLE | "25P03" | "08000" | "08003" | "08006") => {
            ErrorClass::Broken
        }
        // data exceptions
        (_, code) if code.len() == SQLSTATE_LENGTH && code.starts_with("22") => ErrorClass::Refused,
        (_, code) => match sqlite_family(code) {
            Some(SQLITE_FULL | SQLITE_READONLY) => ErrorClass::Unwritable,
            Some(SQLITE_IOERR) => ErrorClass::Broken,
            _ => ErrorClass::Other,
        },
    }
}

/// Of PostgreSQL, once `lock_timeout` has passed.
const LOCK_NOT_AVAILABLE: &str = "55P03";

const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_FULL: u32 = 13;

const SQLSTATE_LENGTH: usize = 5;

/// The primary result code, its lowest byte; `None` for a SQLSTATE.
fn sqlite_family(code: &str) -> Option<u32> {
    (code.len() < SQLSTATE_LENGTH).then(|| code.parse::<u32>().ok()).flatten().map(|code| code & 0xff)
}
