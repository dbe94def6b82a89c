//! Where a database is, read from its URL without opening it.

use std::{path::PathBuf, str::FromStr};

use sea_orm::sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

/// What a database URL leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A PostgreSQL server.
    Server,
    /// A SQLite file.
    File(PathBuf),
}

/// Why a text is no database URL. Never holds the text itself: it may carry a password.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    #[error("must be a URL that starts with postgres:// or sqlite:")]
    Scheme,
    #[error("SQLite in memory would be lost with the process; name a file")]
    InMemory,
    #[error("cannot be read as a database URL: {0}")]
    Unreadable(String),
}

/// Reads where a URL leads.
///
/// # Errors
/// When no database can be opened by it.
pub fn locate(url: &str) -> Result<Location, LocationError> {
    let unreadable = |error: sea_orm::sqlx::Error| LocationError::Unreadable(error.to_string());
    if url.starts_with("sqlite:") {
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(LocationError::InMemory);
        }
        let options = SqliteConnectOptions::from_str(url).map_err(unreadable)?;
        return Ok(Location::File(options.get_filename().to_owned()));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        PgConnectOptions::from_str(url).map_err(unreadable)?;
        return Ok(Location::Server);
    }
    Err(LocationError::Scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_servers_from_files_and_refuses_the_rest() {
        assert_eq!(locate("postgres://pos:secret@db/product").unwrap(), Location::Server);
        assert_eq!(locate("sqlite:./a%3Fb/pos.db?mode=rwc").unwrap(), Location::File("./a?b/pos.db".into()));
        assert_eq!(locate("sqlite:///srv/pos.db").unwrap(), Location::File("/srv/pos.db".into()));
        for bad in [
            "",
            "mysql://db",
            "postgres://db:port/x",
            "sqlite::memory:",
            "sqlite:x?mode=memory",
            "sqlite:x?y=z",
        ] {
            assert!(locate(bad).is_err(), "{bad:?}");
        }
    }
}
