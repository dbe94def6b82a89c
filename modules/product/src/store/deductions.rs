//! Decisions about orders: written once, by a plain INSERT, never changed.

use std::collections::BTreeMap;

use contract::{Deduction, DeductionLine, LineRefusal, OrderId, RefusalCause, Verdict};
use platform::{
    database::{Column, Kind, Rows, StoreError, Writes, is_one_of, these_ids},
    idempotency::RequestHash,
};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::entity::{deduction, deduction_line};

/// A decision, and the request that it was made for.
#[derive(Clone, Debug)]
pub struct StoredDeduction {
    pub deduction: Deduction,
    /// Absent where no request ever arrived: it matches every request.
    pub hash: Option<RequestHash>,
}

/// The decision about an order, if there is one.
pub async fn find_deduction(
    connection: &impl ConnectionTrait,
    order: OrderId,
) -> Result<Option<StoredDeduction>, StoreError> {
    Ok(find_deductions(connection, [order]).await?.remove(&order))
}

/// The decisions that there are about these orders.
pub async fn find_deductions(
    connection: &impl ConnectionTrait,
    orders: impl IntoIterator<Item = OrderId>,
) -> Result<BTreeMap<OrderId, StoredDeduction>, StoreError> {
    let of = "SELECT order_id, outcome, request_hash, total_minor, cause, refusals, decided_at FROM deductions WHERE ";
    let rows = rows_of(connection, of, "", orders.into_iter().map(|order| order.0)).await?;
    let rows = rows.iter().map(|row| deduction::Model::from_query_result(row, ""));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let held = rows.iter().filter(|row| row.total_minor.is_some()).map(|row| row.order_id);
    let mut lines = held_lines(connection, held.collect()).await?;
    let stored = |row: deduction::Model| {
        let order = OrderId::from(row.order_id);
        to_stored(row, lines.remove(&order).unwrap_or_default()).map(|stored| (order, stored))
    };
    rows.into_iter().map(stored).collect()
}

fn to_stored(row: deduction::Model, lines: Vec<DeductionLine>) -> Result<StoredDeduction, StoreError> {
    let order_id = OrderId::from(row.order_id);
    let hash = row.request_hash.as_deref().map(read_hash).transpose()?;
    let verdict = match (row.cause.as_deref(), &row.refusals, row.total_minor) {
        (None, None, Some(total_minor)) => Verdict::Held { lines, total_minor },
        (Some(cause), Some(refusals), None) => {
            let lines: Vec<LineRefusal> = serde_json::from_str(refusals).map_err(unreadable)?;
            Verdict::Refused { cause: read_cause(cause)?, lines }
        }
        _ => {
            return Err(StoreError::corrupt(format!("deduction {order_id} is neither held nor refused")));
        }
    };
    let deduction = Deduction { order_id, decided_at: row.decided_at, verdict };
    Ok(StoredDeduction { deduction, hash })
}

async fn held_lines(
    connection: &impl ConnectionTrait,
    orders: Vec<Uuid>,
) -> Result<BTreeMap<OrderId, Vec<DeductionLine>>, StoreError> {
    let mut lines = BTreeMap::<OrderId, Vec<DeductionLine>>::new();
    if orders.is_empty() {
        return Ok(lines);
    }
    let of = "SELECT order_id, line_no, product_id, name, sku, quantity_milli, unit_price_minor, total_minor, flagged, tracked \
        FROM deduction_lines WHERE ";
    for row in rows_of(connection, of, " ORDER BY order_id, line_no", orders).await? {
        let row = deduction_line::Model::from_query_result(&row, "")?;
        let line = DeductionLine {
            product_id: row.product_id.into(),
            name: row.name,
            sku: row.sku,
            quantity_milli: row.quantity_milli,
            unit_price_minor: row.unit_price_minor,
            total_minor: row.total_minor,
            flagged: row.flagged,
            tracked: row.tracked,
        };
        lines.entry(row.order_id.into()).or_default().push(line);
    }
    Ok(lines)
}

