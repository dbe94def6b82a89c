//! Reads for the audit: what does not hold by itself, and what the other database is compared with. Each statement is one
//! snapshot of a bounded range of rows: after the first key, up to and with the last.

use contract::audit::SoldLine;
use platform::database::{Database, Sql, StoreError, nth_key, read_as_one};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use crate::{
    entity::{deduction, product},
    model::{BadLevel, BadMovement, Decision},
};

const BAD_LEVELS: &str = "SELECT s.product_id, s.policy, s.quantity_milli, s.seq, m.after_milli \
    FROM stock s LEFT JOIN movements m ON m.product_id = s.product_id AND m.seq = s.seq \
    WHERE s.product_id > $1 AND s.product_id <= $2 AND ((s.policy = 'deny' AND s.quantity_milli < 0) \
    OR s.quantity_milli <> coalesce(m.after_milli, 0) OR (s.seq > 0 AND m.seq IS NULL) \
    OR EXISTS (SELECT 1 FROM movements n WHERE n.product_id = s.product_id AND n.seq > s.seq))";

/// Products without a stock row, and those whose two archive marks differ.
const STRAYS: &str = "SELECT p.id, s.product_id IS NULL AS is_bare \
    FROM products p LEFT JOIN stock s ON s.product_id = p.id \
    WHERE p.id > $1 AND p.id <= $2 AND (s.product_id IS NULL OR s.archived <> p.archived)";

/// The decision of a movement is read as a value: for a NOT EXISTS that it takes to be asked often, PostgreSQL reads all decisions
/// there are, with each batch.
const BAD_MOVEMENTS: &str = "SELECT product_id, seq, order_id, is_orphan FROM \
    (SELECT c.*, (c.reason = 'sale' OR c.order_id IS NOT NULL) \
    AND (SELECT d.order_id FROM deductions d WHERE d.order_id = c.order_id) IS NULL AS is_orphan \
    FROM (SELECT product_id, seq, reason, order_id, quantity_milli, before_milli, after_milli, \
    coalesce(lag(seq) OVER chain, 0) AS prior_seq, coalesce(lag(after_milli) OVER chain, 0) AS prior_milli FROM movements \
    WHERE (product_id, seq) >= ($1, $2) AND (product_id, seq) <= ($3, $4) \
    WINDOW chain AS (PARTITION BY product_id ORDER BY seq)) c) f \
    WHERE (product_id, seq) > ($1, $2) AND (is_orphan OR seq <> prior_seq + 1 OR before_milli <> prior_milli \
    OR after_milli <> before_milli + quantity_milli)";

const DECISIONS: Sql = Sql {
    postgres: "SELECT json_agg(json_build_array(order_id, outcome, cause, encode(request_hash, 'hex'), total_minor, \
        (SELECT string_agg(l.product_id || ':' || l.quantity_milli || ':' || l.unit_price_minor || ':' || l.total_minor || ':' || \
        l.tracked::int, ',' ORDER BY l.line_no) FROM deduction_lines l WHERE l.order_id = d.order_id), \
        (SELECT string_agg(m.product_id || ':' || m.quantity_milli, ',' ORDER BY m.product_id) \
        FROM movements m WHERE m.order_id = d.order_id)))::text FROM deductions d WHERE order_id > $1 AND order_id <= $2",
    sqlite: "SELECT json_group_array(json_array(hex(order_id), outcome, cause, nullif(lower(hex(request_hash)), ''), total_minor, \
        (SELECT group_concat(hex(l.product_id) || ':' || l.quantity_milli || ':' || l.unit_price_minor || ':' || l.total_minor || \
        ':' || l.tracked, ',' ORDER BY l.line_no) FROM deduction_lines l WHERE l.order_id = d.order_id), \
        (SELECT group_concat(hex(m.product_id) || ':' || m.quantity_milli, ',' ORDER BY m.product_id) \
        FROM movements m WHERE m.order_id = d.order_id))) FROM deductions d WHERE order_id > $1 AND order_id <= $2",
};

/// As [`DECISIONS`] puts it together: lines, and what was taken, last.
type DecisionRow =
    (Uuid, String, Option<String>, Option<String>, Option<i64>, Option<String>, Option<String>);

const HELD: Sql = Sql {
    postgres: "SELECT json_agg(order_id)::text FROM deductions \
        WHERE order_id > $1 AND order_id <= $2 AND outcome = 'held'",
    sqlite: "SELECT json_group_array(hex(order_id)) FROM deductions \
        WHERE order_id > $1 AND order_id <= $2 AND outcome = 'held'",
};

/// Products whose stock is below its floor, or is not the last level of their ledger.
pub async fn bad_levels(database: &Database, after: Uuid, last: Uuid) -> Result<Vec<BadLevel>, StoreError> {
    let rows = query(database, Sql::same(BAD_LEVELS), [after.into(), last.into()]).await?;
    let level = |row: &QueryResult| {
        Ok(BadLevel {
            product_id: row.try_get("", "product_id")?,
            policy: row.try_get("", "policy")?,
            quantity_milli: row.try_get("", "quantity_milli")?,
            seq: row.try_get("", "seq")?,
            ledger_milli: row.try_get("", "after_milli")?,
        })
    };
    rows.iter().map(level).collect()
}

