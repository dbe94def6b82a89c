//! Placing and repeating.

use std::time::Duration;

use contract::Code;
use platform::deadline::Deadline;

use super::{
    shelf::Mood,
    support::{TestShop, key, wanted},
};
use crate::{
    OrderError, OrderSettings,
    model::{OrderState, OrderStatus, Standing},
};

#[tokio::test]
async fn a_repeat_gets_the_same_order_and_takes_no_stock() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let first = shop
        .orders
        .place(&key("a"), &wanted(&[(coffee, 1500, Some(380)), (coffee, 500, None)]))
        .await
        .unwrap();
    assert!(!first.replayed);
    let OrderState::Confirmed { lines, total, .. } = &first.value.state else { panic!("{:?}", first.value) };
    assert_eq!((lines.len(), total.minor()), (1, 760));

    let repeat = shop.orders.place(&key("a"), &wanted(&[(coffee, 2000, Some(380))])).await.unwrap();
    assert!(repeat.replayed);
    assert_eq!(repeat.value, first.value);
    assert_eq!(shop.orders.get(first.value.id).await.unwrap(), first.value);
    assert_eq!(shop.shelf.left(coffee), 3000);
}

#[tokio::test]
async fn refuses_a_key_of_another_request() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    shop.orders.place(&key("a"), &wanted(&[(coffee, 1000, None)])).await.unwrap();
    let other = shop.orders.place(&key("a"), &wanted(&[(coffee, 2000, None)])).await;
    assert!(matches!(other, Err(OrderError::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn rejects_for_good_with_every_reason_and_its_place() {
    let shop = TestShop::open().await;
    let (coffee, tea, gone) = (shop.shelf.put(1, 1000), shop.shelf.put(2, 1000), shop.shelf.put(3, 0));
    shop.shelf.stock_milli.borrow_mut().remove(&gone);
    let command =
        wanted(&[(coffee, 1000, None), (tea, 1000, Some(1)), (coffee, 1000, None), (gone, 1, None)]);
    let first = shop.orders.place(&key("a"), &command).await.unwrap().value;
    let OrderState::Rejected { rejection, .. } = &first.state else { panic!("{first:?}") };
    let reasons = rejection.reasons(first.request.as_ref());
    let pointers: Vec<_> = reasons.iter().map(|reason| reason.pointer.as_str()).collect();
    assert_eq!(
        (rejection.code(), pointers),
        (Code::InsufficientStock, vec!["/items/0", "/items/1", "/items/3"])
    );

    shop.shelf.put(1, 9000);
    let repeat = shop.orders.place(&key("a"), &command).await.unwrap();
    assert!(repeat.replayed);
    assert_eq!(repeat.value, first);
    assert_eq!(shop.orders.get(first.id).await.unwrap(), first);
}

#[tokio::test]
async fn what_is_unknown_is_settled_by_a_repeat() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let command = wanted(&[(coffee, 1000, None)]);
    let id = shop.orders.shop().order_id(&key("a"));
    for mood in [Mood::Silent, Mood::Forgetful] {
        shop.shelf.mood.set(mood);
        let unknown = shop.orders.place(&key("a"), &command).await;
        assert!(
            matches!(unknown, Err(OrderError::OutcomeUnknown { order, .. }) if order == id),
            "{unknown:?}"
        );
        assert_eq!(shop.orders.get(id).await.unwrap().status(), OrderStatus::Pending);
    }
    shop.shelf.mood.set(Mood::Well);
    let repeat = shop.orders.place(&key("a"), &command).await.unwrap();
    assert!(repeat.replayed);
    assert_eq!((repeat.value.status(), shop.shelf.left(coffee)), (OrderStatus::Confirmed, 4000));
}

#[tokio::test]
async fn a_call_that_is_not_taken_leaves_the_order_pending() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    shop.shelf.mood.set(Mood::Refusing);
    let refused = shop.orders.place(&key("a"), &wanted(&[(coffee, 1000, None)])).await;
    assert!(matches!(refused, Err(OrderError::NotDecided { .. })), "{refused:?}");
    let id = shop.orders.shop().order_id(&key("a"));
    assert_eq!(shop.orders.get(id).await.unwrap().status(), OrderStatus::Pending);
}

#[tokio::test]
async fn a_repeat_joins_the_first_while_it_is_under_way() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let command = wanted(&[(coffee, 1000, None)]);
    let key_a = key("a");
    let answers = futures_util::future::join_all((0..16).map(|_| shop.orders.place(&key_a, &command))).await;
    let orders: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    assert!(orders.iter().all(|answer| answer.value == orders[0].value));
    assert_eq!(orders.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(shop.shelf.left(coffee), 4000);
    let page = shop.metrics.encode().unwrap();
    assert!(page.contains("pos_orders_total{outcome=\"confirmed\"} 1\n"), "{page}");
}

#[tokio::test]
async fn says_no_before_anything_is_written_when_too_many_are_under_way() {
    let settings = OrderSettings { max_in_flight: 1, ..TestShop::settings() };
    let shop = TestShop::open_with(settings).await;
    let coffee = shop.shelf.put(1, 5000);
    shop.shelf.mood.set(Mood::Silent);
    let (a, b, command) = (key("a"), key("b"), wanted(&[(coffee, 1000, None)]));
    let (first, second) = tokio::join!(shop.orders.place(&a, &command), shop.orders.place(&b, &command));
    assert!(matches!(first, Err(OrderError::OutcomeUnknown { .. })), "{first:?}");
    assert!(matches!(second, Err(OrderError::Overloaded { limit: 1 })), "{second:?}");
    let never = shop.orders.get(shop.orders.shop().order_id(&b)).await;
    assert!(matches!(never, Err(OrderError::NotFound(_))), "{never:?}");
    let page = shop.metrics.encode().unwrap();
    assert!(
        page.contains("pos_orders_in_flight 0\n") && page.contains("outcome=\"overloaded\"} 1\n"),
        "{page}"
    );
}

#[tokio::test]
async fn past_its_decide_by_an_order_is_refused_instead_of_decided() {
    let shop = TestShop::open_with(OrderSettings { decide_by_ms: 0, ..TestShop::settings() }).await;
    let coffee = shop.shelf.put(1, 5000);
    let command = wanted(&[(coffee, 1000, None)]);
    shop.orders.intend(&key("a"), &command).await.unwrap();
    let late = shop.orders.place(&key("a"), &command).await.unwrap();
    assert_eq!((late.value.status(), shop.shelf.left(coffee)), (OrderStatus::Cancelled, 5000));
}

#[tokio::test]
async fn what_is_unknown_is_asked_again_at_growing_pauses() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let intent = shop.orders.intend(&key("a"), &wanted(&[(coffee, 1000, None)])).await.unwrap();
    let Standing::Pending(pending) = intent.standing else { panic!("{intent:?}") };
    shop.shelf.mood.set(Mood::Forgetful);
    let unknown = shop.orders.decide(&pending, Deadline::after(Duration::from_millis(600))).await;
    assert!(matches!(unknown, Err(OrderError::OutcomeUnknown { .. })), "{unknown:?}");
    // at the shortest 13, 25, 50 and then 100 ms apart
    assert!((2..=8).contains(&shop.shelf.asked.get()), "{}", shop.shelf.asked.get());
    assert_eq!(shop.shelf.left(coffee), 4000);
}
