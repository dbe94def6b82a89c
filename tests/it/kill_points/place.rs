//! Placing an order, cut off after each step.

use std::time::Duration;

use contract::ProductApi;
use order::{
    OrderError,
    model::{OrderStatus, PendingOrder},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use super::{
    finish::{
        Finisher::{self, Repeat, Sweeper},
        Left,
    },
    lost::Loss,
};
use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    postgres::waits_for_a_lock,
    stores::no_hurry,
    wait::until,
};

#[rstest]
#[tokio::test]
async fn right_after_s1(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
) {
    let left = Left::fresh(engine).await;

    left.driver().intend(&left.key, &left.command).await.unwrap();

    left.finish(finisher).await;
    left.assert_sold().await;
}

/// The driver's transaction waits for the stock rows, which somebody else holds.
#[rstest]
#[tokio::test]
async fn inside_s2_before_commit(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
) {
    let left = Left::fresh(engine).await;
    let stranger = left.stores.stranger().await;
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let lock = stranger.writer().begin_with_options(immediate).await.unwrap();
    if engine == Postgres {
        lock.execute_unprepared("SELECT 1 FROM stock FOR UPDATE").await.unwrap();
    }

    let driver = left.driver();
    tokio::select! {
        placed = driver.place(&left.key, &left.command) => panic!("it did not wait: {placed:?}"),
        () = waits_in_s2(&left) => {}
    }
    lock.rollback().await.unwrap();

    left.finish(finisher).await;
    left.assert_sold().await;
}

/// The driver's transaction has locked and decided, and waits in its INSERT for a decision that somebody else has made
/// and then does not commit.
#[rstest]
#[tokio::test]
async fn inside_s2_at_the_insert(#[values(Sweeper, Repeat)] finisher: Finisher) {
    let left = Left::fresh(Postgres).await;
    let stranger = left.stores.stranger().await;
    let rival = stranger.writer().begin().await.unwrap();
    let id = left.stores.order_id(&left.key);
    let insert = format!(
        "INSERT INTO deductions (order_id, outcome, cause, refusals, decided_at) VALUES ('{id}', 'refused', 'given_up', '[]', now())"
    );
    rival.execute_unprepared(&insert).await.unwrap();

    let driver = left.driver();
    tokio::select! {
        placed = driver.place(&left.key, &left.command) => panic!("it did not wait: {placed:?}"),
        () = waits_in_s2(&left) => {}
    }
    rival.rollback().await.unwrap();

    left.finish(finisher).await;
    left.assert_sold().await;
}

async fn waits_in_s2(left: &Left) {
    let order = left.stores.order_id(&left.key);
    until("the intent is there", Duration::from_secs(5), async || {
        left.stores.replica().get(order).await.ok()
    })
    .await;
    if left.stores.engine() == Sqlite {
        // SQLite shows no waiting; wherever the driver is by now, it cannot have written
        return tokio::time::sleep(Duration::from_millis(50)).await;
    }
    waits_for_a_lock(left.stores.product_database.reader()).await;
}

#[rstest]
#[tokio::test]
async fn after_s2_with_the_answer_lost(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
    #[values(Loss::Answer, Loss::Silence)] loss: Loss,
) {
    let left = Left::fresh(engine).await;

    let told = left.deaf_driver(loss).place(&left.key, &left.command).await;

    let id = left.stores.order_id(&left.key);
    assert!(matches!(told, Err(OrderError::OutcomeUnknown { order, .. }) if order == id), "{told:?}");
    left.finish(finisher).await;
    left.assert_sold().await;
}

#[rstest]
#[tokio::test]
async fn after_s2_with_a_refusal_lost(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
) {
    let left = Left::too_much(engine).await;
    left.deaf_driver(Loss::Answer).place(&left.key, &left.command).await.unwrap_err();

    let status = left.finish(finisher).await;

    assert_eq!(status, OrderStatus::Rejected);
    left.assert_not_sold(OrderStatus::Rejected).await;
}

#[rstest]
#[tokio::test]
async fn with_the_call_lost(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
) {
    let left = Left::fresh(engine).await;

    left.deaf_driver(Loss::Call).place(&left.key, &left.command).await.unwrap_err();

    left.finish(finisher).await;
    left.assert_sold().await;
}

#[rstest]
#[tokio::test]
async fn right_before_s3(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
) {
    let left = Left::fresh(engine).await;
    let driver = left.driver();
    driver.intend(&left.key, &left.command).await.unwrap();
    let pending = PendingOrder {
        id: left.stores.order_id(&left.key),
        key: left.key.to_string(),
        request: Some(left.command.request.clone()),
        hash: Some(left.command.hash),
        created_at: platform::clock::now(),
        past_decide_by: false,
    };
    driver.decide(&pending, no_hurry()).await.unwrap();

    left.finish(finisher).await;
    left.assert_sold().await;
}

/// Two drivers with the same decision in hand: the second S3 changes nothing and answers what stands.
#[rstest]
#[tokio::test]
async fn s3_twice(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    let driver = left.driver();
    driver.intend(&left.key, &left.command).await.unwrap();
    let id = left.stores.order_id(&left.key);
    let request = contract::DecideRequest {
        request_hash: left.command.hash.to_hex(),
        lines: left.command.request.decide_lines(),
    };
    let deduction = left.stores.product.decide(id, &request, no_hurry()).await.unwrap();
    let order = driver.get(id).await.unwrap();
    let pending = PendingOrder {
        id,
        key: order.key,
        request: order.request,
        hash: Some(left.command.hash),
        created_at: order.created_at,
        past_decide_by: false,
    };

    let first = driver.project(&pending, &deduction).await.unwrap();
    let second = left.stores.replica().project(&pending, &deduction).await.unwrap();

    assert_eq!(first, second);
    assert_eq!(driver.get(id).await.unwrap(), first, "who reads it reads what was answered");
    left.assert_sold().await;
}
