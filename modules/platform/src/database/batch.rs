//! Batches, for those who walk a table by its keys: where one ends, and its rows.

use sea_orm::{ConnectionTrait, EntityTrait, IdenStatic, Statement, Value};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{connect::Database, error::StoreError, sql::Sql};

/// The rows of a batch, from a statement that puts them into one JSON array, or answers null where there are none. SQLite's
/// rows come over one by one from another thread: to wake and sleep for each took most of what an audit takes.
///
/// # Errors
/// When the database fails, or a row is not what it should be.
pub async fn read_as_one<T: DeserializeOwned>(
    database: &Database,
    sql: Sql,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, StoreError> {
    let row = database.reader().query_one_raw(sql.with(database.backend(), values)).await?;
    let text = row.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose()?.flatten();
    let unreadable = |error| StoreError::corrupt(format!("a batch of rows cannot be read: {error}"));
    text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(unreadable))
}

/// The `rows`th key after the range's first, or the last one up to its second where fewer are left; and how many these are.
/// Nothing where none is left.
///
/// # Errors
/// When the database fails.
pub async fn nth_key<E: EntityTrait>(
    database: &Database,
    key: E::Column,
    (after, until): (Uuid, Uuid),
    rows: u64,
) -> Result<Option<(Uuid, u64)>, StoreError> {
    let (table, key) = (E::default().table_name(), key.as_str());
    let text = format!(
        "SELECT id, count(*) OVER () AS rows FROM (SELECT {key} AS id FROM {table} \
         WHERE {key} > $1 AND {key} <= $2 ORDER BY {key} LIMIT $3) batch ORDER BY id DESC LIMIT 1"
    );
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let statement =
        Statement::from_sql_and_values(database.backend(), text, [after.into(), until.into(), rows.into()]);
    let last = database.reader().query_one_raw(statement).await?;
    let last = last.map(|row| Ok((row.try_get("", "id")?, row.try_get::<i64>("", "rows")?.unsigned_abs())));
    last.transpose()
}

/// The first and the last key of a table that is not empty.
///
/// # Errors
/// When the database fails.
pub async fn ends<E: EntityTrait>(
    database: &Database,
    key: E::Column,
) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    let (table, key) = (E::default().table_name(), key.as_str());
    let end = |order| format!("(SELECT {key} FROM {table} ORDER BY {key} {order} LIMIT 1)");
    let text = format!("SELECT {} AS first, {} AS last", end("ASC"), end("DESC"));
    let statement = Statement::from_string(database.backend(), text);
    let Some(row) = database.reader().query_one_raw(statement).await? else { return Ok(None) };
    let (first, last): (Option<Uuid>, Option<Uuid>) = (row.try_get("", "first")?, row.try_get("", "last")?);
    Ok(first.zip(last))
}
