//! Between rows and what the module talks about.

use contract::{Money, ProductId, Quantity};
use platform::database::{Row, StoreError};
use uuid::Uuid;

use crate::{
    entity::{movement, product, stock},
    model::{Catalogue, Movement, Product, Reason, StockPolicy},
};

/// A product of its two rows.
pub fn to_product((row, stock): (product::Model, Option<stock::Model>)) -> Result<Product, StoreError> {
    let stock = stock.ok_or_else(|| without_stock(row.id))?;
    let stock_policy = to_policy(&stock.policy)?;
    let catalogue = Catalogue {
        name: row.name,
        price: Money::from_minor(row.price_minor),
        sku: row.sku,
        barcode: row.barcode,
        category: row.category,
        stock_policy,
        reorder_level: stock.reorder_level_milli.map(Quantity::from_milli),
    };
    Ok(Product {
        id: ProductId(row.id),
        catalogue,
        stock: Quantity::from_milli(stock.quantity_milli),
        seq: stock.seq,
        archived: row.archived,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Products, for [`product_by_position`]. Written by hand: building it anew, and looking columns up by name, was a third of
/// what a lookup costs.
pub const PRODUCTS: &str = "SELECT p.id, p.name, p.price_minor, p.sku, p.barcode, p.category, p.archived, p.version, \
    p.created_at, p.updated_at, s.policy, s.quantity_milli, s.seq, s.reorder_level_milli \
    FROM products p LEFT JOIN stock s ON s.product_id = p.id WHERE ";

/// A product of a row of [`PRODUCTS`].
pub fn product_by_position(row: &Row) -> Result<Product, StoreError> {
    let id: Uuid = row.get(0)?;
    let policy: Option<String> = row.get(10)?;
    let policy = policy.ok_or_else(|| without_stock(id))?;
    let catalogue = Catalogue {
        name: row.get(1)?,
        price: Money::from_minor(row.get(2)?),
        sku: row.get(3)?,
        barcode: row.get(4)?,
        category: row.get(5)?,
        stock_policy: to_policy(&policy)?,
        reorder_level: row.get::<Option<i64>>(13)?.map(Quantity::from_milli),
    };
    Ok(Product {
        id: ProductId(id),
        catalogue,
        stock: Quantity::from_milli(row.get(11)?),
        seq: row.get(12)?,
        archived: row.get(6)?,
        version: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

fn without_stock(product: Uuid) -> StoreError {
    StoreError::corrupt(format!("product {product} has no stock row"))
}

fn to_policy(stored: &str) -> Result<StockPolicy, StoreError> {
    StockPolicy::from_stored(stored)
        .ok_or_else(|| StoreError::corrupt(format!("unknown stock policy {stored}")))
}

/// An entry of the ledger.
pub fn to_movement(row: movement::Model) -> Result<Movement, StoreError> {
    let reason = Reason::from_stored(&row.reason)
        .ok_or_else(|| StoreError::corrupt(format!("unknown movement reason {}", row.reason)))?;
    Ok(Movement {
        seq: row.seq,
        reason,
        quantity: Quantity::from_milli(row.quantity_milli),
        before: Quantity::from_milli(row.before_milli),
        after: Quantity::from_milli(row.after_milli),
        order_id: row.order_id.map(Into::into),
        note: row.note,
        at: row.at,
    })
}
