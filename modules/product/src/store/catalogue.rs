//! Products: the catalogue row and, beside it, the stock row that locks both.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ProductId, Quantity};
use platform::database::{GroupTransaction, Row, StoreError, Writes, is_one_of, query, these_ids};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Iterable,
    Statement, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    ledger::insert_movements,
    row::{PRODUCTS, product_by_position},
    words,
};
use crate::{
    entity::{product, stock},
    model::{Movement, Product},
};

/// Writes new products, each with the movement that it opened with, if any.
pub async fn insert_all(
    transaction: &DatabaseTransaction,
    new: &[(Product, Option<Movement>)],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let products = || new.iter().map(|(product, _)| product);
    product::Entity::insert_many(products().map(catalogue_row)).exec_without_returning(transaction).await?;
    stock::Entity::insert_many(products().map(level_row)).exec_without_returning(transaction).await?;
    let openings = new.iter().filter_map(|(product, opening)| Some((product.id, opening.as_ref()?)));
    let mut writes = Writes::to(transaction.get_database_backend());
    insert_movements(&mut writes, openings);
    writes.execute(transaction).await?;
    words::insert(transaction, &products().map(named).collect::<Vec<_>>()).await?;
    Ok(())
}

/// Writes what [`update`] writes, of many products in few statements: in their order, so that one may take the barcode
/// that another before it gives up.
pub async fn update_all(transaction: &DatabaseTransaction, changed: &[Product]) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    product::Entity::insert_many(changed.iter().map(catalogue_row))
        .on_conflict(replacing(product::Column::Id, product::Column::iter()))
        .exec_without_returning(transaction)
        .await?;
    use stock::Column::{Archived, Policy, ProductId, ReorderLevelMilli};
    stock::Entity::insert_many(changed.iter().map(level_row))
        .on_conflict(replacing(ProductId, [Policy, ReorderLevelMilli, Archived]))
        .exec_without_returning(transaction)
        .await?;
    words::replace_all(transaction, &changed.iter().map(named).collect::<Vec<_>>()).await?;
    Ok(())
}

/// The row is there: what is inserted replaces these of its columns.
fn replacing<C: ColumnTrait>(key: C, columns: impl IntoIterator<Item = C>) -> OnConflict {
    OnConflict::column(key).update_columns(columns).to_owned()
}

fn named(product: &Product) -> (Uuid, &str, bool) {
    (product.id.0, product.catalogue.name.as_str(), product.archived)
}

/// Writes catalogue fields, archive mark and version of a product whose stock row this transaction has locked.
pub async fn update(transaction: &DatabaseTransaction, changed: &Product) -> Result<(), StoreError> {
    product::Entity::update(catalogue_row(changed)).exec_without_returning(transaction).await?;
    stock::Entity::update(stock_row(changed)).exec_without_returning(transaction).await?;
    words::replace_all(transaction, &[named(changed)]).await?;
    Ok(())
}

fn catalogue_row(product: &Product) -> product::ActiveModel {
    let catalogue = &product.catalogue;
    product::ActiveModel {
        id: Set(product.id.0),
        name: Set(catalogue.name.clone()),
        price_minor: Set(catalogue.price.minor()),
        sku: Set(catalogue.sku.clone()),
        barcode: Set(catalogue.barcode.clone()),
        category: Set(catalogue.category.clone()),
        archived: Set(product.archived),
        version: Set(product.version),
        created_at: Set(product.created_at),
        updated_at: Set(product.updated_at),
    }
}

/// What an edit writes beside the catalogue row; the level is the ledger's.
fn stock_row(product: &Product) -> stock::ActiveModel {
    stock::ActiveModel {
        product_id: Set(product.id.0),
        policy: Set(product.catalogue.stock_policy.as_str().to_owned()),
        reorder_level_milli: Set(product.catalogue.reorder_level.map(Quantity::milli)),
        archived: Set(product.archived),
        ..Default::default()
    }
}

/// The whole stock row.
fn level_row(product: &Product) -> stock::ActiveModel {
    let quantity_milli = Set(product.stock.milli());
    stock::ActiveModel { quantity_milli, seq: Set(product.seq), ..stock_row(product) }
}

/// Asks for those of these products that there are, archived or not, as [`found`] reads it.
pub fn find_all(backend: DbBackend, ids: impl IntoIterator<Item = ProductId>) -> Statement {
    // of both tables: see `Table::has`
    let (named, stocked) = (is_one_of(backend, "p.id", 1), is_one_of(backend, "s.product_id", 1));
    let text = format!("{PRODUCTS}{named} AND {stocked}");
    Statement::from_sql_and_values(backend, text, [these_ids(backend, ids.into_iter().map(|id| id.0))])
}

/// The products that were found.
///
/// # Errors
/// When a row is not what it should be.
pub fn found(rows: &[Row]) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    rows.iter().map(|row| product_by_position(row).map(|product| (product.id, product))).collect()
}

/// Locks the product against sales, counts and edits, and reads it then.
pub async fn lock(transaction: &DatabaseTransaction, id: ProductId) -> Result<Option<Product>, StoreError> {
    Ok(lock_all(transaction, [id]).await?.remove(&id))
}

/// What to do about a row that another transaction has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Wait,
    /// Leave it out, as if there were no such product.
    Skip,
}

/// Locks stock rows in id order, so that orders of the same products in opposite orders wait instead of deadlocking;
/// then, in a later statement that sees what others committed meanwhile, reads the products.
///
/// SQLite knows no row locks: there the write transaction is the lock.
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

/// What a group has locked, and what it has not.
pub struct Locked {
    pub products: BTreeMap<ProductId, Product>,
    /// Which another transaction holds: there they are, and no more than that can be told.
    pub held_by_others: BTreeSet<ProductId>,
}

/// As [`lock_all`], for a group; runs `then` in a statement that is later than the locks as well, and answers its rows.
pub async fn lock_and_read(
    transaction: &GroupTransaction<'_>,
    ids: &[ProductId],
    held: Held,
    then: Statement,
) -> Result<(Locked, Vec<Row>), StoreError> {
    let backend = transaction.backend();
    let find = find_all(backend, ids.iter().copied());
    let (locked, rows, answered) = match backend {
        DbBackend::Postgres => {
            let [locked, rows, answered] = transaction.read([lock_rows(ids, held), find, then]).await?;
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
