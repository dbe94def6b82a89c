//! No list and no lookup reads the whole catalogue: the plans of the statements that the service really sends.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use contract::{ProductId, Shop};
use platform::database::Database;
use product::{
    ProductService,
    model::{ProductFilter, StockPolicy, search_words},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    large_catalogue::{LargeCatalogue, upkeep},
    plan::touched,
};

const PRODUCTS: u32 = 100_000;
const PAGE: u64 = 50;
/// Rows that one statement may read on PostgreSQL, of 100,000 products with their stock and 300,000 words. Most read some
/// hundreds; to see that a word is a common one takes 10,001.
const TOUCHED: f64 = 15_000.0;

/// The 2,500 rows of these words, and a page: no walk through the catalogue beside them, which a page of 50 takes 4,349 rows for.
const MANY_OF_A_WORD: &str = "a prefix of rare words";
const TOUCHED_OF_A_WORD: f64 = 3_000.0;

fn search(text: &str) -> ProductFilter {
    ProductFilter { words: search_words(text), ..ProductFilter::default() }
}

fn filters() -> Vec<(&'static str, ProductFilter, usize)> {
    let any = ProductFilter::default;
    let text = |text: &str| Some(text.to_owned());
    vec![
        ("all", any(), 50),
        ("archived", ProductFilter { archived: true, ..any() }, 50),
        ("sku", ProductFilter { sku: text("S99999"), ..any() }, 1),
        ("sku of an archived one", ProductFilter { sku: text("S99993"), archived: true, ..any() }, 1),
        ("barcode", ProductFilter { barcode: text("99999"), ..any() }, 1),
        ("barcode of an archived one", ProductFilter { barcode: text("99993"), archived: true, ..any() }, 1),
        ("category", ProductFilter { category: text("c7"), ..any() }, 50),
        ("category of archived ones", ProductFilter { category: text("c3"), archived: true, ..any() }, 50),
        ("low stock", ProductFilter { low_stock: Some(true), ..any() }, 50),
        ("not low", ProductFilter { low_stock: Some(false), ..any() }, 50),
        ("flagged", ProductFilter { flagged: Some(true), ..any() }, 50),
        ("policy", ProductFilter { stock_policy: Some(StockPolicy::Flag), ..any() }, 50),
        ("low in a category", ProductFilter { low_stock: Some(true), category: text("c9"), ..any() }, 50),
        ("a rare word", search("w77"), 50),
        (MANY_OF_A_WORD, search("W39"), 50),
        ("a word of every name", search("coffée"), 50),
        ("the first letters of every name", search("co"), 50),
        ("several words", search("Coffee w77"), 50),
        ("several words, the rare one first", search("w77 COFF"), 50),
        ("a word that no name has", search("tea"), 0),
        ("words that no name has together", search("w77 w78"), 0),
        ("a word of archived names", ProductFilter { archived: true, ..search("w3") }, 50),
    ]
}

/// A service that reads, and what it sends.
fn observed(mut database: Database) -> (ProductService, Arc<Mutex<Vec<Statement>>>) {
    let sent = Arc::<Mutex<Vec<Statement>>>::default();
    let seen = sent.clone();
    database.on_read(move |statement| seen.lock().unwrap().push(statement.clone()));
    (ProductService::new(database, Shop::new("shop".into(), "EUR".parse().unwrap())), sent)
}

#[rstest]
#[tokio::test]
async fn pages_are_found_without_reading_the_catalogue(#[values(Sqlite, Postgres)] engine: Engine) {
    let LargeCatalogue { database, databases: _kept } = LargeCatalogue::of(engine, PRODUCTS).await;
    for upkeep in upkeep(database.backend()) {
        database.writer().execute_unprepared(upkeep).await.unwrap();
        check_all(&database).await;
    }
}

async fn check_all(database: &Database) {
    let (service, sent) = observed(database.clone());
    let middle = ProductId(Uuid::from_u128(0x7000_8000_0000_0000_c350));
    for (name, filter, expected) in filters() {
        for after in [None, Some(middle)] {
            let found = service.list(&filter, after, PAGE).await.unwrap();
            if after.is_none() {
                assert_eq!(found.len(), expected, "{name}");
            }
            let ids: Vec<_> = found.iter().map(|product| product.id).collect();
            assert!(ids.is_sorted() && ids.iter().all(|id| Some(*id) > after), "{name}: {ids:?}");
            let statements = std::mem::take(&mut *sent.lock().unwrap());
            assert!(!statements.is_empty(), "{name}");
            for statement in statements {
                check_plan(database, name, statement).await;
            }
        }
    }
}

async fn check_plan(database: &Database, name: &str, statement: Statement) {
    let explain = match database.backend() {
        DbBackend::Postgres => "EXPLAIN (ANALYZE, FORMAT JSON)",
        _ => "EXPLAIN QUERY PLAN",
    };
    let explained = Statement { sql: format!("{explain} {}", statement.sql), ..statement };
    let rows = database.reader().query_all_raw(explained).await.unwrap();
    match database.backend() {
        DbBackend::Postgres => {
            let plan: Value = rows[0].try_get_by_index(0).unwrap();
            let touched = touched(&plan[0]["Plan"]);
            let most = if name == MANY_OF_A_WORD { TOUCHED_OF_A_WORD } else { TOUCHED };
            assert!(touched < most, "{name} touches {touched} rows: {plan:#}");
        }
        _ => {
            let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
            let bad: Vec<&String> = steps.iter().filter(|step| !is_bounded(step)).collect();
            assert!(bad.is_empty(), "{name}: {bad:?} in {steps:#?}");
        }
    }
}

/// A step that looks up, or one that walks an index in the order of the page and stops with it.
fn is_bounded(step: &str) -> bool {
    let walks = ["products_by_id", "products_by_id_archived", "stock_low", "stock_flagged"];
    match step.strip_prefix("SCAN ") {
        Some(walk) => {
            walk == "found" || walks.iter().any(|index| walk.ends_with(&format!("USING INDEX {index}")))
        }
        None => !step.contains("TEMP B-TREE"),
    }
}

#[test]
fn a_scan_is_not_taken_for_bounded() {
    let steps =
        ["SCAN products", "SCAN stock USING INDEX sqlite_autoindex_stock_1", "USE TEMP B-TREE FOR ORDER BY"];
    let bounded: BTreeSet<_> = steps.into_iter().filter(|step| is_bounded(step)).collect();
    assert_eq!(bounded, BTreeSet::new());
    assert!(is_bounded("SEARCH products USING INDEX products_sku (sku=?)"));
}
