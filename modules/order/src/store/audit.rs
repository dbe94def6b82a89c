//! Reads for the audit. Each statement is one snapshot of a bounded range of orders: after the first id, up to and with the
//! last.

use contract::audit::SoldLine;
use platform::database::{Database, Sql, StoreError, now_plus_ms, nth_key};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    entity::order::{self, Column},
    model::AuditedOrder,
};

const ORDERS: Sql = Sql {
    postgres: "SELECT id, key, request_hash, status, cause, total_minor, (SELECT string_agg(l.product_id || ':' || \
        l.quantity_milli || ':' || l.unit_price_minor || ':' || l.total_minor, ',' ORDER BY l.line_no) \
        FROM order_lines l WHERE l.order_id = o.id) AS lines FROM orders o WHERE id > $1 AND id <= $2",
    sqlite: "SELECT id, key, request_hash, status, cause, total_minor, (SELECT group_concat(hex(l.product_id) || ':' || \
        l.quantity_milli || ':' || l.unit_price_minor || ':' || l.total_minor, ',' ORDER BY l.line_no) \
        FROM order_lines l WHERE l.order_id = o.id) AS lines FROM orders o WHERE id > $1 AND id <= $2",
};

/// The orders of a range, each with its lines.
pub async fn orders(database: &Database, after: Uuid, last: Uuid) -> Result<Vec<AuditedOrder>, StoreError> {
    let statement = ORDERS.with(database.backend(), [after.into(), last.into()]);
    let rows = database.reader().query_all_raw(statement).await?;
    rows.iter().map(audited).collect()
}

fn audited(row: &QueryResult) -> Result<AuditedOrder, StoreError> {
    let lines: Option<String> = row.try_get("", "lines")?;
    let lines = SoldLine::parse_all(&lines.unwrap_or_default());
    Ok(AuditedOrder {
        id: row.try_get("", "id")?,
        key: row.try_get("", "key")?,
        hash: row.try_get("", "request_hash")?,
        status: row.try_get("", "status")?,
        cause: row.try_get("", "cause")?,
        total_minor: row.try_get("", "total_minor")?,
        lines: lines.ok_or_else(|| StoreError::corrupt("a line of an order cannot be read"))?,
    })
}

/// Id and status of the orders of a range.
pub async fn statuses(
    database: &Database,
    after: Uuid,
    last: Uuid,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    let rows = order::Entity::find()
        .select_only()
        .columns([Column::Id, Column::Status])
        .filter(Column::Id.gt(after))
        .filter(Column::Id.lte(last))
        .into_tuple()
        .all(database.reader())
        .await?;
    Ok(rows)
}

/// Up to `limit` orders that are pending for longer than `age_ms`, by the database's clock; the oldest first.
pub async fn overdue(database: &Database, age_ms: i64, limit: u64) -> Result<Vec<Uuid>, StoreError> {
    let old = Expr::col(Column::CreatedAt).lt(now_plus_ms(database.backend(), -age_ms));
    let rows = order::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.eq("pending"))
        .filter(old)
        .order_by_asc(Column::CreatedAt)
        .limit(limit)
        .into_tuple()
        .all(database.reader())
        .await?;
    Ok(rows)
}

/// Where a batch of this many orders ends, and how many it has.
pub async fn nth(
    database: &Database,
    range: (Uuid, Uuid),
    rows: u64,
) -> Result<Option<(Uuid, u64)>, StoreError> {
    nth_key::<order::Entity>(database, Column::Id, range, rows).await
}
