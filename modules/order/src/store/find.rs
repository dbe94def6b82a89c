//! Reads of single orders.

use contract::OrderId;
use platform::{
    database::{Database, StoreError, now_plus_ms},
    idempotency::IdempotencyKey,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::Expr,
};

use super::row::{hash, status, to_line, to_order, to_pending};
use crate::{
    entity::{order, order_line},
    model::{Order, OrderStatus, Standing},
};

/// Name of the expression that compares `decide_by` with the database's clock.
pub const PAST_DECIDE_BY: &str = "past_decide_by";

/// The order as it stands, with what it takes to go on with a pending one.
pub async fn standing(database: &Database, id: OrderId) -> Result<Option<Standing>, StoreError> {
    standing_where(database, order::Column::Id.eq(id.0)).await
}

/// The order of a key: also one from before ids had times, which has another id than the key's now.
pub async fn standing_under(
    database: &Database,
    key: &IdempotencyKey,
) -> Result<Option<Standing>, StoreError> {
    standing_where(database, order::Column::Key.eq(key.as_str())).await
}

async fn standing_where(database: &Database, is_meant: Expr) -> Result<Option<Standing>, StoreError> {
    let late = Expr::col(order::Column::DecideBy).lte(now_plus_ms(database.backend(), 0));
    let query = order::Entity::find().filter(is_meant).expr_as(late, PAST_DECIDE_BY).into_query();
    let Some(row) = database.reader().query_one(&query).await? else {
        return Ok(None);
    };
    let past_decide_by = row.try_get("", PAST_DECIDE_BY)?;
    let row = order::Model::from_query_result(&row, "")?;
    if status(&row)? == OrderStatus::Pending {
        return Ok(Some(Standing::Pending(to_pending(row, past_decide_by)?)));
    }
    let hash = hash(&row)?;
    Ok(Some(Standing::Decided { order: with_lines(database, row).await?, hash }))
}

/// The order as its readers see it.
pub async fn find(database: &Database, id: OrderId) -> Result<Option<Order>, StoreError> {
    match order::Entity::find_by_id(id.0).one(database.reader()).await? {
        Some(row) => Ok(Some(with_lines(database, row).await?)),
        None => Ok(None),
    }
}

/// Whether there is an order of this id.
pub async fn exists(database: &Database, id: OrderId) -> Result<bool, StoreError> {
    Ok(order::Entity::find_by_id(id.0).one(database.reader()).await?.is_some())
}

/// Status and lines were written in one transaction: whoever reads `confirmed` finds the lines.
async fn with_lines(database: &Database, row: order::Model) -> Result<Order, StoreError> {
    let mut lines = Vec::new();
    if status(&row)? == OrderStatus::Confirmed {
        let rows = order_line::Entity::find()
            .filter(order_line::Column::OrderId.eq(row.id))
            .order_by_asc(order_line::Column::LineNo)
            .all(database.reader())
            .await?;
        lines = rows.into_iter().map(to_line).collect();
    }
    to_order(row, lines)
}
