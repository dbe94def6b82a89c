//! A catalogue of many products, written by SQL: what is asked of it is how it is read.

use platform::database::Database;
use sea_orm::{ConnectionTrait, DbBackend};

use super::engine::{Databases, Engine, database_settings};

/// Of each hundred products: two are low on stock, one is sold below 0, one is under `flag`, ten are archived.
pub struct LargeCatalogue {
    pub database: Database,
    pub databases: Databases,
}

impl LargeCatalogue {
    /// "Coffée 17 w17 …", SKU S17, barcode 17, category c17: words, categories and marks repeat, codes do not.
    pub async fn of(engine: Engine, products: u32) -> Self {
        let databases = Databases::migrated(engine).await;
        let database =
            Database::connect("product", &databases.product_url, &database_settings()).await.unwrap();
        let connection = database.writer();
        for statement in statements(database.backend(), products) {
            connection
                .execute_unprepared(&statement)
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        Self { database, databases }
    }
}

/// What PostgreSQL does by itself sooner or later, in turn; SQLite's plans must do without.
pub fn upkeep(backend: DbBackend) -> &'static [&'static str] {
    match backend {
        DbBackend::Postgres => &["ANALYZE", "VACUUM ANALYZE"],
        _ => &["SELECT 1"],
    }
}

fn statements(backend: DbBackend, products: u32) -> Vec<String> {
    let (numbers, id, now) = match backend {
        DbBackend::Postgres => (
            format!("generate_series(1, {products}) AS n(i)"),
            "('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid",
            "now()",
        ),
        _ => (
            format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {products}) SELECT i FROM n)"
            ),
            "unhex('00000000000070008000' || printf('%012x', i))",
            "'2026-01-01T00:00:00+00:00'",
        ),
    };
    vec![
        format!(
            "INSERT INTO products (id, name, price_minor, sku, barcode, category, archived, version, created_at, updated_at) \
             SELECT {id}, 'Coffée ' || i || ' w' || (i % 400), 100 + i % 900, 'S' || i, i, 'c' || (i % 50), i % 10 = 3, 1, {now}, {now} \
             FROM {numbers}"
        ),
        format!(
            "INSERT INTO stock (product_id, policy, quantity_milli, seq, reorder_level_milli, archived) \
             SELECT {id}, CASE WHEN i % 100 = 9 THEN 'flag' ELSE 'deny' END, CASE WHEN i % 100 = 9 THEN -1000 ELSE 5000 END, 0, \
             CASE WHEN i % 50 = 9 THEN 5000 WHEN i % 2 = 0 THEN 1000 END, i % 10 = 3 FROM {numbers}"
        ),
        format!("INSERT INTO product_words SELECT {id}, 'coffee', i % 10 = 3 FROM {numbers}"),
        format!("INSERT INTO product_words SELECT {id}, CAST(i AS text), i % 10 = 3 FROM {numbers}"),
        format!("INSERT INTO product_words SELECT {id}, 'w' || (i % 400), i % 10 = 3 FROM {numbers}"),
    ]
}
