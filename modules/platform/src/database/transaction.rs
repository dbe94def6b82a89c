//! A write transaction, redone whole while the database says that another was in the way.

use std::time::Duration;

use sea_orm::{
    DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

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
        let mut tried = 0;
        loop {
            let result = self.write_once(&work).await;
            if !self.backs_off(result.as_ref().err().and_then(E::store_error), &mut tried).await {
                return result;
            }
        }
    }

    /// Counts a try; whether it is to be redone, which it is after a pause that has passed then.
    pub(super) async fn backs_off(&self, error: Option<&StoreError>, tried: &mut u32) -> bool {
        *tried += 1;
        let redo = *tried < self.transaction_tries && error.is_some_and(StoreError::is_contention);
        if redo {
            tokio::time::sleep(pause(*tried)).await;
        }
        redo
    }

    /// Begins in a task of its own, so that a caller whose time is up cannot leave it half-way. sqlx 0.9 hands a connection
    /// whose BEGIN was sent and not yet answered to the next user as if nothing had been, and what that one writes, and
    /// is told was written, is in a transaction that nobody commits.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let writer = self.writer().clone();
        // SQLite: take the write lock at once. A transaction that reads first and writes then fails under contention.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = tokio::spawn(async move { writer.begin_with_options(options).await }).await;
        Ok(begun.map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))??)
    }

    async fn write_once<T, E: WriteError>(
        &self,
        work: &impl AsyncFn(&DatabaseTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin().await?;
        let worked = work(&transaction).await;
        end(transaction, worked).await
    }
}

/// Commits what went well, and undoes what did not.
pub(super) async fn end<T, E: WriteError>(
    transaction: DatabaseTransaction,
    worked: Result<T, E>,
) -> Result<T, E> {
    match worked {
        Ok(value) => {
            transaction.commit().await.map_err(StoreError::of_commit)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(rollback) = transaction.rollback().await {
                tracing::debug!(error = %rollback, "rollback failed; the connection is closed before its next use");
            }
            Err(error)
        }
    }
}

/// Jittered, so that those who met do not meet again.
fn pause(tries: u32) -> Duration {
    let longest = FIRST_PAUSE_MS << tries.min(6);
    let random = uuid::Uuid::new_v4().as_u128() as u64;
    Duration::from_millis(1 + random % longest)
}

#[cfg(test)]
mod tests;
