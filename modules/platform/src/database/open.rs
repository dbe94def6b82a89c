//! How the pools and connections of a database are opened, and what each connection is told.

use std::{str::FromStr, time::Duration};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DbErr,
    sqlx::{
        self, ConnectOptions as _, Connection, Row as _,
        postgres::{PgConnectOptions, PgConnection},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio_postgres::{Config, config::TargetSessionAttrs};
use tracing::log::LevelFilter;

use super::error::StoreError;
use crate::settings::DatabaseSettings;

/// `plan_cache_mode` for groups. PostgreSQL guesses ten rows for an array, sees one, and takes it for worth its while to plan each
/// group anew: a third of its time for a sale. Their statements find their rows by a key, whatever it knew of the tables when
/// it planned them.
const PLANNED_ONCE: &str = "force_generic_plan";
/// For all else: which index brings a page in its order depends on what is asked for.
const PLANNED_ANEW: &str = "auto";

/// Between two keepalives that were not answered, and how many of these there are before a connection is given up.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(1);
const KEEPALIVES: u32 = 3;

fn bounded(url: &str, settings: &DatabaseSettings, max_connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_millis(settings.acquire_timeout_ms))
        .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
        .test_before_acquire_if_idle_for(Duration::from_millis(settings.ping_after_idle_ms))
        .sqlx_logging_level(LevelFilter::Trace)
        .sqlx_slow_statements_logging_settings(
            LevelFilter::Warn,
            Duration::from_millis(settings.slow_statement_ms),
        );
    options
}

/// A pool of PostgreSQL whose sessions can write. One that was opened while the address led to a standby would stay in the pool
/// for half an hour, refuse every change, and tell what was.
///
/// # Errors
/// When the URL cannot be read.
pub fn postgres(
    url: &str,
    settings: &DatabaseSettings,
    max_connections: u32,
) -> Result<ConnectOptions, StoreError> {
    let mut options = postgres_to_read(url, settings, max_connections)?;
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_connect(|connection, _| Box::pin(refuse_what_cannot_write(connection)))
    });
    Ok(options)
}

/// As libpq does for `target_session_attrs=read-write`. The pool tries again until its time is up.
async fn refuse_what_cannot_write(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let told = sqlx::raw_sql("SHOW transaction_read_only").fetch_one(connection).await?;
    match told.try_get::<&str, _>(0)? {
        "off" => Ok(()),
        _ => Err(sqlx::Error::Configuration(
            "the database's address leads to a standby, or its sessions may only read".into(),
        )),
    }
}

/// A pool of PostgreSQL, whatever its sessions may do.
///
/// # Errors
/// When the URL cannot be read.
pub fn postgres_to_read(
    url: &str,
    settings: &DatabaseSettings,
    max_connections: u32,
) -> Result<ConnectOptions, StoreError> {
    PgConnectOptions::from_str(url).map_err(|error| invalid_url(&error.to_string()))?;
    let mut options = bounded(url, settings, max_connections);
    let session = session(settings, PLANNED_ANEW);
    options.map_sqlx_postgres_opts(move |options| options.options(session.clone()));
    Ok(options)
}

/// The same server, as the driver of groups wants it told: host, user, password and database of the URL. It takes no session that
/// may only read, as the pool does not; it opens another when it is asked again.
///
/// # Errors
/// When the URL cannot be read.
pub fn for_groups(url: &str, settings: &DatabaseSettings) -> Result<Config, StoreError> {
    let read = PgConnectOptions::from_str(url).map_err(|error| invalid_url(&error.to_string()))?;
    let mut config = Config::new();
    match read.get_socket() {
        Some(socket) => config.host_path(socket),
        None => config.host(read.get_host().trim_matches(['[', ']'])),
    };
    config.port(read.get_port()).user(read.get_username());
    if let Some(database) = read.get_database() {
        config.dbname(database);
    }
    // wherever it was found: in the URL, the environment or a file
    if let Some(password) = read.to_url_lossy().password() {
        let password: String =
            form_urlencoded::parse(password.as_bytes()).map(|(text, _)| text.into_owned()).collect();
        config.password(password);
    }
    // a server that vanished without a word is found out while nobody waits for it
    config.keepalives_idle(Duration::from_millis(settings.ping_after_idle_ms).max(KEEPALIVE_EVERY));
    config.keepalives_interval(KEEPALIVE_EVERY).keepalives_retries(KEEPALIVES);
    let session = session(settings, PLANNED_ONCE).into_iter();
    let session = session.map(|(name, value)| format!("-c {name}={value}"));
    let session: Vec<String> = read.get_options().map(str::to_owned).into_iter().chain(session).collect();
    config.options(session.join(" "));
    config.connect_timeout(Duration::from_millis(settings.acquire_timeout_ms));
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if let Some(name) = read.get_application_name() {
        config.application_name(name);
    }
    Ok(config)
}

