//! Bodies that a service refuses before they are there.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{client::fresh_key, shop::Shape, wire::Wire};

/// Above `replay_limit_bytes`, so that it is sent on as it comes.
const LENGTH: usize = 200_000;
const CALLERS: usize = 8;
/// Longer than a service waits for a caller to see that its connection is closed.
const PAUSE: Duration = Duration::from_millis(2500);

/// Each replica answers at once, while its caller sends on: the caller learns why, and the replica stays in use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_slowly_and_is_refused_at_its_head_is_told_why() {
    let shop = Shape::Split.start_with(&[]).await;
    let gateway = shop.gateway().await;
    let refused = (0..CALLERS).map(async |_| {
        let head = format!(
            "POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: text/plain\r\nidempotency-key: {}\r\n\
             content-length: {LENGTH}\r\n\r\n",
            fresh_key()
        );
        let mut wire = Wire::connect(gateway.process.address).await;
        wire.send(head + &" ".repeat(LENGTH / 2)).await;
        for _ in 0..2 {
            tokio::time::sleep(PAUSE).await;
            wire.send(" ".repeat(LENGTH / 4)).await;
        }
        wire.answer().await.unwrap()
    });
    for answer in join_all(refused).await {
        assert_eq!(answer.status(), 415, "{}", answer.text());
    }
    let view = gateway.process.service().get("/gateway/endpoints").await.with_status(200);
    let order = &view[1]["endpoints"][0];
    assert_eq!((&order["state"], &order["ejections"]), (&json!("ready"), &json!(0)));
}
