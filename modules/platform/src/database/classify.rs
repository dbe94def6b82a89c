//! What the codes of a database, and the failures of its drivers, mean.

use std::{error::Error, io};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::ErrorKind as Kind},
};
use tokio_postgres::error::SqlState;

use super::error::ErrorClass;

/// Of sqlx, as SeaORM passes it on.
pub fn pooled(error: &DbErr) -> ErrorClass {
    match error {
        DbErr::ConnectionAcquire(_) => ErrorClass::NotSent,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => of_sqlx(error),
        DbErr::Conn(RuntimeErr::Internal(_)) => ErrorClass::NotSent,
        _ => ErrorClass::Other,
    }
}

fn of_sqlx(error: &sqlx::Error) -> ErrorClass {
    match error {
        sqlx::Error::Database(said) => {
            let code = said.code().unwrap_or_default();
            coded(&said.kind(), &code, said.constraint().unwrap_or(said.message()))
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => ErrorClass::NotSent,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => ErrorClass::Broken,
        _ => ErrorClass::Other,
    }
}

/// Of tokio-postgres.
pub fn piped(error: &tokio_postgres::Error) -> ErrorClass {
    let is_io = || error.source().is_some_and(|source| source.is::<io::Error>());
    match error.as_db_error() {
        Some(said) => {
            let kind = kind_of(said.code());
            coded(&kind, said.code().code(), said.constraint().unwrap_or(said.message()))
        }
        None if error.is_closed() || is_io() => ErrorClass::Broken,
        None => ErrorClass::Other,
    }
}

fn kind_of(code: &SqlState) -> Kind {
    [
        (&SqlState::UNIQUE_VIOLATION, Kind::UniqueViolation),
        (&SqlState::FOREIGN_KEY_VIOLATION, Kind::ForeignKeyViolation),
        (&SqlState::CHECK_VIOLATION, Kind::CheckViolation),
        (&SqlState::NOT_NULL_VIOLATION, Kind::NotNullViolation),
    ]
    .into_iter()
    .find_map(|(state, kind)| (state == code).then_some(kind))
    .unwrap_or(Kind::Other)
}

/// PostgreSQL's SQLSTATEs (appendix A of its manual), SQLite's extended result codes (sqlite.org/rescode.html).
///
/// SQLite tells FULL before the last frame of a commit is in its log, so nothing was written; an I/O error may also be
/// that of the fsync after it.
fn coded(kind: &Kind, code: &str, key: &str) -> ErrorClass {
    match (kind, code) {
        (Kind::UniqueViolation, _) => ErrorClass::Duplicate(key.to_owned()),
        (Kind::ForeignKeyViolation | Kind::CheckViolation | Kind::NotNullViolation, _) => ErrorClass::Refused,
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
pub const LOCK_NOT_AVAILABLE: &str = "55P03";

const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_FULL: u32 = 13;

const SQLSTATE_LENGTH: usize = 5;

/// Whether it is PostgreSQL's word on a statement, which is undone then: no connection exception (08), no intervention of an operator
/// (57), which may come once COMMIT has taken effect, and not that nobody knows (40003).
pub fn is_of_what_was_sent(code: &str) -> bool {
    let of_connection = ["08", "57", "40003"].iter().any(|class| code.starts_with(class));
    code.len() == SQLSTATE_LENGTH && !of_connection
}

/// The primary result code, its lowest byte; `None` for a SQLSTATE.
fn sqlite_family(code: &str) -> Option<u32> {
    (code.len() < SQLSTATE_LENGTH).then(|| code.parse::<u32>().ok()).flatten().map(|code| code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_of_a_statement_is_told_from_the_end_of_its_connection() {
        for code in ["XX001", "53200", LOCK_NOT_AVAILABLE, "23505"] {
            assert!(is_of_what_was_sent(code), "{code}");
        }
        // of SQLite as well
        for code in ["08006", "57P01", "57014", "40003", "11", "522"] {
            assert!(!is_of_what_was_sent(code), "{code}");
        }
    }
}
