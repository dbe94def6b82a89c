//! Between rows and what the module talks about.

use contract::{Money, ProductId, Quantity};
use platform::database::StoreError;

use crate::{
    entity::{movement, product, stock},
    model::{Catalogue, Movement, Product, Reason, StockPolicy},
};

/// A product of its two rows.
pub fn to_product((row, stock): (product::Model, Option<stock::Model>)) -> Result<Product, StoreError> {
    let stock = stock.ok_or_else(|| StoreError::corrupt(format!("product {} has no stock row", row.id)))?;
    let stock_policy = StockPolicy::from_stored(&stock.policy)
        .ok_or_else(|| StoreError::corrupt(format!("unknown stock policy {}", stock.policy)))?;
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
