//! Statements that go out together on one connection.

use std::time::{Duration, Instant};

use deadpool_postgres::Object;
use futures_util::future::{join_all, join3};
use sea_orm::Statement;
use tokio_postgres::types::ToSql;

use super::{
    error::{ErrorClass, StoreError},
    lent::Lent,
    parameter::{Parameter, parameter},
    row::Row,
};

/// What was answered to statements that went out together.
pub struct Answers {
    pub begun: Result<(), StoreError>,
    pub rows: Vec<Result<Vec<Row>, StoreError>>,
    pub ended: Result<(), StoreError>,
}

/// Sends all of it before it waits for any of it.
///
/// # Errors
/// When nothing was sent.
pub async fn pipe(
    lent: &Lent,
    begin: Option<&str>,
    statements: Vec<Statement>,
    end: Option<&str>,
    slow: Duration,
) -> Result<Answers, StoreError> {
    let connection = lent.get()?;
    let mut sent = Vec::new();
    for Statement { sql, values, .. } in statements {
        let prepared = prepare(connection, &sql).await.map_err(StoreError::before_sent)?;
        let values = values.map(|values| values.0).unwrap_or_default();
        let parameters = values.into_iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
        sent.push((sql, prepared, parameters));
    }
    if connection.is_closed() {
        return Err(StoreError::of(ErrorClass::NotSent, "the connection was closed"));
    }
    let started = Instant::now();
    // each is sent when it is first asked for its answer, which these do in their order (`join_all` up to 30, of which we are far)
    let (begun, rows, ended) = join3(
        command(connection, begin),
        join_all(sent.iter().map(|(_, prepared, parameters)| query(connection, prepared, parameters))),
        command(connection, end),
    )
    .await;
    if let Some((first, ..)) = sent.first()
        && started.elapsed() > slow
    {
        let elapsed_ms = started.elapsed().as_secs_f64() * 1e3;
        tracing::warn!(elapsed_ms, statements = sent.len(), first, "slow statements");
    }
    Ok(Answers { begun, rows, ended })
}

async fn prepare(connection: &Object, text: &str) -> Result<tokio_postgres::Statement, StoreError> {
    Ok(connection.prepare_cached(text).await?)
}

/// Runs a command that has no parameters, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn command(connection: &Object, command: Option<&str>) -> Result<(), StoreError> {
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
