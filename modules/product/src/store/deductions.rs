//! Decisions about orders: written once, by a plain INSERT, never changed.

use contract::{Deduction, DeductionLine, LineRefusal, OrderId, RefusalCause, Verdict};
use platform::{database::StoreError, idempotency::RequestHash};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
};

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
    let Some(row) = deduction::Entity::find_by_id(order.0).one(connection).await? else {
        return Ok(None);
    };
    let hash = row.request_hash.as_deref().map(read_hash).transpose()?;
    let verdict = match (row.cause.as_deref(), &row.refusals, row.total_minor) {
        (None, None, Some(total_minor)) => {
            Verdict::Held { lines: held_lines(connection, order).await?, total_minor }
        }
        (Some(cause), Some(refusals), None) => {
            let lines: Vec<LineRefusal> = serde_json::from_str(refusals).map_err(unreadable)?;
            Verdict::Refused { cause: read_cause(cause)?, lines }
        }
        _ => {
            return Err(StoreError::corrupt(format!("deduction {order} is neither held nor refused")));
        }
    };
    let deduction = Deduction { order_id: order, decided_at: row.decided_at, verdict };
    Ok(Some(StoredDeduction { deduction, hash }))
}

async fn held_lines(
    connection: &impl ConnectionTrait,
    order: OrderId,
) -> Result<Vec<DeductionLine>, StoreError> {
    let rows = deduction_line::Entity::find()
        .filter(deduction_line::Column::OrderId.eq(order.0))
        .order_by_asc(deduction_line::Column::LineNo)
        .all(connection)
        .await?;
    let line = |row: deduction_line::Model| DeductionLine {
        product_id: row.product_id.into(),
        name: row.name,
        sku: row.sku,
        quantity_milli: row.quantity_milli,
        unit_price_minor: row.unit_price_minor,
        total_minor: row.total_minor,
        flagged: row.flagged,
        tracked: row.tracked,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Writes the decision. Should one stand there after all, this fails, and with it the whole transaction: never
/// `DO NOTHING` here, or the movements of a second decision would stay without it.
pub async fn insert_deduction(
    transaction: &DatabaseTransaction,
    stored: &StoredDeduction,
) -> Result<(), StoreError> {
    let deduction = &stored.deduction;
    let hash = stored.hash.map(|hash| hash.as_bytes().to_vec());
    let (outcome, total_minor, cause, refusals) = match &deduction.verdict {
        Verdict::Held { total_minor, .. } => ("held", Some(*total_minor), None, None),
        Verdict::Refused { cause, lines } => {
            let refusals = serde_json::to_string(lines).map_err(unreadable)?;
            ("refused", None, Some(cause_text(*cause).to_owned()), Some(refusals))
        }
    };
    let row = deduction::ActiveModel {
        order_id: Set(deduction.order_id.0),
        outcome: Set(outcome.to_owned()),
        request_hash: Set(hash),
        total_minor: Set(total_minor),
        cause: Set(cause),
        refusals: Set(refusals),
        decided_at: Set(deduction.decided_at),
    };
    deduction::Entity::insert(row).exec_without_returning(transaction).await?;
    if let Verdict::Held { lines, .. } = &deduction.verdict {
        let rows = lines.iter().zip(0..).map(|(line, line_no)| line_row(deduction.order_id, line_no, line));
        deduction_line::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Another decision about the same order was written meanwhile; the transaction is to be redone and will find it.
pub fn is_deduction_race(error: &StoreError) -> bool {
    error.is_duplicate_of("deductions")
}

fn line_row(order: OrderId, line_no: i32, line: &DeductionLine) -> deduction_line::ActiveModel {
    deduction_line::ActiveModel {
        order_id: Set(order.0),
        line_no: Set(line_no),
        product_id: Set(line.product_id.0),
        name: Set(line.name.clone()),
        sku: Set(line.sku.clone()),
        quantity_milli: Set(line.quantity_milli),
        unit_price_minor: Set(line.unit_price_minor),
        total_minor: Set(line.total_minor),
        flagged: Set(line.flagged),
        tracked: Set(line.tracked),
    }
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
