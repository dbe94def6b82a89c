//! Writes the catalogue as a file that [`super::import`] reads back unchanged.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use contract::Currency;

use super::{BATCH_LINES, cell::neutralised, columns::Column};
use crate::{
    ProductError, ProductService,
    model::{Product, ProductFilter},
};

/// Why it broke off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("cannot write")]
    Target(#[from] io::Error),
    #[error("cannot read the catalogue")]
    Catalogue(#[source] ProductError),
}

/// Writes every product that is not archived, in the order in which they were made; answers how many there were. One that
/// changes meanwhile is written as it was or as it is.
///
/// # Errors
/// When the target or the database fails.
pub async fn export(service: &ProductService, target: impl Write) -> Result<u64, ExportError> {
    let mut writer = csv::Writer::from_writer(target);
    writer.write_record(Column::ALL.map(Column::as_str)).map_err(io::Error::from)?;
    let filter = ProductFilter::default();
    let (mut count, mut after) = (0, None);
    loop {
        let page = service.list(&filter, after, BATCH_LINES as u64).await.map_err(ExportError::Catalogue)?;
        let Some(last) = page.last() else {
            writer.flush()?;
            return Ok(count);
        };
        after = Some(last.id);
        count += page.len() as u64;
        for product in &page {
            let cells = Column::ALL.map(|column| cell(product, column, service.shop().currency));
            writer.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(io::Error::from)?;
        }
    }
}

/// Numbers are written as numbers, below 0 too; nobody but this shop chose their text.
fn cell(product: &Product, column: Column, currency: Currency) -> Cow<'_, str> {
    let catalogue = &product.catalogue;
    let text = |text: &'_ Option<String>| text.as_deref().map(neutralised).unwrap_or_default().into_owned();
    match column {
        Column::Id => product.id.to_string().into(),
        Column::Sku => text(&catalogue.sku).into(),
        Column::Name => neutralised(&catalogue.name),
        Column::Price => catalogue.price.format(currency).into(),
        Column::Currency => currency.code().into(),
        Column::Barcode => text(&catalogue.barcode).into(),
        Column::Category => text(&catalogue.category).into(),
        Column::Stock => {
            let on_hand = catalogue.stock_policy.is_tracked().then(|| product.stock.to_string());
            on_hand.unwrap_or_default().into()
        }
        Column::StockPolicy => catalogue.stock_policy.as_str().into(),
        Column::ReorderLevel => {
            catalogue.reorder_level.map(|level| level.to_string()).unwrap_or_default().into()
        }
    }
}
