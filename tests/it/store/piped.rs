//! The connections of groups on PostgreSQL, and what becomes of transactions on them that go wrong.

use std::time::Duration;

use platform::{
    database::{Column, Database, ErrorClass, Kind, Rows, Statement, StoreError, Writes},
    settings::DatabaseSettings,
};
use product::model::StockPolicy;
use sea_orm::ConnectionTrait;
use tokio::time::timeout;

use crate::support::{
    engine::{Engine::Postgres, database_settings},
    stores::Stores,
};

const FACT: [Column; 2] = [Column::new("name", Kind::Text), Column::new("value", Kind::Text)];
const LOCKED: &str = "pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database \
    WHERE datname = current_database() AND mode = 'RowShareLock'";
/// Kinds of groups that a module has at most: see `connect.rs`.
const KINDS: usize = 5;

fn a_fact(database: &Database) -> Writes {
    let mut rows = Rows::of(&FACT);
    rows.push(["weather".into(), "fair".into()]);
    let mut writes = Writes::to(database.backend());
    writes.insert("facts", rows);
    writes
}

async fn count(database: &Database, of: &str) -> i64 {
    let statement = Statement::from_string(database.backend(), format!("SELECT count(*) FROM {of}"));
    let row = database.reader().query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn facts(database: &Database) -> i64 {
    count(database, "facts WHERE name = 'weather'").await
}

#[tokio::test]
async fn what_never_began_or_has_failed_is_not_committed() {
    let stores = Stores::fresh(Postgres).await;
    let database = &stores.product_database;
    let ask = |sql: &str| Statement::from_string(database.backend(), sql);

    let never_began = database.write_grouped(async |_| Ok(((), a_fact(database)))).await;
    assert!(never_began.is_err());
    for fails in ["SELECT 1 / 0", "SELECT nothing_of_that_name"] {
        let swallowed = database.write_grouped(async |transaction| {
            let failed: Result<[_; 1], StoreError> = transaction.read([ask(fails)]).await;
            assert!(failed.is_err());
            Ok(((), a_fact(database)))
        });
        assert!(swallowed.await.is_err());
    }
    assert_eq!(facts(database).await, 0);

    let sound = database.write_grouped(async |transaction| {
        transaction.read([ask("SELECT 1")]).await?;
        Ok(((), a_fact(database)))
    });
    sound.await.unwrap();
    assert_eq!(facts(database).await, 1);
}

/// Each waits for a lock in the server, which knows nothing of its caller's haste.
#[tokio::test]
async fn transactions_that_are_left_in_the_middle_do_not_add_up_in_the_server() {
    let stores = Stores::fresh(Postgres).await;
    let product = stores.make_product(StockPolicy::Deny, 1).await;
    let database = &stores.product_database;
    let rival = stores.rival_holding(product).await;
    let lock = format!("SELECT product_id FROM stock WHERE product_id = '{product}' FOR UPDATE");
    let settings = database_settings();
    for _ in 0..3 * KINDS * settings.groups.at_once {
        let work = database.write_grouped(async |transaction| {
            transaction.read([Statement::from_string(database.backend(), &lock)]).await?;
            Ok(((), a_fact(database)))
        });
        assert!(timeout(Duration::from_millis(20), work).await.is_err(), "the product is held");
    }
    let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = count(database, waiting).await;
    assert!((1..=(KINDS * settings.groups.at_once) as i64).contains(&waiting), "{waiting}");

    rival.rollback().await.unwrap();
    let all_gone = async {
        while count(database, LOCKED).await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), all_gone).await.unwrap();
    assert_eq!((facts(database).await, stores.stock(product).await), (0, 1));
}

/// What is opened from now on is as if the address led to a standby, or does no longer.
async fn lead_to_a_standby(stores: &Stores, is_standby: bool) {
    let set = format!(
        "BEGIN READ WRITE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {is_standby}', \
         current_database()); END $$; COMMIT"
    );
    stores.sql_in_product(&set).await.unwrap();
}

/// They neither change nor tell anything then.
#[tokio::test]
async fn groups_take_no_connection_that_cannot_write() {
    let stores = Stores::fresh(Postgres).await;
    let database = &stores.product_database;
    let write = async || {
        let written = database.write_grouped(async |transaction| {
            transaction.read([Statement::from_string(database.backend(), "SELECT 1")]).await?;
            Ok(((), a_fact(database)))
        });
        written.await.map_err(|error| error.class)
    };
    let read = async || {
        let told = database.read_grouped(Statement::from_string(database.backend(), "SELECT 1"));
        told.await.map(|rows| rows.len()).map_err(|error| error.class)
    };

    lead_to_a_standby(&stores, true).await;
    assert_eq!((write().await, read().await), (Err(ErrorClass::NotSent), Err(ErrorClass::NotSent)));
    lead_to_a_standby(&stores, false).await;
    assert_eq!((write().await, read().await), (Ok(()), Ok(1)));
    assert_eq!(facts(database).await, 1);
}

/// Nor do those of the pool: what a standby tells may be of an earlier moment.
#[tokio::test]
async fn the_pool_takes_no_connection_that_cannot_write() {
    let stores = Stores::fresh(Postgres).await;
    let hasty = DatabaseSettings { acquire_timeout_ms: 1000, ..database_settings() };
    let opened = async || {
        let opened = Database::connect("hasty", stores.product_url(), &hasty).await;
        opened.map(drop).map_err(|error| error.class)
    };

    lead_to_a_standby(&stores, true).await;
    assert_eq!(opened().await, Err(ErrorClass::NotSent));
    let reader = Database::connect_to_read("reader", stores.product_url(), &hasty).await.unwrap();
    assert_eq!(facts(&reader).await, 0, "the server itself answers");
    lead_to_a_standby(&stores, false).await;
    assert_eq!(opened().await, Ok(()));
}
