//! Answers that repeats of a request get, stored in the transaction of the change itself.

mod together;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, TryInsertResult,
    sea_query::{ColumnDef, Expr, Index, Table},
};
use sea_orm_migration::SchemaManager;
use serde::{Serialize, de::DeserializeOwned};

pub use together::{Remembered, find_all, found, is_key_race, remember_all};

use super::{connect::Database, error::StoreError, sql::now_plus_ms, transaction::WriteError};
use crate::{
    clock,
    idempotency::{Answer, IdempotencyKey, Keyed, RequestHash},
    settings::IdempotencySettings,
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "remembered_answers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub request_hash: Vec<u8>,
        /// What the module answered, as JSON; null while its transaction is under way.
        pub answer: Option<String>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a keyed command ended in: done, or refused by a rule. Both are remembered.
pub type Outcome<T, R> = Result<T, R>;

/// Why the work of a keyed command ends without a value.
#[derive(Debug)]
pub enum Stop<R> {
    /// A rule says no; told to repeats too.
    Refused(R),
    Store(StoreError),
}

/// Why a keyed command has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    #[error("the key was used for another request")]
    KeyReused,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R> From<StoreError> for Stop<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R> WriteError for Stop<R> {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Refused(_) => None,
            Self::Store(error) => Some(error),
        }
    }
}

/// What a key stands for when a request arrives.
enum Claim {
    /// Nobody used it: the claim is this transaction's.
    New,
    /// The same request was answered with this.
    Answered(String),
    /// Another request used it.
    Reused,
}

/// Creates the table; for a module's first migration.
///
/// # Errors
/// When the database refuses.
pub async fn create_table(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table(row::Entity)
        .col(ColumnDef::new(row::Column::Key).text().not_null().primary_key())
        .col(ColumnDef::new(row::Column::RequestHash).blob().not_null())
        .col(ColumnDef::new(row::Column::Answer).text())
        .col(ColumnDef::new(row::Column::CreatedAt).timestamp_with_time_zone().not_null())
        .take();
    manager.create_table(table).await?;
    let by_age = Index::create()
        .name("remembered_answers_by_age")
        .table(row::Entity)
        .col(row::Column::CreatedAt)
        .take();
    manager.create_index(by_age).await
}

/// Runs `work` in the transaction that claims the key and stores the outcome: whatever is killed, a key's change is made
/// once, and its repeats get the same answer. A refusal is remembered too, so that a request that was answered 'no' and
/// then arrives a second time, late, changes nothing either.
///
/// # Errors
/// When the key was used for another request, or the database fails.
pub async fn once<T, R>(
    database: &Database,
    request: &Keyed,
    work: impl AsyncFn(&DatabaseTransaction) -> Result<T, Stop<R>>,
) -> Result<Answer<Outcome<T, R>>, OnceError>
where
    T: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned + Clone,
{
    let done = settle(database, request, async |transaction| work(transaction).await.map(Ok)).await;
    match done {
        Err(Stop::Refused(RefusedOrReused::KeyReused)) => Err(OnceError::KeyReused),
        Err(Stop::Store(error)) => Err(error.into()),
        Ok(answer) => Ok(answer),
        // The work was rolled back, with whatever it had written. A repeat that came in between may have succeeded:
        // what stands is answered.
        Err(Stop::Refused(RefusedOrReused::Refused(refusal))) => {
            let noted = settle(database, request, async |_| Ok(Err(refusal.clone()))).await;
            noted.map_err(|stop: Stop<RefusedOrReused<R>>| match stop {
                Stop::Refused(_) => OnceError::KeyReused,
                Stop::Store(error) => error.into(),
            })
        }
    }
}

enum RefusedOrReused<R> {
    Refused(R),
    KeyReused,
}

