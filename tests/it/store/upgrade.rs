//! What an earlier schema holds is all there, and found, after the later migrations.

use contract::{ProductId, Quantity, Shop};
use platform::database::{Database, migrate};
use product::{
    Migrator, ProductService,
    model::{ProductFilter, search_words},
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use uuid::Uuid;

use crate::support::engine::{
    Databases,
    Engine::{self, Postgres, Sqlite},
    database_settings,
};

const OLD_ROWS: [&str; 2] = [
    "INSERT INTO products (id, name, price_minor, sku, barcode, category, reorder_level_milli, search_words, archived, version, \
     created_at, updated_at) SELECT $ID, $NAME, 380, NULL, NULL, 'c', 5000, ' ', $ARCHIVED, 3, $NOW, $NOW",
    "INSERT INTO stock (product_id, policy, quantity_milli, seq) SELECT $ID, 'deny', 4000, 0",
];

#[rstest]
#[tokio::test]
async fn words_and_marks_of_what_stands_are_written(#[values(Sqlite, Postgres)] engine: Engine) {
    let databases = Databases::empty(engine).await;
    let database = Database::connect("product", &databases.product_url, &database_settings()).await.unwrap();
    Migrator::up(database.writer(), Some(1)).await.unwrap();
    let (live, archived) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for (id, name, is_archived) in [(live, "Crème Brûlée", false), (archived, "Café", true)] {
        for row in OLD_ROWS {
            let (id, now) = match engine {
                Postgres => (format!("'{id}'::uuid"), "now()"),
                Sqlite => (format!("x'{}'", id.simple()), "'2026-01-01T00:00:00+00:00'"),
            };
            let row = row.replace("$ID", &id).replace("$NAME", &format!("'{name}'")).replace("$NOW", now);
            let row = row.replace("$ARCHIVED", &is_archived.to_string());
            database.writer().execute_unprepared(&row).await.unwrap_or_else(|error| panic!("{row}: {error}"));
        }
    }

    migrate::<Migrator>(&databases.product_url, &database_settings()).await.unwrap();

    let service = ProductService::new(database, Shop::new("shop".into(), "EUR".parse().unwrap()));
    let find = async |filter: ProductFilter| service.list(&filter, None, 10).await.unwrap();
    let named = |name: &str| ProductFilter { words: search_words(name), ..ProductFilter::default() };
    let found = find(ProductFilter { low_stock: Some(true), ..named("brulee creme") }).await;
    assert_eq!(found.iter().map(|product| product.id).collect::<Vec<_>>(), [ProductId(live)]);
    assert_eq!(found[0].catalogue.reorder_level, Some(Quantity::from_milli(5000)));
    assert_eq!((found[0].stock, found[0].version), (Quantity::from_milli(4000), 3));
    let found = find(ProductFilter { archived: true, ..named("cafe") }).await;
    assert_eq!(found.iter().map(|product| product.id).collect::<Vec<_>>(), [ProductId(archived)]);
    assert!(find(named("cafe")).await.is_empty());
}
