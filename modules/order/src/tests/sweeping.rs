//! Finishing what was cut off.

use std::time::Duration;

use platform::deadline::Deadline;
use tokio::sync::watch;

use super::{
    shelf::Mood,
    support::{TestShop, key, wanted},
};
use crate::{
    OrderSettings, SweepReport, SweeperSettings,
    model::{OrderStatus, PendingOrder, Standing},
};

/// Nothing to wait for: an order is due as soon as it is there.
fn at_once() -> OrderSettings {
    let sweeper =
        SweeperSettings { retry_ms: 0, max_retry_ms: 0, concurrency: 4, ..TestShop::settings().sweeper };
    OrderSettings { deadline_ms: 300, sweeper, ..TestShop::settings() }
}

/// S1 alone, by a replica whose orders are due at once.
async fn intend(shop: &TestShop, name: &str, milli: i64) -> PendingOrder {
    let product = shop.shelf.put(1, 5000);
    let hasty = shop.replica(&OrderSettings { deadline_ms: 0, ..shop.settings.clone() });
    match hasty.intend(&key(name), &wanted(&[(product, milli, None)])).await.unwrap().standing {
        Standing::Pending(pending) => pending,
        Standing::Decided { order, .. } => panic!("{order:?}"),
    }
}

#[tokio::test]
async fn finishes_what_was_cut_off_after_any_step() {
    let shop = TestShop::open_with(at_once()).await;
    let after_intent = intend(&shop, "s1", 1000).await;
    let after_decision = intend(&shop, "s2", 1000).await;
    let deadline = Deadline::after(shop.settings.deadline());
    shop.orders.decide(&after_decision, deadline).await.unwrap();

    let report = shop.orders.sweep_once().await.unwrap();
    assert_eq!(report, SweepReport { claimed: 2, finished: 2, failed: 0 });
    for pending in [after_intent, after_decision] {
        assert_eq!(shop.orders.get(pending.id).await.unwrap().status(), OrderStatus::Confirmed);
    }
    assert_eq!(shop.orders.sweep_once().await.unwrap(), SweepReport::default());
}

#[tokio::test]
async fn leaves_alone_what_a_caller_still_waits_for() {
    let settings = OrderSettings { deadline_ms: 60_000, ..at_once() };
    let shop = TestShop::open_with(settings).await;
    let coffee = shop.shelf.put(1, 5000);
    shop.orders.intend(&key("a"), &wanted(&[(coffee, 1000, None)])).await.unwrap();
    assert_eq!(shop.orders.sweep_once().await.unwrap(), SweepReport::default());
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_stops_nothing() {
    let settings = at_once();
    let shop = TestShop::open_with(settings.clone()).await;
    let pending = intend(&shop, "a", 1000).await;
    shop.shelf.mood.set(Mood::Refusing);
    let report = shop.orders.sweep_once().await.unwrap();
    assert_eq!(report, SweepReport { claimed: 1, finished: 0, failed: 1 });
    let late = OrderSettings { decide_by_ms: 0, ..settings };
    let overdue = shop.replica(&OrderSettings { deadline_ms: 0, ..late });
    overdue.intend(&key("late"), &wanted(&[(shop.shelf.put(2, 1000), 1000, None)])).await.unwrap();

    shop.shelf.mood.set(Mood::Well);
    // a claim lasts as long as the work may take, so the first one is not taken up at once
    let report = shop.orders.sweep_once().await.unwrap();
    assert_eq!((report.claimed, report.finished), (1, 1));
    let give_up = tokio::time::Instant::now() + Duration::from_secs(10);
    while shop.orders.sweep_once().await.unwrap().finished == 0 {
        assert!(tokio::time::Instant::now() < give_up, "it is never tried again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(shop.orders.get(pending.id).await.unwrap().status(), OrderStatus::Confirmed);
    let overdue = shop.orders.get(shop.orders.shop().order_id(&key("late"))).await.unwrap();
    assert_eq!(overdue.status(), OrderStatus::Cancelled);
}

#[tokio::test]
async fn what_takes_longer_than_a_try_is_waited_for_in_the_end() {
    let shop = TestShop::open_with(at_once()).await;
    intend(&shop, "a", 1000).await;
    shop.shelf.mood.set(Mood::Slow);
    assert_eq!(shop.orders.sweep_once().await.unwrap().failed, 1);
    sweep_until(&shop, |page| page.contains("pos_sweeper_orders_total{outcome=\"finished\"} 1\n")).await;
}

#[tokio::test]
async fn runs_until_told_to_stop_and_shows_what_is_pending() {
    let shop = TestShop::open_with(at_once()).await;
    let mut pending = Vec::new();
    for name in 0..10 {
        pending.push(intend(&shop, &format!("order-{name}"), 100).await);
    }
    let (stop, stopped) = watch::channel(false);
    let all_done = async {
        for order in &pending {
            while shop.orders.get(order.id).await.unwrap().status() == OrderStatus::Pending {
                tokio::task::yield_now().await;
            }
        }
        while !shop.metrics.encode().unwrap().contains("pos_orders_pending 0\n") {
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
    };
    let both = async { tokio::join!(shop.orders.sweep(stopped), all_done) };
    tokio::time::timeout(std::time::Duration::from_secs(10), both).await.unwrap();
    let page = shop.metrics.encode().unwrap();
    assert!(page.contains("pos_sweeper_orders_total{outcome=\"finished\"} 10\n"), "{page}");
}

#[tokio::test]
async fn a_full_batch_is_followed_at_once_by_the_next() {
    let settings = at_once();
    let seldom = SweeperSettings { every_ms: 60_000, ..settings.sweeper };
    let shop = TestShop::open_with(OrderSettings { sweeper: seldom, ..settings }).await;
    // two full batches, and the half one after which it pauses
    for name in 0..10 {
        intend(&shop, &format!("order-{name}"), 100).await;
    }
    sweep_until(&shop, |page| page.contains("pos_sweeper_orders_total{outcome=\"finished\"} 10\n")).await;
}

#[tokio::test]
async fn shows_what_stays_pending() {
    let shop = TestShop::open_with(at_once()).await;
    intend(&shop, "a", 1000).await;
    shop.shelf.mood.set(Mood::Refusing);
    sweep_until(&shop, |page| page.contains("pos_orders_pending 1\n")).await;
}

#[tokio::test]
async fn once_told_to_stop_it_takes_up_nothing() {
    let shop = TestShop::open_with(at_once()).await;
    let pending = intend(&shop, "a", 1000).await;
    let (_told, stopped) = watch::channel(true);
    shop.orders.sweep(stopped).await;
    assert_eq!(shop.orders.get(pending.id).await.unwrap().status(), OrderStatus::Pending);
}

/// Lets the sweeper run until the page of metrics shows this, for 10 s at most.
async fn sweep_until(shop: &TestShop, shows: impl Fn(&str) -> bool) {
    let (stop, stopped) = watch::channel(false);
    let watching = async {
        while !shows(&shop.metrics.encode().unwrap()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.send(true).unwrap();
    };
    let both = async { tokio::join!(shop.orders.sweep(stopped), watching) };
    tokio::time::timeout(Duration::from_secs(10), both).await.expect("it shows at last");
}
