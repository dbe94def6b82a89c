//! S1: the intent, by one statement. Written by hand, because the times are the database's own, and because a
//! transaction around one statement costs a third of its rate (measured with pgbench, 27 to 35 %).

use chrono::{DateTime, Utc};
use contract::OrderId;
use platform::{
    database::{Database, Sql, StoreError},
    idempotency::IdempotencyKey,
};
use sea_orm::{ConnectionTrait, Statement, Value};

use super::row::unreadable;
use crate::model::PlaceOrder;

/// Inserts a pending order, unless there is one, or the key belongs to another request that is remembered.
const INSERT: Sql = Sql {
    postgres: "INSERT INTO orders (id, key, request_hash, request, status, created_at, decide_by, next_try_at, tries) \
         SELECT $1::uuid, $2::text, $3::bytea, $4::text, 'pending', now(), \
         now() + $5::float8 * interval '1 millisecond', now() + $6::float8 * interval '1 millisecond', 0 \
         WHERE NOT EXISTS (SELECT 1 FROM remembered_answers WHERE key = $2::text) \
         ON CONFLICT DO NOTHING RETURNING created_at",
    sqlite: "INSERT INTO orders (id, key, request_hash, request, status, created_at, decide_by, next_try_at, tries) \
         SELECT $1, $2, $3, $4, 'pending', strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), \
         strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', printf('+%.3f seconds', $5 / 1000.0)), \
         strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', printf('+%.3f seconds', $6 / 1000.0)), 0 \
         WHERE NOT EXISTS (SELECT 1 FROM remembered_answers WHERE key = $2) \
         ON CONFLICT DO NOTHING RETURNING created_at",
};

/// An order's times, from now by the database's clock.
#[derive(Clone, Copy, Debug)]
pub struct IntentTimes {
    pub decide_by_ms: u64,
    pub first_sweep_ms: u64,
}

/// Inserts the intent; answers its time, or `None` where there was something already. A failure is that of a COMMIT: of
/// class `CommitUnknown` unless the database itself said no.
pub async fn insert_intent(
    database: &Database,
    id: OrderId,
    key: &IdempotencyKey,
    command: &PlaceOrder,
    times: IntentTimes,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let request = serde_json::to_string(&command.request).map_err(unreadable)?;
    let hash = command.hash.as_bytes().to_vec();
    let statement = insert(database, id, key, Value::from(hash), Value::from(request), times);
    // To its end: `query_one` would return with the first row, before the statement's own COMMIT.
    let rows = database.writer().query_all_raw(statement).await.map_err(StoreError::of_commit)?;
    let created_at = rows.first().map(|row| row.try_get("", "created_at"));
    Ok(created_at.transpose()?)
}

/// The statement for a fence: an order without request, which can only be refused.
pub fn insert_fence(
    database: &Database,
    id: OrderId,
    key: &IdempotencyKey,
    first_sweep_ms: u64,
) -> Statement {
    let times = IntentTimes { decide_by_ms: 0, first_sweep_ms };
    insert(database, id, key, Value::Bytes(None), Value::String(None), times)
}

fn insert(
    database: &Database,
    id: OrderId,
    key: &IdempotencyKey,
    hash: Value,
    request: Value,
    times: IntentTimes,
) -> Statement {
    let ms = |ms: u64| Value::from(i64::try_from(ms).unwrap_or(i64::MAX));
    let values = [
        Value::from(id.0),
        Value::from(key.as_str()),
        hash,
        request,
        ms(times.decide_by_ms),
        ms(times.first_sweep_ms),
    ];
    INSERT.with(database.backend(), values)
}
