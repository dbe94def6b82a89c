//! PostgreSQL for groups: what does not wait for another's answer is sent together with it. sqlx cannot do that, and asks the
//! server for a sign of life whenever a connection goes back to its pool: a decision is two ways there and back here, seven there.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime};
use sea_orm::Statement;
use tokio::time::timeout;
use tokio_postgres::{Config, NoTls};

use super::{
    error::{ErrorClass, StoreError},
    lent::Lent,
    pipe::{command, pipe},
    row::Row,
};
use crate::settings::DatabaseSettings;

/// A sign of life takes this part of what may be waited for a connection: there is time left for another one.
const PART_FOR_A_SIGN: u32 = 4;

/// Connections that groups alone write and read on; cheap to clone.
#[derive(Clone)]
pub struct Piped {
    pool: Pool,
    bounds: Bounds,
}

#[derive(Clone, Copy)]
struct Bounds {
    /// For a connection, opened or not.
    acquire: Duration,
    /// For a statement, by the server.
    statement: Duration,
    /// Slower ones are logged.
    slow: Duration,
}

/// A transaction on one of them. Dropped before it has ended, it is rolled back.
pub struct PipedTransaction {
    connection: Lent,
    slow: Duration,
    /// BEGIN is sent, or was to be.
    has_begun: AtomicBool,
    /// All that was asked for so far was answered.
    is_sound: AtomicBool,
}

impl Piped {
    /// Up to `connections`, each opened when it is first needed, by the thread that needs it, which serves it from then on.
    ///
    /// # Errors
    /// When the pool cannot be built.
    pub fn open(config: Config, connections: usize, settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let bounds = Bounds {
            acquire: Duration::from_millis(settings.acquire_timeout_ms),
            statement: Duration::from_millis(settings.statement_timeout_ms),
            slow: Duration::from_millis(settings.slow_statement_ms),
        };
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, manager_config))
            .max_size(connections)
            // those that are in use are known to live
            .queue_mode(QueueMode::Lifo)
            .pre_recycle(sign_of_life(
                Duration::from_millis(settings.ping_after_idle_ms),
                bounds.acquire / PART_FOR_A_SIGN,
            ))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::of(ErrorClass::NotSent, error.to_string()))?;
        Ok(Self { pool, bounds })
    }

    /// Runs a statement that is its own transaction.
    ///
    /// # Errors
    /// When the database fails; nothing was sent where it is of class `NotSent`.
    pub async fn query(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let connection = self.lend().await?;
        let mut answers = pipe(&connection, None, vec![statement], None, self.bounds.slow).await?;
        connection.give_back();
        answers.rows.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// A transaction that begins with what it first asks for.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self) -> Result<PipedTransaction, StoreError> {
        Ok(PipedTransaction {
            connection: self.lend().await?,
            slow: self.bounds.slow,
            has_begun: AtomicBool::new(false),
            is_sound: AtomicBool::new(false),
        })
    }

    async fn lend(&self) -> Result<Lent, StoreError> {
        let late = |_| StoreError::of(ErrorClass::NotSent, "there was no connection in time");
        let connection = timeout(self.bounds.acquire, self.pool.get()).await.map_err(late)??;
        Ok(Lent::new(connection, self.bounds.statement))
    }

    /// How many connections are open and idle.
    pub fn open_and_idle(&self) -> (u32, usize) {
        let status = self.pool.status();
        (status.size.try_into().unwrap_or(u32::MAX), status.available)
    }

    pub fn close(&self) {
        self.pool.close();
    }
}

/// A firewall, or a server that vanished, leaves connections that look open: one that was idle for so long has to answer first.
fn sign_of_life(idle: Duration, within: Duration) -> Hook {
    Hook::async_fn(move |connection, metrics| {
        Box::pin(async move {
            if metrics.last_used() < idle {
                return Ok(());
            }
            let answered = timeout(within, connection.batch_execute("")).await;
            answered.map_err(|_| HookError::message("it gives no sign of life"))?.map_err(HookError::Backend)
        })
    })
}

impl PipedTransaction {
    /// Runs the statements one after the other; answers the rows of each.
    ///
    /// # Errors
    /// The first that the database failed with; then it can only be rolled back. Also where what was asked for before was not
    /// answered.
    pub async fn query(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let begins = !self.has_begun.swap(true, Ordering::Relaxed);
        // until it is answered: who leaves meanwhile leaves it unsound
        if !begins && !self.is_sound.swap(false, Ordering::Relaxed) {
            return Err(StoreError::corrupt("a transaction is used that is not open"));
        }
        let answers = pipe(&self.connection, begins.then_some("BEGIN"), statements, None, self.slow).await?;
        answers.begun?;
        let rows = answers.rows.into_iter().collect::<Result<_, _>>()?;
        self.is_sound.store(true, Ordering::Relaxed);
        Ok(rows)
    }

    /// Runs the last statements and commits. A kill before COMMIT arrives leaves nothing behind.
    ///
    /// # Errors
    /// When the database fails; of class `CommitUnknown` unless the server itself said no. Also of one that has asked for
    /// nothing, or failed: these are not open, and what is written would be written outside.
    pub async fn commit(self, statements: Vec<Statement>) -> Result<(), StoreError> {
        if !self.is_sound.load(Ordering::Relaxed) {
            return Err(StoreError::corrupt("a transaction is committed that is not open"));
        }
        let answers = pipe(&self.connection, None, statements, Some("COMMIT"), self.slow).await?;
        if answers.ended.is_ok() {
            self.connection.give_back();
        }
        for rows in answers.rows {
            // what the server refuses has made COMMIT a rollback; anything else says nothing of the COMMIT that was sent with it
            rows.map_err(StoreError::before_commit)?;
        }
        answers.ended.map_err(StoreError::into_commit)
    }

    /// Undoes all of it.
    pub async fn rollback(self) {
        let undone = match self.connection.get() {
            Ok(connection) => command(connection, Some("ROLLBACK")).await,
            Err(error) => Err(error),
        };
        match undone {
            Ok(()) => self.connection.give_back(),
            Err(error) => tracing::debug!(%error, "rollback failed; the connection is wound up"),
        }
    }
}
