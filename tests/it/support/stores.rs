//! Both modules as libraries on real databases, so that a driver can stop between any two steps.

use std::rc::Rc;

use contract::{DecideLine, DecideRequest, OrderId, ProductApi, ProductId, Quantity, Shop};
use order::{
    OrderService, OrderSettings, OrderShared, SweeperSettings,
    model::{PlaceOrder, RequestedLine},
};
use platform::{
    database::Database,
    deadline::Deadline,
    idempotency::{IdempotencyKey, Keyed, RequestHash},
    metrics::Metrics,
    settings::DatabaseSettings,
};
use product::{
    ProductService,
    model::{Catalogue, NewProduct, StockPolicy},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};

use super::{
    audit::{Audit, audit},
    client::fresh_key,
    engine::{Databases, Engine, database_settings},
};

/// One shop's databases and its product module.
pub struct Stores {
    pub product_database: Database,
    pub order_database: Database,
    pub product: Rc<ProductService>,
    shop: Shop,
    databases: Databases,
}

impl Stores {
    pub async fn fresh(engine: Engine) -> Self {
        Self::connected_by(engine, database_settings()).await
    }

    pub async fn connected_by(engine: Engine, settings: DatabaseSettings) -> Self {
        let databases = Databases::migrated(engine).await;
        let product_database = Database::connect("product", &databases.product_url, &settings).await.unwrap();
        let order_database = Database::connect("order", &databases.order_url, &settings).await.unwrap();
        let shop = Shop::new("shop".into(), "EUR".parse().unwrap());
        let product = Rc::new(ProductService::new(product_database.clone(), shop.clone()));
        Self { product_database, order_database, product, shop, databases }
    }

    pub fn engine(&self) -> Engine {
        self.databases.engine
    }

    /// An order service of its own, as another process is, that asks this product module.
    pub fn replica_asking(&self, product: Rc<dyn ProductApi>) -> OrderService {
        self.replica_with(settings(), product)
    }

    pub fn replica(&self) -> OrderService {
        self.replica_asking(self.product.clone())
    }

    pub fn replica_with(&self, settings: OrderSettings, product: Rc<dyn ProductApi>) -> OrderService {
        let metrics = Metrics::default();
        let shared = OrderShared::new(self.order_database.clone(), self.shop.clone(), settings, &metrics);
        OrderService::new(shared, product)
    }

    /// A product at 2.50 with this stock.
    pub async fn make_product(&self, policy: StockPolicy, stock: i64) -> ProductId {
        let new = NewProduct {
            catalogue: Catalogue {
                name: "Flat white".into(),
                price: contract::Money::from_minor(250),
                sku: None,
                barcode: None,
                category: None,
                stock_policy: policy,
                reorder_level: None,
            },
            stock: (policy != StockPolicy::Untracked).then(|| Quantity::from_milli(stock * 1000)),
        };
        let request = Keyed { key: key(), hash: RequestHash::of("test", &fresh_key()).unwrap() };
        self.product.create(&request, new).await.unwrap().value.id
    }

    pub async fn stock(&self, product: ProductId) -> i64 {
        self.product.stock(product).await.unwrap().quantity.milli() / 1000
    }

    pub fn order_id(&self, key: &IdempotencyKey) -> OrderId {
        self.shop.order_id(key)
    }

    /// Everything that must hold across both databases, checked.
    pub async fn audit(&self) -> Audit {
        audit(&self.databases.product_url, &self.databases.order_url).await
    }

    pub async fn sql_in_product(&self, sql: &str) -> Result<u64, sea_orm::DbErr> {
        Ok(self.product_database.writer().execute_unprepared(sql).await?.rows_affected())
    }

    pub async fn sql_in_order(&self, sql: &str) -> Result<u64, sea_orm::DbErr> {
        Ok(self.order_database.writer().execute_unprepared(sql).await?.rows_affected())
    }

    /// A product service that waits for a lock for so many milliseconds.
    pub async fn product_that_waits(&self, lock_timeout_ms: u64) -> ProductService {
        let settings = DatabaseSettings { lock_timeout_ms, ..database_settings() };
        let database = Database::connect("product", &self.databases.product_url, &settings).await.unwrap();
        ProductService::new(database, self.shop.clone())
    }

    /// A transaction of somebody else that has locked the product's stock row.
    pub async fn rival_holding(&self, product: ProductId) -> DatabaseTransaction {
        let rival = self.stranger().await.writer().begin().await.unwrap();
        let lock = format!("SELECT 1 FROM stock WHERE product_id = '{product}' FOR UPDATE");
        rival.execute_unprepared(&lock).await.unwrap();
        rival
    }

    /// A connection of somebody else to the product database.
    pub async fn stranger(&self) -> Database {
        Database::connect("stranger", self.product_url(), &database_settings()).await.unwrap()
    }

    pub fn product_url(&self) -> &str {
        &self.databases.product_url
    }
}

/// Settings of a replica that has time enough on any machine.
pub fn settings() -> OrderSettings {
    OrderSettings {
        max_in_flight: 256,
        target_ms: 10_000,
        deadline_ms: 10_000,
        decide_try_ms: 5_000,
        decide_by_ms: 900_000,
        sweeper: SweeperSettings {
            every_ms: 20,
            concurrency: 4,
            grace_ms: 0,
            retry_ms: 50,
            max_retry_ms: 200,
            max_try_ms: 10_000,
        },
    }
}

/// Settings of a replica that soon gives up, and whose orders are soon swept.
pub fn hurried() -> OrderSettings {
    OrderSettings { deadline_ms: 1500, decide_try_ms: 700, ..settings() }
}

pub fn key() -> IdempotencyKey {
    IdempotencyKey::parse(&fresh_key()).unwrap()
}

/// An order of whole pieces.
pub fn command(lines: &[(ProductId, i64)]) -> PlaceOrder {
    let lines = lines.iter().enumerate().map(|(item, (product_id, quantity))| RequestedLine {
        product_id: *product_id,
        quantity_milli: quantity * 1000,
        expected_unit_price_minor: None,
        item,
    });
    PlaceOrder::new(lines.collect()).unwrap()
}

/// The question of S2 for such an order.
pub fn question(lines: &[(ProductId, i64)]) -> DecideRequest {
    let line = |(product_id, quantity): &(ProductId, i64)| DecideLine {
        product_id: *product_id,
        quantity_milli: quantity * 1000,
        expected_unit_price_minor: None,
    };
    let request_hash = command(lines).hash.to_hex();
    DecideRequest { request_hash, lines: lines.iter().map(line).collect() }
}

/// Far away.
pub fn no_hurry() -> Deadline {
    Deadline::after(std::time::Duration::from_secs(20))
}