async fn settle<T, R>(
    database: &Database,
    request: &Keyed,
    work: impl AsyncFn(&DatabaseTransaction) -> Result<Outcome<T, R>, Stop<R>>,
) -> Result<Answer<Outcome<T, R>>, Stop<RefusedOrReused<R>>>
where
    T: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    database
        .write(async |transaction| match claim(transaction, request).await? {
            Claim::Reused => Err(Stop::Refused(RefusedOrReused::KeyReused)),
            Claim::Answered(text) => Ok(Answer { value: read(&text)?, replayed: true }),
            Claim::New => {
                let value = work(transaction).await.map_err(|stop| match stop {
                    Stop::Refused(refusal) => Stop::Refused(RefusedOrReused::Refused(refusal)),
                    Stop::Store(error) => Stop::Store(error),
                })?;
                answer(transaction, &request.key, written(&value)?).await?;
                Ok(Answer { value, replayed: false })
            }
        })
        .await
}

fn written<T: Serialize>(answer: &T) -> Result<String, StoreError> {
    serde_json::to_string(answer).map_err(|error| unreadable(&error))
}

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, StoreError> {
    serde_json::from_str(answer).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> StoreError {
    StoreError::corrupt(format!("a remembered answer cannot be read or written: {error}"))
}

/// Claims the key for this transaction. A request that claims it meanwhile waits until this one ends, and then finds
/// its answer, or, where this one was rolled back, has the claim itself.
///
/// # Errors
/// When the database fails.
async fn claim(transaction: &DatabaseTransaction, request: &Keyed) -> Result<Claim, StoreError> {
    let row = row::ActiveModel {
        key: Set(request.key.as_str().to_owned()),
        request_hash: Set(request.hash.as_bytes().to_vec()),
        answer: Set(None),
        created_at: Set(clock::now()),
    };
    let inserted = row::Entity::insert(row)
        .on_conflict_do_nothing_on([row::Column::Key])
        .exec_without_returning(transaction)
        .await?;
    // a conflict is answered as `Inserted(0)`
    if matches!(inserted, TryInsertResult::Inserted(1..)) {
        return Ok(Claim::New);
    }
    let stands = row::Entity::find_by_id(request.key.as_str()).one(transaction).await?;
    let stands = stands.ok_or_else(|| StoreError::corrupt("a claimed key vanished inside a transaction"))?;
    if RequestHash::from_slice(&stands.request_hash) != Some(request.hash) {
        return Ok(Claim::Reused);
    }
    stands.answer.map(Claim::Answered).ok_or_else(|| StoreError::corrupt("a committed key has no answer"))
}

/// Stores the answer of a claim that is this transaction's.
///
/// # Errors
/// When the database fails.
async fn answer(
    transaction: &DatabaseTransaction,
    key: &IdempotencyKey,
    answer: String,
) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        key: Set(key.as_str().to_owned()),
        answer: Set(Some(answer)),
        ..Default::default()
    };
    row::Entity::update(row).exec(transaction).await?;
    Ok(())
}

/// Whether the key was used for a request that is remembered here.
///
/// # Errors
/// When the database fails.
pub async fn is_used(connection: &impl ConnectionTrait, key: &IdempotencyKey) -> Result<bool, StoreError> {
    Ok(row::Entity::find_by_id(key.as_str()).one(connection).await?.is_some())
}

/// Forgets answers older than `idempotency.keep_days`, a batch at a time; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn purge(database: &Database, settings: &IdempotencySettings) -> Result<u64, StoreError> {
    let oldest: Vec<String> = row::Entity::find()
        .select_only()
        .column(row::Column::Key)
        .filter(is_old(database, settings))
        .limit(settings.purge_batch)
        .into_tuple()
        .all(database.reader())
        .await?;
    if oldest.is_empty() {
        return Ok(0);
    }
    // by age again: a key may have been purged and used anew since it was read
    let delete =
        row::Entity::delete_many().filter(row::Column::Key.is_in(oldest)).filter(is_old(database, settings));
    Ok(delete.exec(database.writer()).await?.rows_affected)
}

fn is_old(database: &Database, settings: &IdempotencySettings) -> Expr {
    let keep_ms = i64::from(settings.keep_days) * 24 * 60 * 60 * 1000;
    Expr::col(row::Column::CreatedAt).lt(now_plus_ms(database.backend(), -keep_ms))
}

#[cfg(test)]
mod tests;
