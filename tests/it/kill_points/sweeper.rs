//! The sweeper finishes what others left, and nothing stops it.

use std::{cell::Cell, rc::Rc, time::Duration};

use order::{
    OrderError, OrderSettings,
    model::{OrderFilter, OrderStatus},
};
use product::model::StockPolicy;
use rstest::rstest;
use tokio::sync::watch;

use super::{
    finish::Left,
    lost::{Loss, Unheard},
};
use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    stores::{Stores, command, hurried, key, settings},
    wait::until,
};

const PATIENCE: Duration = Duration::from_secs(10);

async fn leave_pending(stores: &Stores, count: usize) {
    let id = stores.make_product(StockPolicy::Deny, 100).await;
    let driver = stores.replica_with(hurried(), stores.product.clone());
    for _ in 0..count {
        driver.intend(&key(), &command(&[(id, 1)])).await.unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn replicas_that_sweep_at_once_finish_each_order_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    leave_pending(&stores, 30).await;
    // a claim that outlasts the test: nobody claims twice for want of time
    let patient = OrderSettings {
        sweeper: order::SweeperSettings { retry_ms: 60_000, max_retry_ms: 60_000, ..settings().sweeper },
        ..settings()
    };
    let replicas = [(); 3].map(|()| stores.replica_with(patient.clone(), stores.product.clone()));
    let finished = Cell::new(0);

    let sweeps = replicas.iter().map(async |replica| {
        until("all are finished", PATIENCE, async || {
            let report = replica.sweep_once().await.unwrap();
            assert_eq!(report.failed, 0);
            finished.set(finished.get() + report.finished);
            (finished.get() >= 30).then_some(())
        })
        .await;
    });
    futures_util::future::join_all(sweeps).await;

    assert_eq!(finished.get(), 30, "no order was claimed by two");
    let found = stores.audit().await;
    assert_eq!((found.confirmed, found.pending, found.movements), (30, 0, 30));
}

/// As while a newer release is rolled out: its migrations are done, and what the older one asks it has asked before.
#[rstest]
#[tokio::test]
async fn columns_that_a_newer_release_adds_do_not_stop_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let sweeper = stores.replica();
    let finish_one = async || {
        leave_pending(&stores, 1).await;
        until("it is finished", PATIENCE, async || {
            let report = sweeper.sweep_once().await.unwrap();
            (report.finished == 1).then_some(())
        })
        .await;
    };
    finish_one().await;

    for table in ["orders", "order_lines"] {
        stores.sql_in_order(&format!("ALTER TABLE {table} ADD COLUMN later text")).await.unwrap();
    }
    for table in ["products", "stock", "deductions", "deduction_lines", "movements"] {
        stores.sql_in_product(&format!("ALTER TABLE {table} ADD COLUMN later text")).await.unwrap();
    }

    finish_one().await;
}

#[rstest]
#[tokio::test]
async fn one_bad_order_does_not_stop_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    left.driver().intend(&left.key, &left.command).await.unwrap();
    left.stores.sql_in_order("UPDATE orders SET request = 'no JSON'").await.unwrap();
    leave_pending(&left.stores, 5).await;
    let one_at_a_time = OrderSettings {
        sweeper: order::SweeperSettings { concurrency: 1, ..settings().sweeper },
        ..settings()
    };
    let sweeper = left.stores.replica_with(one_at_a_time, left.stores.product.clone());
    let (stop, stopped) = watch::channel(false);

    let sweeping = sweeper.sweep(stopped);
    let reader = left.stores.replica();
    let confirmed = OrderFilter { status: Some(OrderStatus::Confirmed), ..OrderFilter::default() };
    let done = until("the others are finished", PATIENCE, async || {
        let found = reader.list(&confirmed, None, 10).await.unwrap();
        (found.len() == 5).then_some(())
    });
    tokio::select! {
        () = sweeping => panic!("it stopped by itself"),
        () = done => {}
    }
    drop(stop);
    let found = left.stores.audit().await;
    assert_eq!((found.confirmed, found.pending), (5, 1));
}

