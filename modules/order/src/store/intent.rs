//! S1: intents, by one statement. Written by hand, because the times are the database's own, and because a transaction
//! around one statement costs a third of its rate (measured with pgbench, 27 to 35 %).

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use contract::OrderId;
use platform::{
    database::{Column, Database, GroupWork, Kind, Rows, StoreError},
    idempotency::{IdempotencyKey, RequestHash},
};
use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

use super::row::unreadable;
use crate::model::PlaceOrder;

const INTENT: [Column; 6] = [
    Column::new("id", Kind::Uuid),
    Column::new("key", Kind::Text),
    Column::optional("request_hash", Kind::Bytes),
    Column::optional("request", Kind::Text),
    Column::new("decide_by_ms", Kind::BigInt),
    Column::new("first_sweep_ms", Kind::BigInt),
];

/// A pending order to be written.
#[derive(Clone, Debug)]
pub struct Intent {
    pub id: OrderId,
    key: String,
    hash: Option<RequestHash>,
    request: Option<String>,
    times: IntentTimes,
}

/// An order's times, from now by the database's clock.
#[derive(Clone, Copy, Debug)]
pub struct IntentTimes {
    pub decide_by_ms: u64,
    pub first_sweep_ms: u64,
}

impl Intent {
    /// An order as it was asked for.
    ///
    /// # Errors
    /// When the request cannot be written as JSON.
    pub fn new(
        id: OrderId,
        key: &IdempotencyKey,
        command: &PlaceOrder,
        times: IntentTimes,
    ) -> Result<Self, StoreError> {
        let request = serde_json::to_string(&command.request).map_err(unreadable)?;
        let key = key.as_str().to_owned();
        Ok(Self { id, key, hash: Some(command.hash), request: Some(request), times })
    }

    /// An order without request, which can only be refused.
    pub fn fence(id: OrderId, key: &IdempotencyKey, first_sweep_ms: u64) -> Self {
        let times = IntentTimes { decide_by_ms: 0, first_sweep_ms };
        Self { id, key: key.as_str().to_owned(), hash: None, request: None, times }
    }

    fn cells(&self) -> [Value; 6] {
        let ms = |ms: u64| Value::from(i64::try_from(ms).unwrap_or(i64::MAX));
        [
            self.id.0.into(),
            self.key.as_str().into(),
            self.hash.map(|hash| hash.as_bytes().to_vec()).into(),
            self.request.clone().into(),
            ms(self.times.decide_by_ms),
            ms(self.times.first_sweep_ms),
        ]
    }
}

/// Writes intents.
pub struct Intents(pub Database);

impl GroupWork for Intents {
    type Ask = Intent;
    /// Its time, or `None` where there was something already.
    type Answer = Option<DateTime<Utc>>;

    /// A failure is that of a COMMIT: of class `CommitUnknown` unless the database itself said no.
    async fn run(&self, intents: Arc<[Intent]>) -> Result<Vec<Self::Answer>, StoreError> {
        let statement = insert(self.0.backend(), &intents);
        let rows = self.0.write_statement(statement).await?;
        let read = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
        let mut inserted = read.collect::<Result<BTreeMap<Uuid, DateTime<Utc>>, StoreError>>()?;
        Ok(intents.iter().map(|intent| inserted.remove(&intent.id.0)).collect())
    }
}

/// Inserts pending orders, in key order, unless there is one, or the key belongs to another request that is remembered.
pub fn insert(backend: DbBackend, intents: &[Intent]) -> Statement {
    // of an order that is there twice the first
    let mut by_id = BTreeMap::new();
    for intent in intents {
        by_id.entry(intent.id).or_insert(intent);
    }
    let mut rows = Rows::of(&INTENT);
    for intent in by_id.into_values() {
        rows.push(intent.cells());
    }
    let now = match backend {
        DbBackend::Postgres => "now()",
        _ => "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
    };
    let in_ms = |ms| match backend {
        DbBackend::Postgres => format!("now() + {ms}::float8 * interval '1 millisecond'"),
        _ => format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', printf('+%.3f seconds', {ms} / 1000.0))"),
    };
    let (decide_by, first_sweep) = (in_ms("intent.decide_by_ms"), in_ms("intent.first_sweep_ms"));
    rows.statement(backend, |intents| {
        format!(
            "INSERT INTO orders (id, key, request_hash, request, status, created_at, decide_by, next_try_at, tries) \
             SELECT intent.id, intent.key, intent.request_hash, intent.request, 'pending', {now}, {decide_by}, \
             {first_sweep}, 0 FROM {intents} AS intent \
             WHERE NOT EXISTS (SELECT 1 FROM remembered_answers WHERE remembered_answers.key = intent.key AND {}) \
             ORDER BY intent.id ON CONFLICT DO NOTHING RETURNING id, created_at",
            intents.has("key", "remembered_answers.key")
        )
    })
}
