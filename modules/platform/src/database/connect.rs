//! Opens a database by its URL.

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, Statement, sqlx};

use super::{
    error::StoreError,
    open::{for_groups, open_sqlite, postgres, postgres_to_read},
    piped::Piped,
};
use crate::settings::{DatabaseSettings, GroupSettings};

/// How the URL of an embedded database begins.
const SQLITE: &str = "sqlite:";

/// SQLite allows one writer; readers go beside it in WAL mode.
const SQLITE_READERS: u32 = 4;

/// Kinds of groups that a module has at most.
const GROUP_KINDS: usize = 5;

/// A module's database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    name: &'static str,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// Connections of their own on PostgreSQL, one for each group that can be under way.
    piped: Option<Piped>,
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
        if !url.starts_with(SQLITE) {
            return Self::connect_to_server(name, url, settings, postgres).await;
        }
        let transaction_tries = settings.transaction_tries.max(1);
        let groups = settings.groups;
        let writer = open_sqlite(url, settings, 1, false).await?;
        let reader = open_sqlite(url, settings, SQLITE_READERS, true).await?;
        let pinger = reader.clone();
        Ok(Self { name, writer, reader, piped: None, pinger, transaction_tries, groups })
    }

    async fn connect_to_server(
        name: &'static str,
        url: &str,
        settings: &DatabaseSettings,
        pool: impl Fn(&str, &DatabaseSettings, u32) -> Result<ConnectOptions, StoreError>,
    ) -> Result<Self, StoreError> {
        let transaction_tries = settings.transaction_tries.max(1);
        let groups = settings.groups;
        let writer = pool(url, settings, settings.max_connections)?;
        let writer = sea_orm::Database::connect(writer).await?;
        let at_once = groups.at_once.max(1).saturating_mul(GROUP_KINDS);
        let piped = Some(Piped::open(for_groups(url, settings)?, at_once, settings)?);
        let pinger = sea_orm::Database::connect(pool(url, settings, 1)?).await?;
        Ok(Self { name, reader: writer.clone(), writer, piped, pinger, transaction_tries, groups })
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
        if !url.starts_with(SQLITE) {
            return Self::connect_to_server(name, url, settings, postgres_to_read).await;
        }
        let reader = open_sqlite(url, settings, SQLITE_READERS, true).await?;
        let (writer, pinger) = (reader.clone(), reader.clone());
        Ok(Self { name, writer, reader, piped: None, pinger, transaction_tries: 1, groups: settings.groups })
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

    /// What groups write and read on, on PostgreSQL.
    pub(super) fn piped(&self) -> Option<&Piped> {
        self.piped.as_ref()
    }

    /// Where reads go. A commit that was acknowledged is seen by every later read.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Shows each statement that a read sends from now on, with its parameters, except those of groups: for who asks how the
    /// database finds its rows.
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

    /// Closes the pools; what is under way ends first, but for groups: theirs goes on, and is not waited for.
    ///
    /// # Errors
    /// When the driver reports one.
    pub async fn close(self) -> Result<(), StoreError> {
        self.pinger.close_by_ref().await?;
        self.reader.close_by_ref().await?;
        if let Some(piped) = &self.piped {
            piped.close();
        }
        Ok(self.writer.close_by_ref().await?)
    }

    /// How many connections are open and idle, a pool each.
    pub fn pools(&self) -> Vec<PoolState> {
        let state = |role, (open, idle)| PoolState { name: format!("{}{role}", self.name), open, idle };
        match &self.piped {
            Some(piped) => vec![
                state("", open_and_idle(self.writer.get_postgres_connection_pool())),
                state("_groups", piped.open_and_idle()),
            ],
            None => [("_writer", &self.writer), ("_reader", &self.reader)]
                .map(|(role, pool)| state(role, open_and_idle(pool.get_sqlite_connection_pool())))
                .into(),
        }
    }
}

fn open_and_idle<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> (u32, usize) {
    (pool.size(), pool.num_idle())
}
