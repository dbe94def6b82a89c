//! The two databases of a shop, on either engine, as a process or a library opens them.

use platform::{
    database::migrate,
    settings::{DatabaseSettings, GroupSettings},
};

use super::{directory::Directory, postgres::TestDatabase};

/// What the data is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Where both modules keep their data, until the value is dropped.
pub struct Databases {
    pub engine: Engine,
    pub product_url: String,
    pub order_url: String,
    kept: Kept,
}

enum Kept {
    Sqlite(Directory),
    Postgres { _product: TestDatabase, _order: TestDatabase },
}

impl Databases {
    /// With both schemas in place.
    pub async fn migrated(engine: Engine) -> Self {
        if engine == Engine::Postgres {
            let product = TestDatabase::migrated::<product::Migrator>("product").await;
            let order = TestDatabase::migrated::<order::Migrator>("order").await;
            return Self::on_postgres(product, order);
        }
        let databases = Self::on_sqlite();
        migrate::<product::Migrator>(&databases.product_url, &database_settings()).await.unwrap();
        migrate::<order::Migrator>(&databases.order_url, &database_settings()).await.unwrap();
        databases
    }

    /// Without any table.
    pub async fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::on_sqlite(),
            Engine::Postgres => Self::on_postgres(TestDatabase::empty().await, TestDatabase::empty().await),
        }
    }

    /// The settings of a process that uses them.
    pub fn settings(&self) -> Vec<(String, String)> {
        match &self.kept {
            // the URLs that follow from the directory are part of what is tested
            Kept::Sqlite(directory) => vec![("POS__DATA_DIR".into(), directory.path().display().to_string())],
            Kept::Postgres { .. } => vec![
                ("POS__PRODUCT__DATABASE_URL".into(), self.product_url.clone()),
                ("POS__ORDER__DATABASE_URL".into(), self.order_url.clone()),
            ],
        }
    }

    fn on_sqlite() -> Self {
        let directory = Directory::fresh();
        let url = |file: &str| format!("sqlite://{}", directory.join(file).display());
        Self {
            engine: Engine::Sqlite,
            product_url: url("product.db"),
            order_url: url("order.db"),
            kept: Kept::Sqlite(directory),
        }
    }

    fn on_postgres(product: TestDatabase, order: TestDatabase) -> Self {
        Self {
            engine: Engine::Postgres,
            product_url: product.url.clone(),
            order_url: order.url.clone(),
            kept: Kept::Postgres { _product: product, _order: order },
        }
    }
}

/// Bounds of a test's own connections.
pub fn database_settings() -> DatabaseSettings {
    DatabaseSettings {
        migrate_on_start: true,
        max_connections: 10,
        acquire_timeout_ms: 10_000,
        connect_timeout_ms: 5_000,
        statement_timeout_ms: 10_000,
        lock_timeout_ms: 10_000,
        idle_transaction_timeout_ms: 10_000,
        busy_timeout_ms: 5_000,
        ping_after_idle_ms: 30_000,
        transaction_tries: 8,
        slow_statement_ms: 5_000,
        groups: GroupSettings { size: 256, queue: 1024, at_once: 2, patience_ms: 100, timeout_ms: 2000 },
    }
}
