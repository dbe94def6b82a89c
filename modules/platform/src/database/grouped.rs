//! What groups do to their database: on PostgreSQL on connections of their own, in as few ways there and back as there can be.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use super::{
    connect::Database,
    error::StoreError,
    piped::PipedTransaction,
    row::{Row, query},
    transaction::end,
    writes::Writes,
};

/// A transaction of a group.
pub enum GroupTransaction<'a> {
    Piped(&'a PipedTransaction),
    Pooled(&'a DatabaseTransaction),
}

impl GroupTransaction<'_> {
    pub fn backend(&self) -> DbBackend {
        match self {
            Self::Piped(_) => DbBackend::Postgres,
            Self::Pooled(transaction) => transaction.get_database_backend(),
        }
    }

    /// Runs the statements one after the other, each of which sees what was committed before it began; answers their rows.
    ///
    /// # Errors
    /// When the database fails; then the transaction has to be rolled back.
    pub async fn read<const N: usize>(
        &self,
        statements: [Statement; N],
    ) -> Result<[Vec<Row>; N], StoreError> {
        let rows = match self {
            Self::Piped(transaction) => transaction.query(statements.into()).await?,
            Self::Pooled(transaction) => {
                let mut rows = Vec::new();
                for statement in statements {
                    rows.push(query(*transaction, statement).await?);
                }
                rows
            }
        };
        rows.try_into().map_err(|_| StoreError::corrupt("a statement was not answered"))
    }
}

impl Database {
    /// Reads for a group. A commit that was acknowledged is seen by every later read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_grouped(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self.piped() {
            Some(piped) => piped.query(statement).await,
            None => query(self.reader(), statement).await,
        }
    }

    /// Runs a statement that is its own transaction, for a group; redone after contention as [`Database::write`] is.
    ///
    /// # Errors
    /// The database's; of class `CommitUnknown` unless it said no itself.
    pub async fn write_statement(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let mut tried = 0;
        loop {
            let statement = statement.clone();
            let rows = match self.piped() {
                Some(piped) => piped.query(statement).await,
                // to its end: `query_one` would return with the first row, before the statement's own COMMIT
                None => query(self.writer(), statement).await,
            };
            let rows = rows.map_err(StoreError::into_commit);
            if !self.backs_off(rows.as_ref().err(), &mut tried).await {
                return rows;
            }
        }
    }

    /// Runs `work` in one transaction for a group, makes the writes that it answers, and commits; redone as
    /// [`Database::write`] is.
    ///
    /// # Errors
    /// What `work` answered, or the database's; of class `CommitUnknown` when COMMIT was not acknowledged.
    pub async fn write_grouped<T>(
        &self,
        work: impl AsyncFn(&GroupTransaction<'_>) -> Result<(T, Writes), StoreError>,
    ) -> Result<T, StoreError> {
        let mut tried = 0;
        loop {
            let written = self.write_grouped_once(&work).await;
            if !self.backs_off(written.as_ref().err(), &mut tried).await {
                return written;
            }
        }
    }

    async fn write_grouped_once<T>(
        &self,
        work: &impl AsyncFn(&GroupTransaction<'_>) -> Result<(T, Writes), StoreError>,
    ) -> Result<T, StoreError> {
        let Some(piped) = self.piped() else {
            let transaction = self.begin().await?;
            let written = async {
                let (value, writes) = work(&GroupTransaction::Pooled(&transaction)).await?;
                writes.execute(&transaction).await?;
                Ok(value)
            };
            let written = written.await;
            return end(transaction, written).await;
        };
        let transaction = piped.begin().await?;
        match work(&GroupTransaction::Piped(&transaction)).await {
            Ok((value, writes)) => transaction.commit(writes.into_statements()).await.map(|()| value),
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        }
    }
}