/// What a connection tells the server of itself.
fn session(settings: &DatabaseSettings, plans: &str) -> Vec<(&'static str, String)> {
    vec![
        ("statement_timeout", settings.statement_timeout_ms.to_string()),
        // Who gave up waiting leaves its statement behind in the server, and with it a connection of the pool.
        ("lock_timeout", settings.lock_timeout_ms.to_string()),
        // A process that is frozen in the middle of a transaction must not keep a product locked for the others.
        ("idle_in_transaction_session_timeout", settings.idle_transaction_timeout_ms.to_string()),
        // Every statement finds its rows by a key. A plan that was made, and kept, while a table was small reads all of it,
        // and so do they all until the server's statistics have caught up with a shop that has just opened.
        ("enable_seqscan", "off".to_owned()),
        ("plan_cache_mode", plans.to_owned()),
        ("jit", "off".to_owned()),
    ]
}

/// A pool of SQLite.
///
/// # Errors
/// When the URL cannot be read, or the file not be opened.
pub async fn open_sqlite(
    url: &str,
    settings: &DatabaseSettings,
    max_connections: u32,
    read_only: bool,
) -> Result<DatabaseConnection, StoreError> {
    SqliteConnectOptions::from_str(url).map_err(|error| invalid_url(&error.to_string()))?;
    let mut options = bounded(url, settings, max_connections);
    let busy_timeout = Duration::from_millis(settings.busy_timeout_ms);
    // Where the disk is full SQLite ends the transaction by itself, and sqlx 0.9 believes that it is still open: what comes next
    // would be savepoints in a transaction that nobody commits, told as written and gone with the process. Such a
    // connection is closed instead.
    options.map_sqlx_sqlite_before_acquire(|connection, _| {
        let is_clean = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_clean) })
    });
    // Pragmas belong to a connection: set here they hold for each one that the pool opens.
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options.busy_timeout(busy_timeout).foreign_keys(true);
        match read_only {
            true => options.read_only(true),
            false => options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full),
        }
    });
    Ok(sea_orm::Database::connect(options).await?)
}

fn invalid_url(reason: &str) -> StoreError {
    DbErr::Conn(sea_orm::RuntimeErr::Internal(format!("the database URL cannot be read: {reason}"))).into()
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;
    use crate::database::scratch::settings;

    fn read(url: &str) -> Config {
        for_groups(url, &settings()).unwrap()
    }

    #[test]
    fn groups_connect_as_the_pools_do() {
        let config = read(
            "postgres://p%40s:s3%2Fcr%3At+%26%3D@db.example:5433/shop?sslmode=prefer&application_name=till&options=-c%20work_mem%3D8MB&statement-cache-capacity=10&unheard-of=1",
        );
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example".into())]);
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(config.get_ports(), [5433]);
        assert_eq!((config.get_user(), config.get_password()), (Some("p@s"), Some(&b"s3/cr:t+&="[..])));
        assert_eq!((config.get_dbname(), config.get_application_name()), (Some("shop"), Some("till")));
        let options = config.get_options().unwrap();
        for said in ["work_mem=8MB", "lock_timeout=2000", "plan_cache_mode=force_generic_plan", "jit=off"] {
            assert!(options.contains(said), "{said} in {options}");
        }
    }

    #[test]
    fn sockets_and_addresses_are_hosts_too_and_nonsense_is_none() {
        let config = read("postgres://pos@localhost/shop?host=/run/postgresql");
        assert_eq!(config.get_hosts(), [Host::Unix("/run/postgresql".into())]);
        assert_eq!(read("postgres://pos@[::1]/shop").get_hosts(), [Host::Tcp("::1".into())]);
        assert!(for_groups("postgres://pos@:many/shop", &settings()).is_err());
    }
}
