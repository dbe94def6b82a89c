//! Brings a schema up to date, once, also when several processes start together.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait};
use sea_orm_migration::MigratorTrait;

use super::{connect::Database, error::StoreError};
use crate::settings::DatabaseSettings;

/// Key of PostgreSQL's advisory lock ("pos" and "mig" in ASCII).
const LOCK_KEY: i64 = 0x706f_736d_6967;

/// How a database's schema stands to this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// All migrations of this program are in, and no other.
    Current,
    /// Migrations are missing; how many.
    Behind(usize),
    /// It holds a migration that this program does not know.
    Newer(String),
}

/// A module's migrations.
pub trait Migrations: MigratorTrait {}
impl<M: MigratorTrait> Migrations for M {}

/// Compares the schema with the program without changing anything.
///
/// # Errors
/// When the database cannot be read.
pub async fn schema_state<M: Migrations>(database: &Database) -> Result<SchemaState, StoreError> {
    let known: Vec<String> =
        M::get_migration_files().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = applied_migrations(database).await?;
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Ok(SchemaState::Newer(unknown.clone()));
    }
    Ok(match known.len() - applied.len() {
        0 => SchemaState::Current,
        missing => SchemaState::Behind(missing),
    })
}

async fn applied_migrations(database: &Database) -> Result<Vec<String>, StoreError> {
    let connection = database.reader();
    let exists = match database.backend() {
        DbBackend::Postgres => "SELECT 1 AS one WHERE to_regclass('seaql_migrations') IS NOT NULL",
        _ => "SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    if connection.query_one_raw(Statement::from_string(database.backend(), exists)).await?.is_none() {
        return Ok(Vec::new());
    }
    let all = Statement::from_string(database.backend(), "SELECT version FROM seaql_migrations");
    let rows = connection.query_all_raw(all).await?;
    Ok(rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, DbErr>>()?)
}

/// Runs the missing migrations under a lock, each in a transaction of its own: a kill leaves whole migrations behind.
/// Whoever waited for the lock finds nothing left to do. A schema that is newer is left as it is.
///
/// # Errors
/// When the database cannot be reached or a migration fails.
pub async fn migrate<M: Migrations>(url: &str, settings: &DatabaseSettings) -> Result<(), StoreError> {
    // Building an index takes as long as it takes: the bounds of requests do not hold here.
    let unbounded = DatabaseSettings {
        max_connections: 2,
        statement_timeout_ms: 0,
        lock_timeout_ms: 0,
        idle_transaction_timeout_ms: 0,
        ..settings.clone()
    };
    let database = Database::connect("migration", url, &unbounded).await?;
    let result = migrate_locked::<M>(&database).await;
    database.close().await?;
    result
}

async fn migrate_locked<M: Migrations>(database: &Database) -> Result<(), StoreError> {
    if database.backend() != DbBackend::Postgres {
        // the data directory is locked by this process
        return up::<M>(database).await;
    }
    let guard = database.writer().begin().await?;
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK_KEY})");
    guard.execute_unprepared(&lock).await?;
    let result = up::<M>(database).await;
    guard.rollback().await?;
    result
}

async fn up<M: Migrations>(database: &Database) -> Result<(), StoreError> {
    match schema_state::<M>(database).await? {
        SchemaState::Behind(_) => Ok(M::up(database.writer(), None).await?),
        SchemaState::Current | SchemaState::Newer(_) => Ok(()),
    }
}
