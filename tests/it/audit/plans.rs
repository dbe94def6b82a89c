//! A batch reads its own rows and no others, however many there are.

use std::sync::{Arc, Mutex};

use platform::database::Database;
use product::ProductAudit;
use sea_orm::{ConnectionTrait, Statement, Value as Parameter};
use serde_json::Value;
use uuid::Uuid;

use super::settings_of_one;
use crate::support::{
    engine::{Databases, Engine::Postgres},
    plan::touched,
};

const ORDERS: u32 = 20_000;
/// Rows of a batch of the ledger, and what it may read: itself, a decision each, and the pages' neighbours.
const BATCH: i64 = 1000;
const TOUCHED: f64 = 3.0 * BATCH as f64;

/// One product that was sold `ORDERS` times, one piece each.
const SOLD: [&str; 4] = [
    "SET session_replication_role = replica",
    "INSERT INTO stock (product_id, policy, quantity_milli, seq, archived) \
     SELECT '00000000-0000-7000-8000-000000000001', 'allow', -1000 * ORDERS, ORDERS, false",
    "INSERT INTO deductions (order_id, outcome, request_hash, total_minor, decided_at) \
     SELECT md5(i::text)::uuid, 'held', decode(repeat('ab', 32), 'hex'), 100, now() FROM generate_series(1, ORDERS) i",
    "INSERT INTO movements (product_id, seq, reason, quantity_milli, before_milli, after_milli, order_id, at) \
     SELECT '00000000-0000-7000-8000-000000000001', i, 'sale', -1000, -1000 * (i - 1), -1000 * i, md5(i::text)::uuid, now() \
     FROM generate_series(1, ORDERS) i",
];

/// The statement as the server runs it after a few times: prepared, without a look at its parameters.
async fn generic_plan(database: &Database, statement: &Statement) -> Value {
    let parameters: Vec<String> = statement.values.iter().flat_map(|values| &values.0).map(literal).collect();
    let run = async |sql: &str| database.writer().execute_unprepared(sql).await.unwrap();
    run("SET plan_cache_mode = force_generic_plan").await;
    run(&format!("PREPARE batch (uuid, bigint, uuid, bigint) AS {}", statement.sql)).await;
    let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE batch ({})", parameters.join(", "));
    let explain = Statement::from_string(database.backend(), explain);
    let row = database.writer().query_one_raw(explain).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

fn literal(value: &Parameter) -> String {
    match value {
        Parameter::Uuid(Some(id)) => format!("'{id}'"),
        Parameter::BigInt(Some(number)) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_batch_of_the_ledger_reads_no_more_than_its_own_decisions_on_postgresql() {
    let databases = Databases::migrated(Postgres).await;
    let mut database =
        Database::connect("product", &databases.product_url, &settings_of_one()).await.unwrap();
    for statement in SOLD {
        let statement = statement.replace("ORDERS", &ORDERS.to_string());
        database.writer().execute_unprepared(&statement).await.unwrap();
    }
    database.writer().execute_unprepared("ANALYZE").await.unwrap();
    let sent = Arc::<Mutex<Vec<Statement>>>::default();
    let seen = sent.clone();
    database.on_read(move |statement| seen.lock().unwrap().push(statement.clone()));

    let product = Uuid::from_u128(0x7000_8000_0000_0000_0001);
    let audit = ProductAudit::new(database.clone());
    assert!(audit.ledger((product, 5000), (product, 5000 + BATCH)).await.unwrap().is_empty());

    let statement = sent.lock().unwrap().pop().unwrap();
    let plan = generic_plan(&database, &statement).await;
    let touched = touched(&plan[0]["Plan"]);
    assert!(touched > BATCH as f64 && touched < TOUCHED, "it touches {touched} rows: {plan:#}");
}
