//! An order that is not decided in time is refused, and stays so.

use std::time::Duration;

use contract::{ProductApi, RefusalCause, Verdict};
use order::{OrderSettings, model::OrderStatus};
use rstest::rstest;

use super::finish::{
    Finisher::{self, Repeat, Sweeper},
    Left,
};
use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    stores::{hurried, no_hurry},
};

const DECIDE_BY_MS: u64 = 30;

async fn intend_too_late(left: &Left) {
    let settings = OrderSettings { decide_by_ms: DECIDE_BY_MS, ..hurried() };
    let driver = left.stores.replica_with(settings, left.stores.product.clone());
    driver.intend(&left.key, &left.command).await.unwrap();
    // not for luck: that moment is to be past
    tokio::time::sleep(Duration::from_millis(2 * DECIDE_BY_MS)).await;
}

#[rstest]
#[tokio::test]
async fn past_decide_by_it_is_cancelled_and_fenced(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
) {
    let left = Left::fresh(engine).await;
    intend_too_late(&left).await;

    assert_eq!(left.finish(finisher).await, OrderStatus::Cancelled);

    let request = contract::DecideRequest {
        request_hash: left.command.hash.to_hex(),
        lines: left.command.request.decide_lines(),
    };
    let late =
        left.stores.product.decide(left.stores.order_id(&left.key), &request, no_hurry()).await.unwrap();
    assert!(matches!(late.verdict, Verdict::Refused { cause: RefusalCause::GivenUp, .. }), "{late:?}");
    left.assert_not_sold(OrderStatus::Cancelled).await;
}

#[rstest]
#[tokio::test]
async fn what_was_sold_in_time_is_confirmed_past_decide_by(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
) {
    let left = Left::fresh(engine).await;
    intend_too_late(&left).await;
    let request = contract::DecideRequest {
        request_hash: left.command.hash.to_hex(),
        lines: left.command.request.decide_lines(),
    };
    left.stores.product.decide(left.stores.order_id(&left.key), &request, no_hurry()).await.unwrap();

    assert_eq!(left.finish(finisher).await, OrderStatus::Confirmed);

    left.assert_sold().await;
}
