//! Reads for the audit. Each statement is one snapshot of a bounded range of orders: after the first id, up to and with the
//! last.

use chrono::{DateTime, Utc};
use contract::audit::SoldLine;
use platform::database::{Database, Sql, StoreError, ends, now_plus_ms, nth_key, read_as_one};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    entity::order::{self, Column},
    model::AuditedOrder,
};

const ORDERS: Sql = Sql {
    postgres: "SELECT json_agg(json_build_array(id, key, encode(request_hash, 'hex'), status, cause, total_minor, \
        (SELECT string_agg(l.product_id || ':' || l.quantity_milli || ':' || l.unit_price_minor || ':' || l.total_minor, ',' \
        ORDER BY l.line_no) FROM order_lines l WHERE l.order_id = o.id)))::text FROM orders o WHERE id > $1 AND id <= $2",
    sqlite: "SELECT json_group_array(json_array(hex(id), key, nullif(lower(hex(request_hash)), ''), status, cause, total_minor, \
        (SELECT group_concat(hex(l.product_id) || ':' || l.quantity_milli || ':' || l.unit_price_minor || ':' || l.total_minor, ',' \
        ORDER BY l.line_no) FROM order_lines l WHERE l.order_id = o.id))) FROM orders o WHERE id > $1 AND id <= $2",
};

/// As [`ORDERS`] puts it together: the lines last.
type OrderRow = (Uuid, String, Option<String>, String, Option<String>, Option<i64>, Option<String>);

const STATUSES: Sql = Sql {
    postgres: "SELECT json_agg(json_build_array(id, status))::text FROM orders WHERE id > $1 AND id <= $2",
    sqlite: "SELECT json_group_array(json_array(hex(id), status)) FROM orders WHERE id > $1 AND id <= $2",
};

/// The orders of a range, each with its lines.
pub async fn orders(database: &Database, after: Uuid, last: Uuid) -> Result<Vec<AuditedOrder>, StoreError> {
    let rows: Vec<OrderRow> = read_as_one(database, ORDERS, [after.into(), last.into()]).await?;
    rows.into_iter().map(audited).collect()
}

fn audited(row: OrderRow) -> Result<AuditedOrder, StoreError> {
    let (id, key, hash, status, cause, total_minor, lines) = row;
    let unreadable = || StoreError::corrupt(format!("a line of the order {id} cannot be read"));
    let lines = SoldLine::parse_all(&lines.unwrap_or_default()).ok_or_else(unreadable)?;
    Ok(AuditedOrder { id, key, hash, status, cause, total_minor, lines })
}

/// Id and status of the orders of a range.
pub async fn statuses(
    database: &Database,
    after: Uuid,
    last: Uuid,
) -> Result<Vec<(Uuid, String)>, StoreError> {
    read_as_one(database, STATUSES, [after.into(), last.into()]).await
}

/// Up to `limit` orders that are pending for longer than `age_ms`, by the database's clock, and since when; the oldest first.
pub async fn overdue(
    database: &Database,
    age_ms: i64,
    limit: u64,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
    let old = Expr::col(Column::CreatedAt).lt(now_plus_ms(database.backend(), -age_ms));
    let rows = order::Entity::find()
        .select_only()
        .columns([Column::Id, Column::CreatedAt])
        .filter(Column::Status.eq("pending"))
        .filter(old)
        .order_by_asc(Column::CreatedAt)
        .limit(limit)
        .into_tuple()
        .all(database.reader())
        .await?;
    Ok(rows)
}

/// The first and the last id of all orders.
pub async fn ends_of_orders(database: &Database) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    ends::<order::Entity>(database, Column::Id).await
}

/// Where a batch of this many orders ends, and how many it has.
pub async fn nth(
    database: &Database,
    range: (Uuid, Uuid),
    rows: u64,
) -> Result<Option<(Uuid, u64)>, StoreError> {
    nth_key::<order::Entity>(database, Column::Id, range, rows).await
}
