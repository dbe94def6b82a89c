//! A bug in our code is refused by the database: what the invariants forbid cannot be written, not even by hand.

use contract::{ProductApi, RefuseRequest};
use platform::database::{ErrorClass, StoreError};
use product::model::StockPolicy;
use rstest::rstest;

use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    stores::{Stores, command, key, no_hurry, question},
};

/// A shop with a sale, a rejected order, a cancelled one and a pending one.
async fn busy(engine: Engine) -> Stores {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 10).await;
    let replica = stores.replica();
    replica.place(&key(), &command(&[(id, 1)])).await.unwrap();
    replica.place(&key(), &command(&[(id, 11)])).await.unwrap();
    let given_up = key();
    let refusal = RefuseRequest { request_hash: Some(question(&[(id, 2)]).request_hash) };
    stores.product.refuse(stores.order_id(&given_up), &refusal, no_hurry()).await.unwrap();
    replica.place(&given_up, &command(&[(id, 2)])).await.unwrap();
    replica.intend(&key(), &command(&[(id, 3)])).await.unwrap();
    let found = stores.audit().await;
    assert_eq!((found.orders, found.confirmed, found.pending), (4, 1, 1));
    stores
}

/// The statement fails as one that breaks a rule, and would have met a row.
fn assert_refused(sql: &str, result: Result<u64, sea_orm::DbErr>) {
    match result {
        Ok(rows) => panic!("{rows} rows were taken: {sql}"),
        Err(error) => {
            let class = StoreError::from(error.clone()).class;
            assert!(matches!(class, ErrorClass::Refused | ErrorClass::Duplicate(_)), "{sql}: {error}");
        }
    }
}

/// SQLite's columns hold anything.
#[tokio::test]
async fn on_postgres_a_column_refuses_what_it_cannot_hold() {
    let stores = busy(Postgres).await;
    let sql = "UPDATE stock SET seq = 9223372036854775807 + seq";
    assert_refused(sql, stores.sql_in_product(sql).await);
}

#[rstest]
#[tokio::test]
async fn refuses_stock_and_ledger_that_break_the_rules(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = busy(engine).await;
    let next = "product_id, seq + 1, reason, quantity_milli, after_milli, after_milli + quantity_milli, order_id, note, at";
    let columns = "product_id, seq, reason, quantity_milli, before_milli, after_milli, order_id, note, at";
    for sql in [
        // I1
        "UPDATE stock SET quantity_milli = -1".to_owned(),
        "UPDATE stock SET policy = 'sometimes'".to_owned(),
        "UPDATE stock SET quantity_milli = 1000000000000001".to_owned(),
        "UPDATE stock SET seq = -1".to_owned(),
        // I2
        "UPDATE movements SET after_milli = after_milli + 1".to_owned(),
        "UPDATE movements SET quantity_milli = quantity_milli - 1".to_owned(),
        "UPDATE movements SET seq = 1".to_owned(),
        "UPDATE movements SET seq = 0 WHERE seq = 1".to_owned(),
        // I3: a second movement of one order and product
        format!("INSERT INTO movements ({columns}) SELECT {next} FROM movements WHERE reason = 'sale'"),
        // I4
        "UPDATE movements SET reason = 'deduct' WHERE reason = 'sale'".to_owned(),
        "UPDATE movements SET order_id = NULL WHERE reason = 'sale'".to_owned(),
        "UPDATE movements SET reason = 'stolen'".to_owned(),
        "DELETE FROM deductions WHERE outcome = 'held'".to_owned(),
        // a product that is sold is never deleted
        "DELETE FROM stock".to_owned(),
        "DELETE FROM products".to_owned(),
        "UPDATE products SET price_minor = -1".to_owned(),
        "UPDATE products SET price_minor = 100000000001".to_owned(),
    ] {
        assert_refused(&sql, stores.sql_in_product(&sql).await);
    }
}

#[rstest]
#[tokio::test]
async fn refuses_deductions_that_are_half_of_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = busy(engine).await;
    for sql in [
        "UPDATE deductions SET request_hash = NULL WHERE outcome = 'held'",
        "UPDATE deductions SET total_minor = NULL WHERE outcome = 'held'",
        "UPDATE deductions SET total_minor = -1 WHERE outcome = 'held'",
        "UPDATE deductions SET cause = 'given_up' WHERE outcome = 'held'",
        "UPDATE deductions SET outcome = 'refused' WHERE outcome = 'held'",
        "UPDATE deductions SET outcome = 'held' WHERE outcome = 'refused'",
        "UPDATE deductions SET outcome = 'maybe' WHERE outcome = 'refused'",
        "UPDATE deductions SET cause = NULL WHERE outcome = 'refused'",
        "UPDATE deductions SET cause = 'bored' WHERE outcome = 'refused'",
        "UPDATE deductions SET refusals = NULL WHERE outcome = 'refused'",
        "UPDATE deductions SET total_minor = 0 WHERE outcome = 'refused'",
        // I8
        "UPDATE deduction_lines SET total_minor = total_minor + 1",
        "UPDATE deduction_lines SET unit_price_minor = unit_price_minor + 1",
        "UPDATE deduction_lines SET quantity_milli = 0, total_minor = 0",
        // written once
        "INSERT INTO deductions SELECT * FROM deductions WHERE outcome = 'held'",
    ] {
        assert_refused(sql, stores.sql_in_product(sql).await);
    }
}

#[rstest]
#[tokio::test]
async fn refuses_orders_that_are_half_of_one_state(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = busy(engine).await;
    for sql in [
        "UPDATE orders SET total_minor = NULL WHERE status = 'confirmed'",
        "UPDATE orders SET total_minor = -1 WHERE status = 'confirmed'",
        "UPDATE orders SET decided_at = NULL WHERE status = 'confirmed'",
        "UPDATE orders SET cause = 'lines' WHERE status = 'confirmed'",
        "UPDATE orders SET request = NULL, request_hash = NULL WHERE status = 'confirmed'",
        "UPDATE orders SET next_try_at = created_at WHERE status = 'confirmed'",
        "UPDATE orders SET status = 'rejected' WHERE status = 'confirmed'",
        "UPDATE orders SET status = 'pending' WHERE status = 'confirmed'",
        "UPDATE orders SET refusals = NULL WHERE status = 'rejected'",
        "UPDATE orders SET cause = NULL WHERE status = 'rejected'",
        "UPDATE orders SET cause = 'given_up' WHERE status = 'rejected'",
        "UPDATE orders SET cause = 'lines' WHERE status = 'cancelled'",
        "UPDATE orders SET status = 'confirmed' WHERE status = 'cancelled'",
        "UPDATE orders SET status = 'confirmed' WHERE status = 'pending'",
        "UPDATE orders SET next_try_at = NULL WHERE status = 'pending'",
        "UPDATE orders SET total_minor = 1 WHERE status = 'pending'",
        "UPDATE orders SET status = 'lost'",
        "UPDATE orders SET request = NULL WHERE request IS NOT NULL",
        "UPDATE orders SET tries = -1",
        // I10: no key has two orders
        "UPDATE orders SET key = 'the-same-for-all'",
        // I8
        "UPDATE order_lines SET total_minor = total_minor + 1",
        "UPDATE order_lines SET quantity_milli = 0, total_minor = 0",
        "DELETE FROM orders WHERE status = 'confirmed'",
    ] {
        assert_refused(sql, stores.sql_in_order(sql).await);
    }
}
