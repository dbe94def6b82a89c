//! Decisions about orders: written once, by a plain INSERT, never changed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use contract::{Deduction, DeductionLine, LineRefusal, OrderId, ProductId, RefusalCause, Verdict};
use platform::{
    database::{Column, GroupTransaction, Kind, Row, Rows, StoreError, Writes, is_one_of, these_ids},
    idempotency::RequestHash,
};
use sea_orm::{DatabaseTransaction, DbBackend, Statement, Value};
use uuid::Uuid;

/// A decision, and the request that it was made for.
#[derive(Clone, Debug)]
pub struct StoredDeduction {
    pub deduction: Deduction,
    /// Absent where no request ever arrived: it matches every request.
    pub hash: Option<RequestHash>,
}

/// The decision about an order, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn find_deduction(
    transaction: &DatabaseTransaction,
    order: OrderId,
) -> Result<Option<StoredDeduction>, StoreError> {
    let transaction = GroupTransaction::Pooled(transaction);
    let [rows] = transaction.read([find_deductions(transaction.backend(), [order])]).await?;
    Ok(found_deductions(&transaction, &rows).await?.remove(&order))
}

/// Asks for the decisions that there are about these orders, as [`found_deductions`] reads it.
pub fn find_deductions(backend: DbBackend, orders: impl IntoIterator<Item = OrderId>) -> Statement {
    let of = "SELECT order_id, request_hash, total_minor, cause, refusals, decided_at FROM deductions WHERE ";
    of_orders(backend, of, "", orders.into_iter().map(|order| order.0))
}

/// The decisions that were found; reads the lines of those that are held.
///
/// # Errors
/// When the database fails, or a decision is none.
pub async fn found_deductions(
    transaction: &GroupTransaction<'_>,
    rows: &[Row],
) -> Result<BTreeMap<OrderId, StoredDeduction>, StoreError> {
    let heads = rows.iter().map(Head::read).collect::<Result<Vec<_>, _>>()?;
    let held = heads.iter().filter(|head| head.total_minor.is_some()).map(|head| head.order_id.0);
    let mut lines = held_lines(transaction, held.collect()).await?;
    let stored = |head: Head| {
        let order = head.order_id;
        head.with(lines.remove(&order).unwrap_or_default()).map(|stored| (order, stored))
    };
    heads.into_iter().map(stored).collect()
}

/// A row of `deductions`.
struct Head {
    order_id: OrderId,
    hash: Option<Vec<u8>>,
    total_minor: Option<i64>,
    cause: Option<String>,
    refusals: Option<String>,
    decided_at: DateTime<Utc>,
}

impl Head {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            order_id: OrderId(row.get(0)?),
            hash: row.get(1)?,
            total_minor: row.get(2)?,
            cause: row.get(3)?,
            refusals: row.get(4)?,
            decided_at: row.get(5)?,
        })
    }

    fn with(self, lines: Vec<DeductionLine>) -> Result<StoredDeduction, StoreError> {
        let Self { order_id, decided_at, .. } = self;
        let hash = self.hash.as_deref().map(read_hash).transpose()?;
        let verdict = match (self.cause.as_deref(), &self.refusals, self.total_minor) {
            (None, None, Some(total_minor)) => Verdict::Held { lines, total_minor },
            (Some(cause), Some(refusals), None) => {
                let lines: Vec<LineRefusal> = serde_json::from_str(refusals).map_err(unreadable)?;
                Verdict::Refused { cause: read_cause(cause)?, lines }
            }
            _ => {
                return Err(StoreError::corrupt(format!("deduction {order_id} is neither held nor refused")));
            }
        };
        Ok(StoredDeduction { deduction: Deduction { order_id, decided_at, verdict }, hash })
    }
}

async fn held_lines(
    transaction: &GroupTransaction<'_>,
    orders: Vec<Uuid>,
) -> Result<BTreeMap<OrderId, Vec<DeductionLine>>, StoreError> {
    let mut lines = BTreeMap::<OrderId, Vec<DeductionLine>>::new();
    if orders.is_empty() {
        return Ok(lines);
    }
    let of = "SELECT order_id, product_id, name, sku, quantity_milli, unit_price_minor, total_minor, flagged, tracked \
        FROM deduction_lines WHERE ";
    let find = of_orders(transaction.backend(), of, " ORDER BY order_id, line_no", orders);
    let [rows] = transaction.read([find]).await?;
    for row in rows {
        let line = DeductionLine {
            product_id: ProductId(row.get(1)?),
            name: row.get(2)?,
            sku: row.get(3)?,
            quantity_milli: row.get(4)?,
            unit_price_minor: row.get(5)?,
            total_minor: row.get(6)?,
            flagged: row.get(7)?,
            tracked: row.get(8)?,
        };
        lines.entry(OrderId(row.get(0)?)).or_default().push(line);
    }
    Ok(lines)
}

/// Written by hand: the SQL builder's list of ids grows with them, and with it the number of texts to be prepared.
fn of_orders(
    backend: DbBackend,
    select: &str,
    order_by: &str,
    orders: impl IntoIterator<Item = Uuid>,
) -> Statement {
    let text = format!("{select}{}{order_by}", is_one_of(backend, "order_id", 1));
    Statement::from_sql_and_values(backend, text, [these_ids(backend, orders)])
}

/// Writes decisions, in key order. Should one stand there after all, this fails, and with it the whole transaction: never
/// `DO NOTHING` here, or the movements of a second decision would stay without it.
pub fn insert_deductions<'a>(
    writes: &mut Writes,
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
