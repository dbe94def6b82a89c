//! The sweeper's claim. Written by hand: SeaORM has no words for SKIP LOCKED inside an UPDATE with RETURNING.

use platform::database::{Database, Sql, StoreError};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Value};

use super::{find::PAST_DECIDE_BY, row::to_pending};
use crate::{entity::order, model::PendingOrder};

/// Claims what is due by pushing its next try away: no lock is held afterwards, and a claimer that dies leaves nothing
/// to clean up. `now()` and not `clock_timestamp()` in the condition, which could not use the index. MATERIALIZED, so
/// that the batch is looked for once. The pause is jittered to half of itself at least. A next try that is farther away
/// than anyone writes it was written before the clock was set back: it is due, too, or it would wait for that hour. Each column by
/// its name: PostgreSQL refuses a prepared statement whose `*` has grown since, by a migration of the next release.
const CLAIM: Sql = Sql {
    postgres: "WITH due AS MATERIALIZED (\
           SELECT id FROM orders WHERE status = 'pending' AND \
           (next_try_at <= now() OR next_try_at > now() + interval '1 millisecond' * $5::float8) \
           ORDER BY next_try_at LIMIT $1::bigint FOR UPDATE SKIP LOCKED) \
         UPDATE orders SET tries = LEAST(tries, 1000000) + 1, next_try_at = clock_timestamp() + interval '1 millisecond' * \
           ($4::float8 + LEAST($3::float8, $2::float8 * (1::bigint << LEAST(tries, 16))) * (0.5 + random() / 2)) \
         FROM due WHERE orders.id = due.id \
         RETURNING orders.id, key, request_hash, request, status, cause, refusals, total_minor, created_at, decided_at, decide_by, \
           next_try_at, tries, (decide_by <= clock_timestamp()) AS past_decide_by",
    sqlite: "UPDATE orders SET tries = min(tries, 1000000) + 1, \
           next_try_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', printf('+%.3f seconds', \
           ($4 * 1000 + min($3, $2 * (1 << min(tries, 16))) * (500 + abs(random() % 500))) / 1000000.0)) \
         WHERE id IN (SELECT id FROM orders WHERE status = 'pending' \
           AND (next_try_at <= strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') OR next_try_at > \
             strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', printf('+%.3f seconds', $5 / 1000.0))) ORDER BY next_try_at LIMIT $1) \
         RETURNING id, key, request_hash, request, status, cause, refusals, total_minor, created_at, decided_at, decide_by, \
           next_try_at, tries, (decide_by <= strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')) AS past_decide_by",
};

const BACKLOG: Sql = Sql {
    postgres: "SELECT count(*) AS pending, \
         COALESCE(EXTRACT(EPOCH FROM now() - min(created_at)), 0)::float8 AS oldest_s \
         FROM orders WHERE status = 'pending'",
    sqlite: "SELECT count(*) AS pending, \
         COALESCE((julianday('now') - julianday(min(created_at))) * 86400.0, 0.0) AS oldest_s \
         FROM orders WHERE status = 'pending'",
};

/// When a claimed order is looked at again, should it stay pending.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// How long a first try may take: nobody else claims the order meanwhile.
    pub busy_ms: u64,
    pub retry_ms: u64,
    pub max_retry_ms: u64,
    /// The farthest away that a next try is written.
    pub farthest_ms: u64,
}

/// What is pending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backlog {
    pub pending: i64,
    /// Age of the oldest, in seconds; 0 when there is none.
    pub oldest_s: f64,
}

/// Claims up to `batch` orders whose next try is due, by the database's clock; a row that cannot be read is an error of
/// its own.
pub async fn claim_due(
    database: &Database,
    batch: u64,
    backoff: Backoff,
) -> Result<Vec<Result<PendingOrder, StoreError>>, StoreError> {
    let number = |value: u64| Value::from(i64::try_from(value).unwrap_or(i64::MAX >> 20).min(i64::MAX >> 20));
    let Backoff { busy_ms, retry_ms, max_retry_ms, farthest_ms } = backoff;
    let values = [batch, retry_ms, max_retry_ms, busy_ms, farthest_ms].map(number);
    // to its end, COMMIT included: see `Database::write_statement`
    let rows = database.writer().query_all_raw(CLAIM.with(database.backend(), values)).await?;
    Ok(rows.iter().map(claimed).collect())
}

fn claimed(row: &QueryResult) -> Result<PendingOrder, StoreError> {
    let past_decide_by = row.try_get("", PAST_DECIDE_BY)?;
    to_pending(order::Model::from_query_result(row, "")?, past_decide_by)
}

/// Counts what is pending.
pub async fn backlog(database: &Database) -> Result<Backlog, StoreError> {
    let row = database.reader().query_one_raw(BACKLOG.with(database.backend(), [])).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("a count without a row"))?;
    Ok(Backlog { pending: row.try_get("", "pending")?, oldest_s: row.try_get("", "oldest_s")? })
}
