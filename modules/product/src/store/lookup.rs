//! Many products at once by what names them; archived ones have given their names up.

use std::collections::HashMap;

use contract::ProductId;
use platform::database::StoreError;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};
use uuid::Uuid;

use super::{row::to_product, words::is_archived};
use crate::{
    entity::{product, stock},
    model::{Product, Subject},
};

/// The products that these subjects are. An id names only a product that has no SKU.
pub async fn with_subjects<'a>(
    connection: &impl ConnectionTrait,
    subjects: impl IntoIterator<Item = &'a Subject>,
) -> Result<HashMap<Subject, Product>, StoreError> {
    let (mut skus, mut ids): (Vec<&str>, Vec<Uuid>) = Default::default();
    for subject in subjects {
        match subject {
            Subject::Sku(sku) => skus.push(sku),
            Subject::Id(ProductId(id)) => ids.push(*id),
        }
    }
    let mut found = HashMap::new();
    let without_sku = product::Column::Id.is_in(ids.iter().copied()).and(product::Column::Sku.is_null());
    for (wanted, condition) in [(skus.len(), product::Column::Sku.is_in(skus)), (ids.len(), without_sku)] {
        if wanted > 0 {
            let products = live(connection, Condition::all().add(condition)).await?;
            found.extend(products.into_iter().map(|product| (Subject::of(&product), product)));
        }
    }
    Ok(found)
}

/// The products that have these barcodes.
pub async fn with_barcodes<'a>(
    connection: &impl ConnectionTrait,
    barcodes: impl IntoIterator<Item = &'a str>,
) -> Result<HashMap<String, Product>, StoreError> {
    let barcodes: Vec<&str> = barcodes.into_iter().collect();
    if barcodes.is_empty() {
        return Ok(HashMap::new());
    }
    let products = live(connection, Condition::all().add(product::Column::Barcode.is_in(barcodes))).await?;
    let by_barcode = |product: Product| product.catalogue.barcode.clone().map(|barcode| (barcode, product));
    Ok(products.into_iter().filter_map(by_barcode).collect())
}

async fn live(connection: &impl ConnectionTrait, condition: Condition) -> Result<Vec<Product>, StoreError> {
    let rows = product::Entity::find()
        .find_also_related(stock::Entity)
        .filter(condition.add(is_archived(product::Entity, false)))
        .all(connection)
        .await?;
    rows.into_iter().map(to_product).collect()
}
