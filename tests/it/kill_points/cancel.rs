//! Giving an order up, cut off and in races.

use order::{
    OrderError,
    model::{CancelOrder, CancelTarget, OrderStatus},
};
use platform::idempotency::IdempotencyKey;
use rstest::rstest;

use super::{
    finish::{
        Finisher::{self, Repeat, Sweeper},
        Left, STOCK,
    },
    lost::Loss,
};
use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    stores::key,
};

fn cancel_key(target: &IdempotencyKey) -> CancelOrder {
    CancelOrder::new(key(), CancelTarget::Key(target.clone())).unwrap()
}

#[rstest]
#[tokio::test]
async fn an_order_that_never_came_is_fenced_off(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;

    let cancelled = left.stores.replica().cancel(&cancel_key(&left.key)).await.unwrap();

    assert_eq!(cancelled.value.status(), OrderStatus::Cancelled);
    assert_eq!(left.repeat().await.unwrap().status(), OrderStatus::Cancelled);
    left.assert_not_sold(OrderStatus::Cancelled).await;
}

/// The canceller dies after it has opened the cancellation: whoever comes, the order is only ever refused.
#[rstest]
#[tokio::test]
async fn a_cancellation_that_is_cut_off_is_finished(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(Sweeper, Repeat)] finisher: Finisher,
    #[values(Loss::Call, Loss::Answer, Loss::Silence)] loss: Loss,
) {
    let left = Left::fresh(engine).await;

    let told = left.deaf_driver(loss).cancel(&cancel_key(&left.key)).await;

    assert!(matches!(told, Err(OrderError::OutcomeUnknown { .. })), "{told:?}");
    assert_eq!(left.finish(finisher).await, OrderStatus::Cancelled);
    left.assert_not_sold(OrderStatus::Cancelled).await;
}

/// The sale's decision was made and lost: giving it up comes too late, and finishes it.
#[rstest]
#[tokio::test]
async fn a_lost_sale_cannot_be_given_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    left.deaf_driver(Loss::Answer).place(&left.key, &left.command).await.unwrap_err();

    let answer = left.stores.replica().cancel(&cancel_key(&left.key)).await.unwrap();

    assert_eq!(answer.value.status(), OrderStatus::Confirmed);
    left.assert_sold().await;
}

#[rstest]
#[tokio::test]
async fn a_sale_that_did_not_reach_the_decision_is_given_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    left.deaf_driver(Loss::Call).place(&left.key, &left.command).await.unwrap_err();
    let id = left.stores.order_id(&left.key);
    let by_id = CancelOrder::new(key(), CancelTarget::Order(id)).unwrap();

    let answer = left.stores.replica().cancel(&by_id).await.unwrap();

    assert_eq!(answer.value.status(), OrderStatus::Cancelled);
    assert_eq!(left.repeat().await.unwrap().status(), OrderStatus::Cancelled);
    left.assert_not_sold(OrderStatus::Cancelled).await;
}

#[rstest]
#[tokio::test]
async fn a_cancellation_and_its_order_at_once_end_alike(#[values(Sqlite, Postgres)] engine: Engine) {
    let Left { stores, products, .. } = Left::fresh(engine).await;
    stores.sql_in_product("UPDATE stock SET policy = 'allow'").await.unwrap();
    let command = crate::support::stores::command(&[(products[0], 1)]);
    let mut sold = 0;
    for round in 0..30 {
        let key = key();
        let (tills, office) = (stores.replica(), stores.replica());
        let cancellation = cancel_key(&key);
        let place = tills.place(&key, &command);
        let cancel = office.cancel(&cancellation);
        let (placed, cancelled) = match round % 3 {
            0 => tokio::join!(place, cancel),
            _ => {
                let (cancelled, placed) = tokio::join!(cancel, place);
                (placed, cancelled)
            }
        };

        let (placed, cancelled) = (placed.unwrap().value, cancelled.unwrap().value);
        assert_eq!(placed.status(), cancelled.status(), "both are told the same");
        match placed.status() {
            OrderStatus::Confirmed => sold += 1,
            status => assert_eq!(status, OrderStatus::Cancelled),
        }
    }
    let found = stores.audit().await;
    assert_eq!((found.orders, found.confirmed, found.pending), (30, sold, 0));
    assert_eq!(stores.stock(products[0]).await, STOCK - sold as i64);
}

#[rstest]
#[tokio::test]
async fn the_key_of_an_order_is_not_that_of_a_cancellation(#[values(Sqlite, Postgres)] engine: Engine) {
    let left = Left::fresh(engine).await;
    let replica = left.stores.replica();
    let cancellation = cancel_key(&key());
    replica.cancel(&cancellation).await.unwrap();
    replica.place(&left.key, &left.command).await.unwrap();

    let placed = replica.place(&cancellation.keyed.key, &left.command).await;
    assert!(matches!(placed, Err(OrderError::KeyReused)), "{placed:?}");
    let cancelled =
        replica.cancel(&CancelOrder::new(left.key.clone(), CancelTarget::Key(key())).unwrap()).await;
    assert!(matches!(cancelled, Err(OrderError::KeyReused)), "{cancelled:?}");
    left.stores.audit().await;
}
