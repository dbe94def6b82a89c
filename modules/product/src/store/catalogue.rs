//! Products: the catalogue row and, beside it, the stock row that locks both.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ProductId, Quantity};
use platform::database::{StoreError, Writes, is_one_of, these_ids};
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
    let mut writes = Writes::within(transaction);
    insert_movements(&mut writes, openings);
    writes.execute().await?;
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

/// Those of these products that there are, archived or not.
pub async fn find_all(
    connection: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let backend = connection.get_database_backend();
    // of both tables: see `Table::has`
    let (named, stocked) = (is_one_of(backend, "p.id", 1), is_one_of(backend, "s.product_id", 1));
    let text = format!("{PRODUCTS}{named} AND {stocked}");
    let read = Statement::from_sql_and_values(backend, text, [these_ids(backend, ids)]);
    let rows = connection.query_all_raw(read).await?;
    rows.iter().map(|row| product_by_position(row).map(|product| (product.id, product))).collect()
}

/// Locks the product against sales, counts and edits, and reads it then.
pub async fn lock(transaction: &DatabaseTransaction, id: ProductId) -> Result<Option<Product>, StoreError> {
    Ok(lock_all(transaction, [id], Held::Wait).await?.remove(&id))
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
    held: Held,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let backend = transaction.get_database_backend();
    let mut ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
    if backend == DbBackend::Postgres {
        ids = lock_rows(transaction, ids, held).await?;
    }
    find_all(transaction, ids).await
}

/// Those of these products that there are, locked or not.
pub async fn with_stock(
    transaction: &DatabaseTransaction,
    ids: Vec<ProductId>,
) -> Result<BTreeSet<ProductId>, StoreError> {
    let backend = transaction.get_database_backend();
    let text = format!("SELECT product_id FROM stock WHERE {}", is_one_of(backend, "product_id", 1));
    let ids = these_ids(backend, ids.into_iter().map(|id| id.0));
    let rows = transaction.query_all_raw(Statement::from_sql_and_values(backend, text, [ids])).await?;
    rows.iter().map(|row| Ok(ProductId(row.try_get_by_index(0)?))).collect()
}

/// Those of them that are there and now locked.
async fn lock_rows(
    transaction: &DatabaseTransaction,
    ids: Vec<Uuid>,
    held: Held,
) -> Result<Vec<Uuid>, StoreError> {
    let text = match held {
        Held::Wait => {
            "SELECT product_id FROM stock WHERE product_id = ANY($1) ORDER BY product_id FOR UPDATE"
        }
        Held::Skip => {
            "SELECT product_id FROM stock WHERE product_id = ANY($1) ORDER BY product_id FOR UPDATE SKIP LOCKED"
        }
    };
    let lock = Statement::from_sql_and_values(DbBackend::Postgres, text, [ids.into()]);
    let rows = transaction.query_all_raw(lock).await?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(StoreError::from)).collect()
}
