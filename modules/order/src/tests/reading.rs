//! The history.

use super::support::{TestShop, key, wanted};
use crate::model::{OrderFilter, OrderStatus, Position};

#[tokio::test]
async fn pages_hold_every_order_once_newest_first() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 1_000_000);
    for name in 0..7 {
        let milli = if name % 2 == 0 { 1000 } else { 999_999_999 };
        shop.orders.place(&key(&format!("order-{name}")), &wanted(&[(coffee, milli, None)])).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = shop.orders.list(&OrderFilter::default(), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(Position { created_at: last.created_at, id: last.id });
        seen.extend(page);
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted_by(|newer, older| (newer.created_at, newer.id) > (older.created_at, older.id)));
    for order in &seen {
        assert_eq!(&shop.orders.get(order.id).await.unwrap(), order);
    }
}

#[tokio::test]
async fn filters_by_status_time_and_key() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 1000);
    let sold = shop.orders.place(&key("sold"), &wanted(&[(coffee, 1000, None)])).await.unwrap().value;
    let short = shop.orders.place(&key("short"), &wanted(&[(coffee, 2000, None)])).await.unwrap().value;
    let ids = async |filter: OrderFilter| {
        let page = shop.orders.list(&filter, None, 50).await.unwrap();
        page.into_iter().map(|order| order.id).collect::<Vec<_>>()
    };
    let any = OrderFilter::default();
    assert_eq!(ids(OrderFilter { status: Some(OrderStatus::Rejected), ..any.clone() }).await, [short.id]);
    assert_eq!(ids(OrderFilter { key: Some(sold.key.clone()), ..any.clone() }).await, [sold.id]);
    let millisecond = chrono::Duration::milliseconds(1);
    assert!(ids(OrderFilter { from: Some(short.created_at + millisecond), ..any.clone() }).await.is_empty());
    assert!(ids(OrderFilter { to: Some(sold.created_at), ..any.clone() }).await.is_empty());
    let from =
        ids(OrderFilter { from: Some(sold.created_at), to: Some(short.created_at + millisecond), ..any })
            .await;
    assert_eq!(from.len(), 2);
}
