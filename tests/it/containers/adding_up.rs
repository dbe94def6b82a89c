//! The books after all faults: what was sold and what is left is what there was, one order a key, nothing pending.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use platform::database::Database;
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use uuid::Uuid;

use crate::support::{audit::audit, engine::database_settings, wait::until};

use super::{
    deployment::PASSWORD,
    trial::{OPENING, Trial},
};

/// Those whose client left are the sweeper's.
const DECIDED_WITHIN: Duration = Duration::from_secs(30);

pub async fn check(trial: &mut Trial) {
    let gateway = trial.gateway.clone();
    until("nothing is pending", DECIDED_WITHIN, async || {
        let path = "/orders?status=pending&limit=1";
        let pending = gateway.get(path).await.with_status(200);
        pending["items"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    let product_url = database_url(trial, "product").await;
    let order_url = database_url(trial, "orders").await;

    let found = audit(&product_url, &order_url).await;
    trial.figures.note("orders in the database, confirmed", format!("{}, {}", found.orders, found.confirmed));
    trial.figures.none("orders pending", found.pending);
    trial.figures.none("decisions without a confirmed order", found.held - found.confirmed);
    let orders = Database::connect("orders", &order_url, &database_settings()).await.unwrap();
    check_sales(trial, &orders).await;
    check_stock(trial, &orders).await;
}

/// Every sale is there once, as its till was told.
async fn check_sales(trial: &mut Trial, orders: &Database) {
    let mut by_key: BTreeMap<String, Vec<(Uuid, String)>> = BTreeMap::new();
    for row in rows(orders, "SELECT id, key, status FROM orders").await {
        let order = (row.try_get("", "id").unwrap(), row.try_get("", "status").unwrap());
        by_key.entry(row.try_get("", "key").unwrap()).or_default().push(order);
    }
    let (mut lost, mut doubled, mut ids) = (0, 0, BTreeSet::new());
    for sale in &trial.sales {
        let found = by_key.get(&sale.key).map_or(&[][..], Vec::as_slice);
        doubled += found.len().saturating_sub(1);
        let Some(told) = &sale.order else { continue };
        let is_there = found.iter().any(|(id, status)| id.to_string() == *told && status == "confirmed");
        lost += usize::from(!is_there);
        doubled += usize::from(!ids.insert(told));
    }
    trial.figures.note("sales of all tills", trial.sales.len());
    trial.figures.none("sales lost", lost);
    trial.figures.none("sales doubled", doubled);
}

/// Sold and on hand is what there was, to the piece.
async fn check_stock(trial: &mut Trial, orders: &Database) {
    let sold_of = "SELECT product_id, CAST(SUM(quantity_milli) AS BIGINT) AS sold FROM order_lines
        JOIN orders ON orders.id = order_id WHERE status = 'confirmed' GROUP BY product_id";
    let mut sold: BTreeMap<Uuid, i64> = BTreeMap::new();
    for row in rows(orders, sold_of).await {
        sold.insert(row.try_get("", "product_id").unwrap(), row.try_get("", "sold").unwrap());
    }
    let shop = trial.shop();
    let mut missing = 0;
    for product in &trial.products {
        let on_hand = shop.stock(product).await.as_i64().unwrap();
        let sold = sold.get(&product.parse().unwrap()).copied().unwrap_or_default() / 1000;
        missing += usize::from(on_hand + sold != OPENING);
    }
    trial.figures.none("products whose stock and sales do not add up", missing);
}

async fn database_url(trial: &Trial, database: &str) -> String {
    let (service, network) = match database {
        "product" => ("product-db", "product-data"),
        _ => ("order-db", "order-data"),
    };
    let container = trial.deployment.container(service).await;
    let network = trial.deployment.network(network);
    let address = container.address(&network).await.unwrap();
    format!("postgres://pos:{PASSWORD}@{address}/{database}")
}

async fn rows(database: &Database, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(database.backend(), sql);
    database.reader().query_all_raw(statement).await.unwrap()
}
