//! Opens a database by its URL.

use std::{str::FromStr, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
    sqlx::{
        self, Connection,
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use tracing::log::LevelFilter;

use super::error::StoreError;
use crate::settings::{DatabaseSettings, GroupSettings};

/// SQLite allows one writer; readers go beside it in WAL mode.
const SQLITE_READERS: u32 = 4;

/// Kinds of groups that a module has at most.
const GROUP_KINDS: u32 = 5;

/// `plan_cache_mode` for groups. PostgreSQL guesses ten rows for an array, sees one, and takes it for worth its while to plan each
/// group anew: a third of its time for a sale. Their statements find their rows by a key, whatever it knew of the tables when
/// it planned them.
const PLANNED_ONCE: &str = "force_generic_plan";
/// For all else: which index brings a page in its order depends on what is asked for.
const PLANNED_ANEW: &str = "auto";

/// A module's database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    name: &'static str,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// Connections of their own on PostgreSQL, one for each group that can be under way.
    grouped: DatabaseConnection,
    /// A connection of its own on PostgreSQL: a pool that is busy must not look like a database that is away.
    pinger: DatabaseConnection,
    pub(super) transaction_tries: u32,
    pub(super) groups: GroupSettings,
}

/// Connections of one pool.
pub struct PoolState {
    pub name: String,
    pub open: u32,
    pub idle: usize,
}

impl Database {
    /// Connects; `name` says in figures and messages whose database it is.
    ///
    /// # Errors
    /// When it cannot be reached within `database.connect_timeout_ms`, or the URL is neither `postgres://` nor `sqlite:`.
    pub async fn connect(
        name: &'static str,
        url: &str,
        settings: &DatabaseSettings,
    ) -> Result<Self, StoreError> {
        let transaction_tries = settings.transaction_tries.max(1);
        let groups = settings.groups;
        if url.starts_with("sqlite:") {
            let writer = open_sqlite(url, settings, 1, false).await?;
            let reader = open_sqlite(url, settings, SQLITE_READERS, true).await?;
            let (grouped, pinger) = (writer.clone(), reader.clone());
            return Ok(Self { name, writer, reader, grouped, pinger, transaction_tries, groups });
        }
        let at_once = u32::try_from(groups.at_once).unwrap_or(u32::MAX).max(1);
        let writer = postgres(url, settings, settings.max_connections, PLANNED_ANEW)?;
        let writer = sea_orm::Database::connect(writer).await?;
        // opened by those who write on them: a connection is served by the thread that opened it
        let mut grouped = postgres(url, settings, at_once.saturating_mul(GROUP_KINDS), PLANNED_ONCE)?;
        grouped.connect_lazy(true);
        let grouped = sea_orm::Database::connect(grouped).await?;
        let pinger = sea_orm::Database::connect(postgres(url, settings, 1, PLANNED_ANEW)?).await?;
        Ok(Self { name, reader: writer.clone(), writer, grouped, pinger, transaction_tries, groups })
    }

    /// The same to read alone: an embedded database stays as it is, in its journal mode too.
    ///
    /// # Errors
    /// As [`Database::connect`], and where there is no such file.
    pub async fn connect_to_read(
        name: &'static str,
        url: &str,
        settings: &DatabaseSettings,
    ) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            return Self::connect(name, url, settings).await;
        }
        let reader = open_sqlite(url, settings, SQLITE_READERS, true).await?;
        let [writer, grouped, pinger] = [(); 3].map(|()| reader.clone());
        Ok(Self { name, writer, reader, grouped, pinger, transaction_tries: 1, groups: settings.groups })
    }

    /// Whether it is a PostgreSQL server that follows another: what it says may be of an earlier moment.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn is_standby(&self) -> Result<bool, StoreError> {
        if self.backend() != DbBackend::Postgres {
            return Ok(false);
        }
        let ask = Statement::from_string(DbBackend::Postgres, "SELECT pg_is_in_recovery() AS is_standby");
        let row = self.reader.query_one_raw(ask).await?;
        Ok(row.map(|row| row.try_get("", "is_standby")).transpose()?.unwrap_or_default())
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where single statements that change something go.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// The same database to what works in groups.
    pub(super) fn for_groups(&self) -> Self {
        let reader = match self.backend() {
            DbBackend::Postgres => &self.grouped,
            _ => &self.reader,
        };
        Self { writer: self.grouped.clone(), reader: reader.clone(), ..self.clone() }
    }

    /// Where reads go. A commit that was acknowledged is seen by every later read.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Shows each statement that a read sends from now on, with its parameters: for who asks how the database finds its rows.
    pub fn on_read(&mut self, show: impl Fn(&Statement) + Send + Sync + 'static) {
        self.reader.set_metric_callback(move |sent| show(sent.statement));
    }

    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.pinger.ping().await?)
    }

    /// Closes the pools; what is under way ends first.
    ///
    /// # Errors
    /// When the driver reports one.
    pub async fn close(self) -> Result<(), StoreError> {
        self.pinger.close_by_ref().await?;
        self.reader.close_by_ref().await?;
        self.grouped.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    /// How many connections are open and idle, a pool each.
    pub fn pools(&self) -> Vec<PoolState> {
        let state = |role, (open, idle)| PoolState { name: format!("{}{role}", self.name), open, idle };
        match self.backend() {
            DbBackend::Postgres => [("", &self.writer), ("_groups", &self.grouped)]
                .map(|(role, pool)| state(role, open_and_idle(pool.get_postgres_connection_pool())))
                .into(),
            _ => [("_writer", &self.writer), ("_reader", &self.reader)]
                .map(|(role, pool)| state(role, open_and_idle(pool.get_sqlite_connection_pool())))
                .into(),
        }
    }
}

fn open_and_idle<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> (u32, usize) {
    (pool.size(), pool.num_idle())
}

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

fn postgres(
    url: &str,
    settings: &DatabaseSettings,
    max_connections: u32,
    plans: &'static str,
) -> Result<ConnectOptions, StoreError> {
    PgConnectOptions::from_str(url).map_err(|error| invalid_url(&error.to_string()))?;
    let mut options = bounded(url, settings, max_connections);
    let statement_timeout = settings.statement_timeout_ms.to_string();
    // Who gave up waiting leaves its statement behind in the server, and with it a connection of the pool.
    let lock_timeout = settings.lock_timeout_ms.to_string();
    // A process that is frozen in the middle of a transaction must not keep a product locked for the others.
    let idle_timeout = settings.idle_transaction_timeout_ms.to_string();
    options.map_sqlx_postgres_opts(move |options| {
        options.options([
            ("statement_timeout", statement_timeout.as_str()),
            ("lock_timeout", lock_timeout.as_str()),
            ("idle_in_transaction_session_timeout", idle_timeout.as_str()),
            // Every statement finds its rows by a key. A plan that was made, and kept, while a table was small reads all of it,
            // and so do they all until the server's statistics have caught up with a shop that has just opened.
            ("enable_seqscan", "off"),
            ("plan_cache_mode", plans),
            ("jit", "off"),
        ])
    });
    Ok(options)
}

async fn open_sqlite(
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