/// Products whose stock row is missing, or is of the other half of the catalogue: the id, and which.
pub async fn strays(database: &Database, after: Uuid, last: Uuid) -> Result<Vec<(Uuid, bool)>, StoreError> {
    let rows = query(database, Sql::same(STRAYS), [after.into(), last.into()]).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "is_bare")?))).collect()
}

/// Movements out of their chain or without a decision. Movements are never changed, so the range may be long.
pub async fn bad_movements(
    database: &Database,
    after: (Uuid, i64),
    last: (Uuid, i64),
) -> Result<Vec<BadMovement>, StoreError> {
    let range = [after.0.into(), after.1.into(), last.0.into(), last.1.into()];
    let rows = query(database, Sql::same(BAD_MOVEMENTS), range).await?;
    let movement = |row: &QueryResult| {
        Ok(BadMovement {
            product_id: row.try_get("", "product_id")?,
            seq: row.try_get("", "seq")?,
            order_id: row.try_get("", "order_id")?,
            is_orphan: row.try_get("", "is_orphan")?,
        })
    };
    rows.iter().map(movement).collect()
}

/// The decisions of a range of orders, each with what it sold and what it took.
pub async fn decisions(database: &Database, after: Uuid, last: Uuid) -> Result<Vec<Decision>, StoreError> {
    let rows: Vec<DecisionRow> = read_as_one(database, DECISIONS, [after.into(), last.into()]).await?;
    rows.into_iter().map(decision).collect()
}

fn decision(row: DecisionRow) -> Result<Decision, StoreError> {
    let (order_id, outcome, cause, hash, total_minor, lines, taken) = row;
    let unreadable = || StoreError::corrupt(format!("a line of the deduction {order_id} cannot be read"));
    let (lines, due) = lines_and_due(&lines.unwrap_or_default()).ok_or_else(unreadable)?;
    let (is_held, taken) = (outcome == "held", taken.unwrap_or_default());
    Ok(Decision { order_id, is_held, cause, hash, total_minor, lines, due, taken })
}

/// The lines, and what the tracked ones should have taken, spelled and ordered as what was taken.
fn lines_and_due(text: &str) -> Option<(Vec<SoldLine>, String)> {
    let (mut lines, mut due) = (Vec::new(), Vec::new());
    for line in text.split(',').filter(|line| !line.is_empty()) {
        let (line, is_tracked) = line.rsplit_once(':')?;
        let sold = SoldLine::parse(line)?;
        if is_tracked == "1" {
            let (product, _) = line.split_once(':')?;
            due.push(format!("{product}:{}", -sold.quantity_milli));
        }
        lines.push(sold);
    }
    due.sort_unstable();
    Some((lines, due.join(",")))
}

/// The orders of a range whose decision is held.
pub async fn held(database: &Database, after: Uuid, last: Uuid) -> Result<Vec<Uuid>, StoreError> {
    read_as_one(database, HELD, [after.into(), last.into()]).await
}

/// Where a batch of this many products ends, and how many it has.
pub async fn nth_product(
    database: &Database,
    range: (Uuid, Uuid),
    rows: u64,
) -> Result<Option<(Uuid, u64)>, StoreError> {
    nth_key::<product::Entity>(database, product::Column::Id, range, rows).await
}

/// The same of decisions, by order.
pub async fn nth_decision(
    database: &Database,
    range: (Uuid, Uuid),
    rows: u64,
) -> Result<Option<(Uuid, u64)>, StoreError> {
    nth_key::<deduction::Entity>(database, deduction::Column::OrderId, range, rows).await
}

/// The same of movements, by product and number.
pub async fn nth_movement(
    database: &Database,
    after: (Uuid, i64),
    rows: u64,
) -> Result<Option<((Uuid, i64), u64)>, StoreError> {
    let text = "SELECT product_id, seq, count(*) OVER () AS rows FROM (SELECT product_id, seq FROM movements \
        WHERE (product_id, seq) > ($1, $2) ORDER BY product_id, seq LIMIT $3) b ORDER BY product_id DESC, seq DESC LIMIT 1";
    let values = [after.0.into(), after.1.into(), (rows as i64).into()];
    let found = query(database, Sql::same(text), values).await?;
    let key =
        |row: &QueryResult| Ok(((row.try_get("", "product_id")?, row.try_get("", "seq")?), rows_of(row)?));
    found.first().map(key).transpose()
}

fn rows_of(row: &QueryResult) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64>("", "rows")?.unsigned_abs())
}

async fn query(
    database: &Database,
    sql: Sql,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, StoreError> {
    Ok(database.reader().query_all_raw(sql.with(database.backend(), values)).await?)
}
