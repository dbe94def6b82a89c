//! A write transaction, redone whole while the database says that another was in the way.

use std::time::Duration;

use sea_orm::{DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use super::{connect::Database, error::StoreError};

/// Longest pause before the first redo; doubles with each.
const FIRST_PAUSE_MS: u64 = 2;

/// An error of the work inside a transaction, which may be one of the database.
pub trait WriteError: From<StoreError> {
    fn store_error(&self) -> Option<&StoreError>;
}

impl WriteError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Database {
    /// Runs `work` in one transaction and commits it; an error rolls it back. Contention is redone up to
    /// `database.transaction_tries` times, so `work` may run several times and must have no effect beside its
    /// transaction.
    ///
    /// Dropped before COMMIT is sent, it leaves nothing behind; dropped after, it may have taken effect.
    ///
    /// # Errors
    /// What `work` answered, or the database's; of class `CommitUnknown` when COMMIT was not acknowledged.
    pub async fn write<T, E: WriteError>(
        &self,
        work: impl AsyncFn(&DatabaseTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tries = 1;
        loop {
            let result = self.write_once(&work).await;
            let contended = matches!(&result, Err(error) if error.store_error().is_some_and(StoreError::is_contention));
            if !contended || tries >= self.transaction_tries {
                return result;
            }
            tokio::time::sleep(pause(tries)).await;
            tries += 1;
        }
    }

    async fn write_once<T, E: WriteError>(
        &self,
        work: &impl AsyncFn(&DatabaseTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        // SQLite: take the write lock at once. A transaction that reads first and writes then fails under contention.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self
            .writer()
            .begin_with_options(options)
            .await
            .map_err(StoreError::from)?;
        match work(&transaction).await {
            Ok(value) => {
                transaction.commit().await.map_err(StoreError::of_commit)?;
                Ok(value)
            }
            Err(error) => {
                if let Err(rollback) = transaction.rollback().await {
                    tracing::debug!(error = %rollback, "rollback failed; the connection is dropped");
                }
                Err(error)
            }
        }
    }
}

/// Jittered, so that those who met do not meet again.
fn pause(tries: u32) -> Duration {
    let longest = FIRST_PAUSE_MS << tries.min(6);
    let random = uuid::Uuid::new_v4().as_u128() as u64;
    Duration::from_millis(1 + random % longest)
}
