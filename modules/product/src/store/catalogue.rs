//! Products: the catalogue row and, beside it, the stock row that locks both.

use std::collections::BTreeMap;

use contract::{ProductId, Quantity};
use platform::database::{Row, StoreError, Writes, is_one_of, these_ids};
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
