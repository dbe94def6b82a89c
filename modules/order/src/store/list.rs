//! Pages of the order history, newest first.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use platform::database::{Database, StoreError};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::row::{to_line, to_order};
use crate::{
    entity::{order, order_line},
    model::{Order, OrderFilter, OrderLine, OrderStatus, Position},
};

/// Up to `limit` orders after `after`.
pub async fn list(
    database: &Database,
    filter: &OrderFilter,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Order>, StoreError> {
    let mut query = order::Entity::find().filter(condition(filter));
    if let Some(after) = after {
        let row = Expr::tuple([Expr::col(order::Column::CreatedAt), Expr::col(order::Column::Id)]);
        let last = Expr::tuple([stored_time(database.backend(), after.created_at), Expr::value(after.id.0)]);
        query = query.filter(row.lt(last));
    }
    let rows = query
        .order_by_desc(order::Column::CreatedAt)
        .order_by_desc(order::Column::Id)
        .limit(limit)
        .all(database.reader())
        .await?;
    let mut lines = lines_of(database, &rows).await?;
    rows.into_iter()
        .map(|row| {
            let lines = lines.remove(&row.id).unwrap_or_default();
            to_order(row, lines)
        })
        .collect()
}

/// A time as the database's clock wrote it: SQLite keeps texts, which are equal only when they are spelled alike.
fn stored_time(backend: DbBackend, time: DateTime<Utc>) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::value(time),
        _ => Expr::value(time.to_rfc3339_opts(SecondsFormat::Millis, false)),
    }
}

fn condition(filter: &OrderFilter) -> Condition {
    use order::Column::{CreatedAt, Key, Status};
    Condition::all()
        .add_option(filter.status.map(|status| Status.eq(status.as_str())))
        .add_option(filter.from.map(|from| CreatedAt.gte(from)))
        .add_option(filter.to.map(|to| CreatedAt.lt(to)))
        .add_option(filter.key.as_ref().map(|key| Key.eq(key.as_str())))
}

/// The lines of a whole page, by one query.
async fn lines_of(
    database: &Database,
    rows: &[order::Model],
) -> Result<HashMap<Uuid, Vec<OrderLine>>, StoreError> {
    let confirmed = rows.iter().filter(|row| row.status == OrderStatus::Confirmed.as_str());
    let ids: Vec<Uuid> = confirmed.map(|row| row.id).collect();
    let mut lines: HashMap<Uuid, Vec<OrderLine>> = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(lines);
    }
    let found = order_line::Entity::find()
        .filter(order_line::Column::OrderId.is_in(ids))
        .order_by_asc(order_line::Column::OrderId)
        .order_by_asc(order_line::Column::LineNo)
        .all(database.reader())
        .await?;
    for row in found {
        lines.entry(row.order_id).or_default().push(to_line(row));
    }
    Ok(lines)
}