async fn rows_of(
    connection: &impl ConnectionTrait,
    select: &str,
    order_by: &str,
    orders: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<QueryResult>, StoreError> {
    let backend = connection.get_database_backend();
    let text = format!("{select}{}{order_by}", is_one_of(backend, "order_id", 1));
    let statement = Statement::from_sql_and_values(backend, text, [these_ids(backend, orders)]);
    Ok(connection.query_all_raw(statement).await?)
}

/// Writes decisions, in key order. Should one stand there after all, this fails, and with it the whole transaction: never
/// `DO NOTHING` here, or the movements of a second decision would stay without it.
pub fn insert_deductions<'a>(
    writes: &mut Writes<'_>,
    decided: impl IntoIterator<Item = &'a StoredDeduction>,
) -> Result<(), StoreError> {
    let (mut heads, mut lines) = (Rows::of(&HEAD), Rows::of(&LINE));
    for StoredDeduction { deduction, hash } in decided {
        let order = deduction.order_id.0;
        let (outcome, total_minor, cause, refusals) = match &deduction.verdict {
            Verdict::Held { total_minor, .. } => ("held", Some(*total_minor), None, None),
            Verdict::Refused { cause, lines } => {
                let refusals = serde_json::to_string(lines).map_err(unreadable)?;
                ("refused", None, Some(cause_text(*cause)), Some(refusals))
            }
        };
        heads.push([
            order.into(),
            outcome.into(),
            hash.map(|hash| hash.as_bytes().to_vec()).into(),
            total_minor.into(),
            cause.into(),
            refusals.into(),
            deduction.decided_at.into(),
        ]);
        if let Verdict::Held { lines: held, .. } = &deduction.verdict {
            for (line, line_no) in held.iter().zip(0_i64..) {
                lines.push(line_cells(order, line_no, line));
            }
        }
    }
    writes.insert("deductions", heads);
    writes.insert("deduction_lines", lines);
    Ok(())
}

const HEAD: [Column; 7] = [
    Column::new("order_id", Kind::Uuid),
    Column::new("outcome", Kind::Text),
    Column::optional("request_hash", Kind::Bytes),
    Column::optional("total_minor", Kind::BigInt),
    Column::optional("cause", Kind::Text),
    Column::optional("refusals", Kind::Text),
    Column::new("decided_at", Kind::Time),
];

const LINE: [Column; 10] = [
    Column::new("order_id", Kind::Uuid),
    Column::new("line_no", Kind::BigInt),
    Column::new("product_id", Kind::Uuid),
    Column::new("name", Kind::Text),
    Column::optional("sku", Kind::Text),
    Column::new("quantity_milli", Kind::BigInt),
    Column::new("unit_price_minor", Kind::BigInt),
    Column::new("total_minor", Kind::BigInt),
    Column::new("flagged", Kind::Bool),
    Column::new("tracked", Kind::Bool),
];

fn line_cells(order: Uuid, line_no: i64, line: &DeductionLine) -> [Value; 10] {
    [
        order.into(),
        line_no.into(),
        line.product_id.0.into(),
        line.name.as_str().into(),
        line.sku.clone().into(),
        line.quantity_milli.into(),
        line.unit_price_minor.into(),
        line.total_minor.into(),
        line.flagged.into(),
        line.tracked.into(),
    ]
}

/// Another decision about the same order was written meanwhile; the transaction is to be redone and will find it.
pub fn is_deduction_race(error: &StoreError) -> bool {
    ["deductions", "deduction_lines"].into_iter().any(|table| error.is_duplicate_of(table))
}

const fn cause_text(cause: RefusalCause) -> &'static str {
    match cause {
        RefusalCause::Lines => "lines",
        RefusalCause::TotalOutOfRange => "total_out_of_range",
        RefusalCause::GivenUp => "given_up",
    }
}

fn read_cause(text: &str) -> Result<RefusalCause, StoreError> {
    [RefusalCause::Lines, RefusalCause::TotalOutOfRange, RefusalCause::GivenUp]
        .into_iter()
        .find(|cause| cause_text(*cause) == text)
        .ok_or_else(|| StoreError::corrupt(format!("unknown refusal cause {text}")))
}

fn read_hash(bytes: &[u8]) -> Result<RequestHash, StoreError> {
    RequestHash::from_slice(bytes)
        .ok_or_else(|| StoreError::corrupt("a stored request hash is not 32 bytes long"))
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::corrupt(format!("refusals cannot be read or written: {error}"))
}
