//! Parameters of groups' statements, as their driver takes them.

use chrono::{DateTime, Utc};
use sea_orm::{
    Value,
    sea_query::{ArrayType, ValueType},
};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::error::StoreError;

pub type Parameter = Box<dyn ToSql + Sync + Send>;

/// Groups send lists alone: see `Rows`.
///
/// # Errors
/// When it is anything else, or a list of what no column of ours holds.
pub fn parameter(value: Value) -> Result<Parameter, StoreError> {
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
