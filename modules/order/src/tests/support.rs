//! A shop of one test: a database of its own, a shelf, the service over both.

use std::{path::PathBuf, rc::Rc};

use contract::{Money, ProductId, Quantity, Shop};
use platform::{
    database::{Database, migrate},
    idempotency::IdempotencyKey,
    metrics::Metrics,
    settings::{DatabaseSettings, GroupSettings},
};
use uuid::Uuid;

use super::shelf::Shelf;
use crate::{
    Migrator, OrderService, OrderSettings, OrderShared, SweeperSettings,
    model::{CancelOrder, CancelTarget, PlaceOrder, WantedItem, merge},
};

pub struct TestShop {
    pub orders: OrderService,
    pub shelf: Rc<Shelf>,
    pub metrics: Metrics,
    pub database: Database,
    pub settings: OrderSettings,
    directory: PathBuf,
}

impl Drop for TestShop {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl TestShop {
    /// Short times, and a sweeper that takes an order for cut off at once.
    pub fn settings() -> OrderSettings {
        OrderSettings {
            max_in_flight: 64,
            target_ms: 300,
            deadline_ms: 1000,
            decide_try_ms: 100,
            decide_by_ms: 60_000,
            sweeper: SweeperSettings {
                every_ms: 10,
                concurrency: 4,
                grace_ms: 0,
                retry_ms: 1,
                max_retry_ms: 10,
                max_try_ms: 800,
            },
        }
    }

    pub async fn open() -> Self {
        Self::open_with(Self::settings()).await
    }

    pub async fn open_with(settings: OrderSettings) -> Self {
        let directory = std::env::temp_dir().join(format!("pos-order-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&directory).unwrap();
        let url = format!("sqlite:{}", directory.join("order.db").display());
        migrate::<Migrator>(&url, &database_settings()).await.unwrap();
        let database = Database::connect("order", &url, &database_settings()).await.unwrap();
        let (shelf, metrics) = (Rc::new(Shelf::default()), Metrics::default());
        let orders = service(&database, &settings, &shelf, &metrics);
        Self { orders, shelf, metrics, database, settings, directory }
    }

    /// The same shop, served with other settings: another replica.
    pub fn replica(&self, settings: &OrderSettings) -> OrderService {
        service(&self.database, settings, &self.shelf, &Metrics::default())
    }
}

fn service(
    database: &Database,
    settings: &OrderSettings,
    shelf: &Rc<Shelf>,
    metrics: &Metrics,
) -> OrderService {
    let shop = Shop::new("shop".into(), "EUR".parse().unwrap());
    let shared = OrderShared::new(database.clone(), shop, settings.clone(), metrics);
    OrderService::new(shared, shelf.clone())
}

fn database_settings() -> DatabaseSettings {
    DatabaseSettings {
        migrate_on_start: true,
        max_connections: 4,
        acquire_timeout_ms: 2000,
        connect_timeout_ms: 2000,
        statement_timeout_ms: 2000,
        lock_timeout_ms: 2000,
        idle_transaction_timeout_ms: 2000,
        busy_timeout_ms: 2000,
        ping_after_idle_ms: 10_000,
        transaction_tries: 5,
        slow_statement_ms: 1000,
        groups: GroupSettings { size: 256, queue: 1024, at_once: 2, patience_ms: 100, timeout_ms: 2000 },
    }
}

pub fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(&format!("{text:-<16}")).unwrap()
}

/// A command of product, thousandths and expected price.
pub fn wanted(items: &[(ProductId, i64, Option<i64>)]) -> PlaceOrder {
    let items: Vec<WantedItem> = items
        .iter()
        .enumerate()
        .map(|(item, (product_id, milli, price))| WantedItem {
            item,
            product_id: *product_id,
            quantity: Quantity::from_milli(*milli),
            expected_unit_price: price.map(Money::from_minor),
        })
        .collect();
    PlaceOrder::new(merge(&items).unwrap()).unwrap()
}

pub fn cancel_key(own: &str, target: &str) -> CancelOrder {
    CancelOrder::new(key(own), CancelTarget::Key(key(target))).unwrap()
}
