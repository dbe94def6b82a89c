//! A row of either driver, read by position.

use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable};
use tokio_postgres::types::FromSqlOwned;

use super::error::StoreError;

/// A row that a statement answered.
pub enum Row {
    Pooled(QueryResult),
    Piped(tokio_postgres::Row),
}

impl Row {
    /// The value of a column, counted from 0.
    ///
    /// # Errors
    /// When there is no such column, or it holds something else.
    pub fn get<T: TryGetable + FromSqlOwned>(&self, column: usize) -> Result<T, StoreError> {
        match self {
            Self::Pooled(row) => Ok(row.try_get_by_index(column)?),
            Self::Piped(row) => Ok(row.try_get(column)?),
        }
    }
}

/// The rows that a statement answers on a connection of a pool.
///
/// # Errors
/// When the database fails.
pub async fn query(connection: &impl ConnectionTrait, statement: Statement) -> Result<Vec<Row>, StoreError> {
    Ok(connection.query_all_raw(statement).await?.into_iter().map(Row::Pooled).collect())
}
