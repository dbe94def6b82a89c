//! S3: orders become what their deductions say, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use contract::OrderId;
use platform::database::{Column, Database, DatabaseTransaction, GroupWork, Kind, Rows, StoreError};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

use super::row::{GIVEN_UP, LINES, TOTAL_OUT_OF_RANGE, unreadable};
use crate::model::{Order, OrderLine, OrderState, Rejection};

const DECIDED: [Column; 6] = [
    Column::new("id", Kind::Uuid),
    Column::new("status", Kind::Text),
    Column::new("decided_at", Kind::Time),
    Column::optional("total_minor", Kind::BigInt),
    Column::optional("cause", Kind::Text),
    Column::optional("refusals", Kind::Text),
];

const LINE: [Column; 9] = [
    Column::new("order_id", Kind::Uuid),
    Column::new("line_no", Kind::BigInt),
    Column::new("product_id", Kind::Uuid),
    Column::new("name", Kind::Text),
    Column::optional("sku", Kind::Text),
    Column::new("quantity_milli", Kind::BigInt),
    Column::new("unit_price_minor", Kind::BigInt),
    Column::new("total_minor", Kind::BigInt),
    Column::new("flagged", Kind::Bool),
];

/// Writes decided orders.
pub struct Projections(pub Database);

impl GroupWork for Projections {
    type Ask = Order;
    /// Whether it was this call that did.
    type Answer = bool;

    /// Only from `pending`.
    async fn write(&self, decided: Arc<[Order]>) -> Result<Vec<bool>, StoreError> {
        let (database, orders) = (self.0.clone(), decided.clone());
        let mut written =
            database.write(async move |transaction| write_all(transaction, &orders).await).await?;
        Ok(decided.iter().map(|order| written.remove(&order.id.0)).collect())
    }
}

/// Status and lines in one transaction. Answers the ids of those that were pending.
async fn write_all(
    transaction: &DatabaseTransaction,
    decided: &[Order],
) -> Result<BTreeSet<Uuid>, StoreError> {
    // in key order; an order that is there twice is one
    let by_id: BTreeMap<OrderId, &Order> = decided.iter().map(|order| (order.id, order)).collect();
    let mut heads = Rows::of(&DECIDED);
    for order in by_id.values() {
        heads.push(head_cells(order)?);
    }
    let rows = transaction.query_all_raw(update(transaction.get_database_backend(), heads)).await?;
    let written = rows.iter().map(|row| row.try_get_by_index(0).map_err(StoreError::from));
    let written = written.collect::<Result<BTreeSet<Uuid>, _>>()?;
    let mut lines = Rows::of(&LINE);
    for order in by_id.into_values().filter(|order| written.contains(&order.id.0)) {
        if let OrderState::Confirmed { lines: sold, .. } = &order.state {
            for (line, line_no) in sold.iter().zip(0_i64..) {
                lines.push(line_cells(order.id, line_no, line));
            }
        }
    }
    lines.insert_into("order_lines", transaction).await?;
    Ok(written)
}

/// The rows are locked in key order first: two groups that have orders in common wait instead of deadlocking. The first
/// column is an array of its own there.
fn update(backend: DbBackend, heads: Rows) -> Statement {
    let (locked, is_locked) = match backend {
        DbBackend::Postgres => (
            "WITH locked AS MATERIALIZED (SELECT id FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE) ",
            " AND orders.id IN (SELECT id FROM locked)",
        ),
        _ => ("", ""),
    };
    heads.statement(backend, |decided| {
        format!(
            "{locked}UPDATE orders SET status = decided.status, decided_at = decided.decided_at, next_try_at = NULL, \
             total_minor = decided.total_minor, cause = decided.cause, refusals = decided.refusals \
             FROM {decided} AS decided WHERE orders.id = decided.id AND orders.status = 'pending'{is_locked} \
             RETURNING orders.id"
        )
    })
}

fn head_cells(decided: &Order) -> Result<[Value; 6], StoreError> {
    let (total_minor, cause, refusals) = match &decided.state {
        OrderState::Pending => return Err(StoreError::corrupt("a pending order is no decision")),
        OrderState::Confirmed { total, .. } => (Some(total.minor()), None, None),
        OrderState::Rejected { rejection: Rejection::Lines(refusals), .. } => {
            (None, Some(LINES), Some(serde_json::to_string(refusals).map_err(unreadable)?))
        }
        OrderState::Rejected { rejection: Rejection::TotalOutOfRange, .. } => {
            (None, Some(TOTAL_OUT_OF_RANGE), Some("[]".to_owned()))
        }
        OrderState::Cancelled { .. } => (None, Some(GIVEN_UP), Some("[]".to_owned())),
    };
    Ok([
        decided.id.0.into(),
        decided.status().as_str().into(),
        decided.decided_at().into(),
        total_minor.into(),
        cause.into(),
        refusals.into(),
    ])
}

fn line_cells(order: OrderId, line_no: i64, line: &OrderLine) -> [Value; 9] {
    [
        order.0.into(),
        line_no.into(),
        line.product_id.0.into(),
        line.name.as_str().into(),
        line.sku.clone().into(),
        line.quantity.milli().into(),
        line.unit_price.minor().into(),
        line.total.minor().into(),
        line.flagged.into(),
    ]
}
