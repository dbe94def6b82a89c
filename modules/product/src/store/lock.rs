//! Stock rows are locked before anything is read that a change depends on.

use std::collections::{BTreeMap, BTreeSet};

use contract::{OrderId, ProductId};
use platform::{
    database::{
        GroupTransaction, Row, StoreError, query,
        remembered::{self, Remembered},
        these_ids,
    },
    idempotency::IdempotencyKey,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use super::{
    catalogue::{find_all, found},
    deductions::{StoredDeduction, find_deductions, found_deductions},
};
use crate::model::Product;

/// What to do about a row that another transaction has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Wait,
    /// Leave it out.
    Skip,
}

/// What a group has locked, and what it has not.
pub struct Locked {
    pub products: BTreeMap<ProductId, Product>,
    /// Which another transaction holds, or has made since: there they are, and no more than that can be told.
    pub held_by_others: BTreeSet<ProductId>,
}

/// Locks the product against sales, counts and edits, and reads it then.
///
/// # Errors
/// When the database fails.
pub async fn lock(transaction: &DatabaseTransaction, id: ProductId) -> Result<Option<Product>, StoreError> {
    Ok(lock_all(transaction, [id]).await?.remove(&id))
}

/// Locks stock rows in id order, so that orders of the same products in opposite orders wait instead of deadlocking;
/// then, in a later statement that sees what others committed meanwhile, reads the products.
///
/// SQLite knows no row locks: there the write transaction is the lock.
///
/// # Errors
/// When the database fails.
pub async fn lock_all(
    transaction: &DatabaseTransaction,
    ids: impl IntoIterator<Item = ProductId>,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let backend = transaction.get_database_backend();
    let ids: Vec<ProductId> = ids.into_iter().collect();
    if backend == DbBackend::Postgres {
        query(transaction, lock_rows(&ids, Held::Wait)).await?;
    }
    found(&query(transaction, find_all(backend, ids)).await?)
}

/// Locks products for a group of orders; the decisions about these that stand are read later than the locks, so that what was decided
/// before them is seen.
///
/// # Errors
/// When the database fails.
pub async fn lock_for_orders(
    transaction: &GroupTransaction<'_>,
    products: impl IntoIterator<Item = ProductId>,
    held: Held,
    orders: BTreeSet<OrderId>,
) -> Result<(Locked, BTreeMap<OrderId, StoredDeduction>), StoreError> {
    let stood = find_deductions(transaction.backend(), orders);
    let (locked, stood) = lock_and_read(transaction, products, held, stood).await?;
    Ok((locked, found_deductions(transaction, &stood).await?))
}

/// Locks products for a group of changes; what their keys stand for is read later than the locks.
///
/// # Errors
/// When the database fails.
pub async fn lock_for_keys<'a>(
    transaction: &GroupTransaction<'_>,
    products: impl IntoIterator<Item = ProductId>,
    held: Held,
    keys: impl IntoIterator<Item = &'a IdempotencyKey>,
) -> Result<(Locked, BTreeMap<String, Remembered>), StoreError> {
    let stood = remembered::find_all(transaction.backend(), keys);
    let (locked, stood) = lock_and_read(transaction, products, held, stood).await?;
    Ok((locked, remembered::found(&stood)?))
}

/// As [`lock_all`], for a group; runs `then` in a statement that is later than the locks as well, and answers its rows.
async fn lock_and_read(
    transaction: &GroupTransaction<'_>,
    ids: impl IntoIterator<Item = ProductId>,
    held: Held,
    then: Statement,
) -> Result<(Locked, Vec<Row>), StoreError> {
    let ids: Vec<ProductId> = ids.into_iter().collect();
    let backend = transaction.backend();
    let find = find_all(backend, ids.iter().copied());
    let (locked, rows, answered) = match backend {
        DbBackend::Postgres => {
            let [locked, rows, answered] = transaction.read([lock_rows(&ids, held), find, then]).await?;
            let locked = locked.iter().map(|row| Ok(ProductId(row.get(0)?)));
            (Some(locked.collect::<Result<BTreeSet<_>, StoreError>>()?), rows, answered)
        }
        _ => {
            let [rows, answered] = transaction.read([find, then]).await?;
            (None, rows, answered)
        }
    };
    let is_locked = |id: &ProductId| locked.as_ref().is_none_or(|locked| locked.contains(id));
    let (products, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        found(&rows)?.into_iter().partition(|(id, _)| is_locked(id));
    Ok((Locked { products, held_by_others: others.into_keys().collect() }, answered))
}

/// Answers those that it locks.
fn lock_rows(ids: &[ProductId], held: Held) -> Statement {
    let text = match held {
        Held::Wait => {
            "SELECT product_id FROM stock WHERE product_id = ANY($1) ORDER BY product_id FOR UPDATE"
        }
        Held::Skip => {
            "SELECT product_id FROM stock WHERE product_id = ANY($1) ORDER BY product_id FOR UPDATE SKIP LOCKED"
        }
    };
    let ids = these_ids(DbBackend::Postgres, ids.iter().map(|id| id.0));
    Statement::from_sql_and_values(DbBackend::Postgres, text, [ids])
}
