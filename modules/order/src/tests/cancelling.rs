//! Giving orders up.

use contract::OrderId;
use platform::database::StoreError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{
    shelf::Mood,
    support::{TestShop, cancel_key, key, wanted},
};
use crate::{
    OrderError,
    model::{CancelOrder, CancelTarget, OrderStatus},
};

#[tokio::test]
async fn a_key_that_nobody_knows_is_fenced_off() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let cancelled = shop.orders.cancel(&cancel_key("cancel", "a")).await.unwrap();
    assert_eq!((cancelled.value.status(), cancelled.replayed), (OrderStatus::Cancelled, false));
    assert_eq!(cancelled.value.request, None);

    let late = shop.orders.place(&key("a"), &wanted(&[(coffee, 1000, None)])).await.unwrap();
    assert_eq!(late.value, cancelled.value);
    assert_eq!(shop.shelf.left(coffee), 5000);
    let repeat = shop.orders.cancel(&cancel_key("cancel", "a")).await.unwrap();
    assert!(repeat.replayed && repeat.value == cancelled.value);
}

#[tokio::test]
async fn a_pending_order_is_cancelled_and_a_decided_one_stands() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let command = wanted(&[(coffee, 1000, None)]);
    shop.orders.intend(&key("pending"), &command).await.unwrap();
    let cancelled = shop.orders.cancel(&cancel_key("cancel-1", "pending")).await.unwrap().value;
    assert_eq!(cancelled.status(), OrderStatus::Cancelled);

    let sold = shop.orders.place(&key("sold"), &command).await.unwrap().value;
    let target = CancelTarget::Order(sold.id);
    let too_late = shop.orders.cancel(&CancelOrder::new(key("cancel-2"), target).unwrap()).await.unwrap();
    assert_eq!(too_late.value, sold);

    let short = shop.orders.place(&key("short"), &wanted(&[(coffee, 9000, None)])).await.unwrap().value;
    let rejected = shop.orders.cancel(&cancel_key("cancel-3", "short")).await.unwrap();
    assert_eq!(rejected.value, short);
}

#[tokio::test]
async fn a_decision_whose_answer_was_lost_wins_over_a_late_cancellation() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    shop.shelf.mood.set(Mood::Forgetful);
    let unknown = shop.orders.place(&key("a"), &wanted(&[(coffee, 1000, None)])).await;
    assert!(matches!(unknown, Err(OrderError::OutcomeUnknown { .. })));
    let unknown = shop.orders.cancel(&cancel_key("cancel", "a")).await;
    assert!(matches!(unknown, Err(OrderError::OutcomeUnknown { .. })), "{unknown:?}");
    shop.shelf.mood.set(Mood::Well);
    let settled = shop.orders.cancel(&cancel_key("cancel", "a")).await.unwrap();
    assert!(settled.replayed);
    assert_eq!(settled.value.status(), OrderStatus::Confirmed);
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_not_remembered() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let id = shop.orders.shop().order_id(&key("a"));
    let command = CancelOrder::new(key("cancel"), CancelTarget::Order(id)).unwrap();
    let unknown = shop.orders.cancel(&command).await;
    assert!(matches!(unknown, Err(OrderError::NotFound(order)) if order == id), "{unknown:?}");
    shop.orders.intend(&key("a"), &wanted(&[(coffee, 1000, None)])).await.unwrap();
    assert_eq!(shop.orders.cancel(&command).await.unwrap().value.status(), OrderStatus::Cancelled);
}

/// As an order stands whose id was made before ids had times.
#[tokio::test]
async fn a_key_finds_its_order_whatever_id_that_has() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let command = wanted(&[(coffee, 1000, None)]);
    let (id, given_up) = (OrderId(Uuid::from_u128(7)), OrderId(Uuid::from_u128(8)));
    for (name, id) in [("old", id), ("given-up", given_up)] {
        shop.orders.intend(&key(name), &command).await.unwrap();
        let rename = format!("UPDATE orders SET id = x'{}' WHERE key = '{}'", id.0.simple(), key(name));
        let renamed = shop.database.write(async |transaction| {
            transaction.execute_unprepared(&rename).await?;
            Ok::<_, StoreError>(())
        });
        renamed.await.unwrap();
    }

    let repeat = shop.orders.place(&key("old"), &command).await.unwrap();
    assert_eq!((repeat.replayed, repeat.value.id), (true, id));
    let cancelled = shop.orders.cancel(&cancel_key("cancel", "old")).await.unwrap();
    assert_eq!(cancelled.value, repeat.value);
    let reused = shop.orders.cancel(&cancel_key("old", "third")).await;
    assert!(matches!(reused, Err(OrderError::KeyReused)), "{reused:?}");

    let cancelled = shop.orders.cancel(&cancel_key("cancel-2", "given-up")).await.unwrap().value;
    assert_eq!((cancelled.status(), cancelled.id), (OrderStatus::Cancelled, given_up));
}

#[tokio::test]
async fn a_key_names_either_an_order_or_a_cancellation() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let command = wanted(&[(coffee, 1000, None)]);
    shop.orders.place(&key("order"), &command).await.unwrap();
    shop.orders.cancel(&cancel_key("cancel", "other")).await.unwrap();

    let reused = [
        shop.orders.cancel(&cancel_key("order", "third")).await,
        shop.orders.cancel(&cancel_key("fourth", "fourth")).await,
        shop.orders.cancel(&cancel_key("cancel", "another")).await,
        shop.orders.cancel(&cancel_key("cancel-2", "cancel")).await,
        shop.orders.place(&key("cancel"), &command).await,
    ];
    for (case, answer) in reused.into_iter().enumerate() {
        assert!(matches!(answer, Err(OrderError::KeyReused)), "{case}: {answer:?}");
    }
    assert!(
        shop.orders.place(&key("fourth"), &command).await.is_ok(),
        "a refused cancellation leaves the key free"
    );
    let never = shop.orders.get(OrderId(Uuid::nil())).await;
    assert!(matches!(never, Err(OrderError::NotFound(_))));
}
