//! S3: orders become what their deductions say, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use contract::OrderId;
use platform::database::{
    Column, Database, DatabaseTransaction, GroupWork, Kind, Row, Rows, Sent, StoreError, Table, Writes, query,
};
use sea_orm::{DbBackend, Statement, Value};
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

    async fn run(&self, decided: Arc<[Order]>) -> Result<Vec<bool>, StoreError> {
        let mut written = self.write_all(decided.clone()).await?;
        Ok(decided.iter().map(|order| written.remove(&order.id.0)).collect())
    }
}

impl Projections {
    /// Status and lines; answers the ids of those that were pending, the others stay as they are.
    async fn write_all(&self, decided: Arc<[Order]>) -> Result<BTreeSet<Uuid>, StoreError> {
        match self.0.backend() {
            DbBackend::Postgres => {
                let statement = update_with_lines(&in_key_order(&decided))?;
                ids(&self.0.write_statement(statement).await?)
            }
            _ => self.0.write(async move |transaction| update_then_lines(transaction, &decided).await).await,
        }
    }
}

/// An order that is there twice is one.
fn in_key_order(decided: &[Order]) -> BTreeMap<OrderId, &Order> {
    decided.iter().map(|order| (order.id, order)).collect()
}

/// Where there are several their rows are locked in key order first: two groups that have orders in common wait instead of
/// deadlocking.
fn update_with_lines(decided: &BTreeMap<OrderId, &Order>) -> Result<Statement, StoreError> {
    let is_alone = decided.len() == 1;
    let lines = lines(decided.values());
    let names = lines.names();
    let mut sent = Sent::to(DbBackend::Postgres);
    let (decided, lines) = (sent.table(heads(decided.values())?), sent.table(lines));
    let (locked, of_locked) = match is_alone {
        true => (String::new(), ""),
        false => {
            let asked = decided.has("id", "id");
            let locked = format!(
                "locked AS MATERIALIZED (SELECT id FROM orders WHERE {asked} ORDER BY id FOR UPDATE), "
            );
            (locked, " AND orders.id IN (SELECT id FROM locked)")
        }
    };
    Ok(sent.statement(format!(
        "WITH {locked}written AS ({}{of_locked} RETURNING orders.id), \
         sold AS (INSERT INTO order_lines ({names}) SELECT {names} FROM {lines} AS sent \
         WHERE order_id IN (SELECT id FROM written)) SELECT id FROM written",
        update(&decided)
    )))
}

/// SQLite has no statement that changes two tables.
async fn update_then_lines(
    transaction: &DatabaseTransaction,
    decided: &[Order],
) -> Result<BTreeSet<Uuid>, StoreError> {
    let decided = in_key_order(decided);
    let update =
        heads(decided.values())?.statement(DbBackend::Sqlite, |decided| update(decided) + " RETURNING id");
    let written = ids(&query(transaction, update).await?)?;
    let mut writes = Writes::to(DbBackend::Sqlite);
    writes.insert("order_lines", lines(decided.values().filter(|order| written.contains(&order.id.0))));
    writes.execute(transaction).await?;
    Ok(written)
}

/// A pending order is one without a time (CHECK `orders_state`). Of the status PostgreSQL has indexes, and walks all that is pending
/// where it expects little to be.
fn update(decided: &Table) -> String {
    format!(
        "UPDATE orders SET status = decided.status, decided_at = decided.decided_at, next_try_at = NULL, \
         total_minor = decided.total_minor, cause = decided.cause, refusals = decided.refusals \
         FROM {decided} AS decided WHERE orders.id = decided.id AND {} AND orders.decided_at IS NULL",
        decided.has("id", "orders.id")
    )
}

fn ids(rows: &[Row]) -> Result<BTreeSet<Uuid>, StoreError> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn heads<'a>(decided: impl Iterator<Item = &'a &'a Order>) -> Result<Rows, StoreError> {
    let mut heads = Rows::of(&DECIDED);
    for order in decided {
        heads.push(head_cells(order)?);
    }
    Ok(heads)
}

fn lines<'a>(decided: impl Iterator<Item = &'a &'a Order>) -> Rows {
    let mut lines = Rows::of(&LINE);
    for order in decided {
        if let OrderState::Confirmed { lines: sold, .. } = &order.state {
            for (line, line_no) in sold.iter().zip(0_i64..) {
                lines.push(line_cells(order.id, line_no, line));
            }
        }
    }
    lines
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
