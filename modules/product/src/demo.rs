//! A small café, so that a newcomer sells something within a minute.

use contract::{Money, Quantity};
use platform::idempotency::{IdempotencyKey, Keyed, RequestHash};

use crate::{
    model::{Catalogue, NewProduct, ProductFilter, StockPolicy},
    service::{ProductError, ProductService},
};

/// Name, SKU, barcode, category, price in hundredths, stock in thousandths (none: untracked), policy.
type Row = (&'static str, &'static str, Option<&'static str>, &'static str, i64, Option<i64>, StockPolicy);

const CATALOGUE: [Row; 10] = [
    ("Espresso", "ESP-1", None, "coffee", 250, Some(500_000), StockPolicy::Allow),
    ("Flat white", "FW-1", None, "coffee", 380, Some(500_000), StockPolicy::Allow),
    ("Filter coffee", "FC-1", None, "coffee", 300, Some(500_000), StockPolicy::Allow),
    ("Butter croissant", "CR-1", None, "bakery", 220, Some(40_000), StockPolicy::Deny),
    ("Cinnamon roll", "CI-1", None, "bakery", 310, Some(24_000), StockPolicy::Deny),
    ("Sourdough loaf", "SL-1", None, "bakery", 540, Some(12_000), StockPolicy::Deny),
    ("Apple juice 0.33 l", "AJ-33", Some("4006381333931"), "drinks", 290, Some(60_000), StockPolicy::Deny),
    ("Sparkling water 0.5 l", "SW-50", Some("5901234123457"), "drinks", 240, Some(72_000), StockPolicy::Deny),
    ("House blend beans, by the kilogram", "HB-KG", None, "beans", 2890, Some(18_500), StockPolicy::Flag),
    ("Cup deposit", "DEP-1", None, "service", 100, None, StockPolicy::Untracked),
];

/// Fills an empty catalogue; answers how many products were made. A catalogue that has any other product is left alone;
/// one that a start was killed in the middle of is completed.
///
/// # Errors
/// When the database fails.
pub async fn seed_demo(service: &ProductService) -> Result<usize, ProductError> {
    let begun = has(service, CATALOGUE[0].1).await?;
    let done = has(service, CATALOGUE[CATALOGUE.len() - 1].1).await?;
    if done || (!begun && !service.is_empty().await?) {
        return Ok(0);
    }
    let mut made = 0;
    for row in CATALOGUE {
        let new = product(row, service.shop().currency.places());
        let created = service.create(&keyed(row.1), new).await?;
        made += usize::from(!created.replayed);
    }
    Ok(made)
}

async fn has(service: &ProductService, sku: &str) -> Result<bool, ProductError> {
    let filter = ProductFilter { sku: Some(sku.to_owned()), ..ProductFilter::default() };
    Ok(!service.list(&filter, None, 1).await?.is_empty())
}

/// Keys of their own: a start that was killed in the middle, or two at once, make no product twice.
fn keyed(sku: &str) -> Keyed {
    let key = IdempotencyKey::parse(&format!("demo-catalogue-{sku}")).expect("16 visible characters or more");
    let hash = RequestHash::of("demo", &sku).expect("a text can be written as JSON");
    Keyed { key, hash }
}

fn product((name, sku, barcode, category, hundredths, stock, stock_policy): Row, places: u32) -> NewProduct {
    let minor = hundredths * 10_i64.pow(places) / 100;
    let catalogue = Catalogue {
        name: name.to_owned(),
        price: Money::from_minor(minor),
        sku: Some(sku.to_owned()),
        barcode: barcode.map(str::to_owned),
        category: Some(category.to_owned()),
        stock_policy,
        reorder_level: stock.map(|milli| Quantity::from_milli(milli / 10_000 * 1000)),
    };
    NewProduct { catalogue, stock: stock.map(Quantity::from_milli) }
}
