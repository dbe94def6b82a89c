//! A PostgreSQL server whose connections are all taken by others.

use std::time::Duration;

use platform::database::Database;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use serde_json::json;

use crate::support::{
    audit::audit,
    client::fresh_key,
    engine::{Databases, Engine, database_settings},
    port::Port,
    process::Pos,
    shop::{Shop, address, order_of},
    wait::until,
};

/// Of each database, to everybody but the server's owner.
const CONNECTIONS: u32 = 20;
const SERVICE_AGAIN_WITHIN: Duration = Duration::from_secs(10);

/// A user to whom the limit applies, as it does not to the server's owner; stays with the throw-away server.
const MAKE_USER: &str = "DO $$ BEGIN CREATE ROLE pos_shop LOGIN; \
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";

/// Both databases as that user sees them, and who takes their connections.
struct Limited {
    databases: Databases,
    urls: [String; 2],
}

impl Limited {
    async fn fresh() -> Self {
        let databases = Databases::empty(Engine::Postgres).await;
        for url in [&databases.product_url, &databases.order_url] {
            let name = url.rsplit('/').next().unwrap();
            execute(url, MAKE_USER).await;
            execute(url, &format!("ALTER DATABASE {name} OWNER TO pos_shop")).await;
            execute(url, &format!("ALTER DATABASE {name} CONNECTION LIMIT {CONNECTIONS}")).await;
        }
        let urls = [&databases.product_url, &databases.order_url].map(|url| as_shop(url));
        Self { databases, urls }
    }

    fn settings(&self) -> Vec<(String, String)> {
        let names = ["POS__PRODUCT__DATABASE_URL", "POS__ORDER__DATABASE_URL"].map(str::to_owned);
        names.into_iter().zip(self.urls.clone()).collect()
    }

    /// Throws everybody out and takes every connection, until dropped.
    async fn take_all(&self) -> Vec<DatabaseConnection> {
        let mut taken = Vec::new();
        for (owner, url) in [&self.databases.product_url, &self.databases.order_url].iter().zip(&self.urls) {
            let mut held = 0;
            until("all connections are taken", SERVICE_AGAIN_WITHIN, async || {
                let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND usename = 'pos_shop' AND application_name <> 'other'";
                execute(owner, others).await;
                while let Ok(connection) = connect(&format!("{url}?application_name=other")).await {
                    taken.push(connection);
                    held += 1;
                }
                (held >= CONNECTIONS).then_some(())
            })
            .await;
        }
        taken
    }
}

fn as_shop(url: &str) -> String {
    let (_, place) = url.split_once('@').unwrap();
    format!("postgres://pos_shop@{place}")
}

async fn connect(url: &str) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false).acquire_timeout(Duration::from_millis(200));
    sea_orm::Database::connect(options).await
}

async fn execute(url: &str, sql: &str) {
    let database = Database::connect("test", url, &database_settings()).await.unwrap();
    database.writer().execute_unprepared(sql).await.unwrap();
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_connections_a_shop_says_so_and_serves_again_once_there_are_some() {
    let limited = Limited::fresh().await;
    let port = Port::reserve();
    let mut pos = Pos::start("all", address(1, &port), limited.settings());
    pos.ready().await;
    let shop = Shop { product: pos.service(), orders: vec![pos.service()] };
    let id = shop.make_product_id(json!({ "stock": 100 })).await;
    let order = order_of(&[(&id, 1.0)]);

    let taken = limited.take_all().await;

    let mut keys = Vec::new();
    // what was sent on a connection that is gone, nobody knows; what was not sent did not happen
    until("an order that was not sent is told so", SERVICE_AGAIN_WITHIN, async || {
        keys.push(fresh_key());
        let reply = shop.order().post("/orders", &order).key(&keys[keys.len() - 1]).await;
        match reply.body["outcome"] == "none" {
            true => Some(reply.with_problem(503, "unavailable")),
            false => {
                reply.with_problem(503, "outcome_unknown");
                None
            }
        }
    })
    .await;
    let read = shop.product.get(&format!("/products/{id}")).await.with_problem(503, "unavailable");
    assert_eq!(read["outcome"], "none");
    shop.product.get("/livez").await.with_status(200);
    shop.product.get("/readyz").await.with_status(503);

    for connection in taken {
        connection.close().await.unwrap();
    }
    // a connection that was cut off while nobody used it fails its next user
    until("it serves again", SERVICE_AGAIN_WITHIN, async || {
        let is_ready = shop.product.get("/readyz").await.status == 200;
        (is_ready && shop.product.get(&format!("/products/{id}")).await.status == 200).then_some(())
    })
    .await;
    for key in &keys {
        shop.order().post("/orders", &order).key(key).await.with_status(201);
    }
    assert_eq!(shop.stock(&id).await, json!(100 - keys.len()));
    let found = audit(&limited.databases.product_url, &limited.databases.order_url).await;
    assert_eq!((found.orders, found.confirmed), (keys.len(), keys.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_a_connection_and_then_serves() {
    let limited = Limited::fresh().await;
    let taken = limited.take_all().await;
    let port = Port::reserve();
    let mut pos = Pos::start("all", address(1, &port), limited.settings());
    until("it says that it waits", SERVICE_AGAIN_WITHIN, async || {
        pos.log().contains("waiting for the database").then_some(())
    })
    .await;

    for connection in taken {
        connection.close().await.unwrap();
    }

    pos.ready().await;
}
