//! PostgreSQL for groups: what does not wait for another's answer is sent together with it. sqlx cannot do that, and asks the
//! server for a sign of life whenever a connection goes back to its pool: a decision is two ways there and back here, seven there.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::future::join_all;
use sea_orm::{
    Statement, Value,
    sea_query::{ArrayType, ValueType},
};
use tokio_postgres::{Config, NoTls, types::ToSql};
use uuid::Uuid;

use super::{
    error::{ErrorClass, StoreError},
    row::Row,
};
use crate::settings::DatabaseSettings;

/// Connections that groups alone write and read on; cheap to clone.
#[derive(Clone)]
pub struct Piped {
    pool: Pool,
    slow: Duration,
}

/// A transaction on one of them. Dropped before it has ended, the server rolls it back.
pub struct PipedTransaction {
    connection: Lent,
    slow: Duration,
    has_begun: AtomicBool,
}

/// A connection of the pool, which gets it back only when it is told that all was answered: what comes next would wait behind a
/// statement that was given up, or be in its transaction.
struct Lent(Option<Object>);

type Parameter = Box<dyn ToSql + Sync + Send>;

impl Piped {
    /// Up to `connections`, each opened when it is first needed, by the thread that needs it, which serves it from then on.
    ///
    /// # Errors
    /// When the pool cannot be built.
    pub fn open(config: Config, connections: usize, settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let patience = Some(Duration::from_millis(settings.acquire_timeout_ms));
        let pool = Pool::builder(Manager::from_config(config, NoTls, manager_config))
            .max_size(connections)
            .wait_timeout(patience)
            .create_timeout(patience)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::of(ErrorClass::NotSent, error.to_string()))?;
        Ok(Self { pool, slow: Duration::from_millis(settings.slow_statement_ms) })
    }

    /// Runs a statement that is its own transaction.
    ///
    /// # Errors
    /// When the database fails; nothing was sent where it is of class `NotSent`.
    pub async fn query(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let connection = Lent(Some(self.pool.get().await?));
        let mut answers = pipe(&connection, None, vec![statement], None, self.slow).await?;
        connection.give_back();
        answers.rows.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// A transaction that begins with what it first sends.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self) -> Result<PipedTransaction, StoreError> {
        let connection = Lent(Some(self.pool.get().await?));
        Ok(PipedTransaction { connection, slow: self.slow, has_begun: AtomicBool::new(false) })
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

impl PipedTransaction {
    /// Runs the statements one after the other; answers the rows of each.
    ///
    /// # Errors
    /// The first that the database failed with; then it can only be rolled back.
    pub async fn query(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let answers = pipe(&self.connection, self.begins(), statements, None, self.slow).await?;
        answers.begun?;
        answers.rows.into_iter().collect()
    }

    /// Runs the last statements and commits. A kill before COMMIT arrives leaves nothing behind.
    ///
    /// # Errors
    /// When the database fails; of class `CommitUnknown` unless the server itself said no.
    pub async fn commit(self, statements: Vec<Statement>) -> Result<(), StoreError> {
        let answers = pipe(&self.connection, self.begins(), statements, Some("COMMIT"), self.slow).await?;
        self.connection.give_back();
        answers.begun.map_err(StoreError::before_commit)?;
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
            Err(error) => tracing::debug!(%error, "rollback failed; the connection is closed"),
        }
    }

    fn begins(&self) -> Option<&'static str> {
        (!self.has_begun.swap(true, Ordering::Relaxed)).then_some("BEGIN")
    }
}

impl Lent {
    fn get(&self) -> Result<&Object, StoreError> {
        self.0.as_ref().ok_or_else(|| StoreError::of(ErrorClass::NotSent, "the connection was given back"))
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

/// What was answered to statements that went out together.
struct Answers {
    begun: Result<(), StoreError>,
    rows: Vec<Result<Vec<Row>, StoreError>>,
    ended: Result<(), StoreError>,
}

/// Sends all of it before it waits for any of it.
async fn pipe(
    connection: &Lent,
    begin: Option<&str>,
    statements: Vec<Statement>,
    end: Option<&str>,
    slow: Duration,
) -> Result<Answers, StoreError> {
    let connection = connection.get()?;
    let mut prepared = Vec::new();
    for statement in &statements {
        prepared.push(prepare(connection, &statement.sql).await.map_err(StoreError::before_sent)?);
    }
    let first = statements.first().map(|statement| statement.sql.clone());
    let mut sent = Vec::new();
    for (statement, prepared) in statements.into_iter().zip(prepared) {
        let values = statement.values.map(|values| values.0).unwrap_or_default();
        sent.push((prepared, values.into_iter().map(parameter).collect::<Result<Vec<_>, _>>()?));
    }
    let started = Instant::now();
    // each is sent when it is first asked for its answer, which these do in their order
    let (begun, rows, ended) = futures_util::join!(
        command(connection, begin),
        join_all(sent.iter().map(|(prepared, parameters)| query(connection, prepared, parameters))),
        command(connection, end),
    );
    if started.elapsed() > slow {
        tracing::warn!(
            elapsed_ms = started.elapsed().as_millis() as u64,
            statement = first,
            "slow statement"
        );
    }
    Ok(Answers { begun, rows, ended })
}

async fn prepare(connection: &Object, text: &str) -> Result<tokio_postgres::Statement, StoreError> {
    Ok(connection.prepare_cached(text).await?)
}

async fn command(connection: &Object, command: Option<&str>) -> Result<(), StoreError> {
    match command {
        Some(command) => Ok(connection.batch_execute(command).await?),
        None => Ok(()),
    }
}

async fn query(
    connection: &Object,
    prepared: &tokio_postgres::Statement,
    parameters: &[Parameter],
) -> Result<Vec<Row>, StoreError> {
    let parameters: Vec<_> = parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect();
    let rows = connection.query(prepared, &parameters).await?;
    Ok(rows.into_iter().map(Row::Piped).collect())
}

/// Groups send lists alone: see `Rows`.
fn parameter(value: Value) -> Result<Parameter, StoreError> {
    let Value::Array(of, Some(cells)) = value else {
        return Err(StoreError::corrupt("a group sends a parameter that is no list"));
    };
    match of {
        ArrayType::Uuid => list::<Uuid>(*cells),
        ArrayType::String => list::<String>(*cells),
        ArrayType::BigInt => list::<i64>(*cells),
        ArrayType::Bool => list::<bool>(*cells),
        ArrayType::Bytes => list::<Vec<u8>>(*cells),
        ArrayType::ChronoDateTimeUtc => list::<DateTime<Utc>>(*cells),
        other => Err(StoreError::corrupt(format!("a group sends a list of {other:?}"))),
    }
}

fn list<T: ValueType + ToSql + Sync + Send + 'static>(cells: Vec<Value>) -> Result<Parameter, StoreError> {
    let cells = cells.into_iter().map(T::try_from).collect::<Result<Vec<T>, _>>();
    Ok(Box::new(cells.map_err(|error| StoreError::corrupt(format!("a list is not of one kind: {error}")))?))
}