#[rstest]
#[tokio::test]
async fn it_stops_when_told(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    left.driver().intend(&left.key, &left.command).await.unwrap();
    let sweeper = left.stores.replica();
    let (stop, stopped) = watch::channel(false);

    let sweeping = sweeper.sweep(stopped);
    let telling = async {
        until("the order is finished", PATIENCE, async || {
            (left.status().await == OrderStatus::Confirmed).then_some(())
        })
        .await;
        stop.send(true).unwrap();
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(sweeping, telling) }).await.expect("it stops");
    left.assert_sold().await;
}

#[rstest]
#[tokio::test]
async fn what_the_product_module_does_not_answer_is_tried_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    left.driver().intend(&left.key, &left.command).await.unwrap();
    let deaf = left.deaf_driver(Loss::Call);
    until("a sweep fails", PATIENCE, async || (deaf.sweep_once().await.unwrap().failed == 1).then_some(()))
        .await;
    assert_eq!(left.status().await, OrderStatus::Pending);

    let sweeper = left.stores.replica();
    until("the next sweep finishes it", PATIENCE, async || {
        (sweeper.sweep_once().await.unwrap().finished == 1).then_some(())
    })
    .await;
    left.assert_sold().await;
}

/// As on a machine that has next to nothing left for it.
#[tokio::test]
async fn what_takes_longer_than_a_try_and_a_group_may_is_decided_in_the_end() {
    let left = Left::fresh(Postgres).await;
    let slow = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(2.5); RETURN NULL; END $$; \
         CREATE TRIGGER dawdle AFTER INSERT ON deductions FOR EACH STATEMENT EXECUTE FUNCTION dawdle()";
    left.stores.sql_in_product(slow).await.unwrap();
    left.driver().intend(&left.key, &left.command).await.unwrap();
    let sweeper = left.stores.replica_with(hurried(), left.stores.product.clone());
    let (_stop, stopped) = watch::channel(false);

    let done = until("it is decided", Duration::from_secs(60), async || {
        (left.status().await == OrderStatus::Confirmed).then_some(())
    });
    tokio::select! {
        () = sweeper.sweep(stopped) => panic!("it stopped by itself"),
        () = done => {}
    }
    left.assert_sold().await;
}

#[rstest]
#[tokio::test]
async fn over_the_limit_nothing_is_begun(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    let one = OrderSettings { max_in_flight: 1, ..hurried() };
    let silent = Rc::new(Unheard { inner: left.stores.product.clone(), loss: Loss::Silence });
    let replica = left.stores.replica_with(one, silent);
    let (other, order) = (key(), command(&[(left.products[0], 1)]));

    let (first, second) =
        tokio::join!(replica.place(&left.key, &left.command), replica.place(&other, &order));

    assert!(matches!(first, Err(OrderError::OutcomeUnknown { .. })), "{first:?}");
    assert!(matches!(second, Err(OrderError::Overloaded { .. })), "{second:?}");
    let unknown = replica.get(left.stores.order_id(&other)).await;
    assert!(matches!(unknown, Err(OrderError::NotFound(_))), "{unknown:?}");
}

/// The times that stand are an hour ahead of the clock then.
#[rstest]
#[tokio::test]
async fn an_order_is_finished_soon_after_the_clock_was_set_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    leave_pending(&stores, 3).await;
    let later = |column: &str| match engine {
        Postgres => format!("{column} = {column} + interval '1 hour'"),
        Sqlite => format!("{column} = strftime('%Y-%m-%dT%H:%M:%f+00:00', {column}, '+1 hour')"),
    };
    let columns = ["created_at", "decide_by", "next_try_at"].map(later).join(", ");
    stores.sql_in_order(&format!("UPDATE orders SET {columns}")).await.unwrap();

    let report = stores.replica().sweep_once().await.unwrap();

    assert_eq!((report.claimed, report.finished), (3, 3));
    let found = stores.audit().await;
    assert_eq!((found.confirmed, found.pending, found.movements), (3, 0, 3));
}
