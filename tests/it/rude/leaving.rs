//! Clients that leave in the middle of a request, before its answer, and in the middle of that.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::doors::{Door, House};
use crate::support::{
    audit::audit,
    client::{Service, fresh_key},
    shop::Shop,
    wait::until,
};

const LEAVING: usize = 200;
const SETTLED_WITHIN: Duration = Duration::from_secs(20);
/// Files that may be open in the end beside those before: connections to databases and to the product service, which are
/// kept, as many as were in use at once.
const LEFT: usize = LEAVING / 4 + 20;

async fn leave(door: &Door, bytes: &[u8], reads: bool) {
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    if reads {
        let _ = stream.read(&mut [0; 16]).await;
    }
}

/// What was sent whole is done or not, as a whole; what was not, is not.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_holds_nothing_up_and_leaves_nothing_half_done(
    #[values(House::Whole, House::Services)] house: House,
) {
    let rude = house.open().await;
    for door in &rude.doors {
        let before = rude.open_files(door);
        let list = b"GET /openapi.json HTTP/1.1\r\nhost: shop\r\n\r\n".repeat(8);
        for number in 0..LEAVING {
            let request = door.request().into_bytes();
            match number % 4 {
                0 => leave(door, &request[..request.len() - 3], false).await,
                1 => leave(door, &request[..request.len() / 2], false).await,
                2 => leave(door, &request, false).await,
                _ => leave(door, &list, true).await,
            }
        }
        let (service, key) = (Service::at(&format!("http://{}", door.address)), fresh_key());
        // a busy machine may be at the orders of those that left for a while
        until("whoever stays is served", SETTLED_WITHIN, async || {
            let reply = service.post(&door.path, &door.body).key(&key).await;
            [200, 201].contains(&reply.status).then_some(())
        })
        .await;
        until("the connections are let go of", SETTLED_WITHIN, async || {
            (rude.open_files(door) <= before + LEFT).then_some(())
        })
        .await;
    }
    until("every order is decided", SETTLED_WITHIN, async || {
        let pending = rude.shop.order().get("/orders?status=pending").await.with_status(200);
        (pending["items"] == json!([])).then_some(())
    })
    .await;
    let databases = rude.shop.databases();
    let found = audit(&databases.product_url, &databases.order_url).await;
    let sold = found.movements;
    // one sale was waited for; of those that left, only they that had sent all of it can have been made
    assert!((1..=1 + LEAVING / 4).contains(&found.confirmed), "{found:?}");
    let deducted = rude.shop.ledger(&rude.product).await;
    let deducted = deducted.iter().filter(|movement| movement["reason"] == "deduct").count();
    assert!((1..=1 + LEAVING / 4).contains(&deducted), "{deducted}");
    assert_eq!(rude.shop.stock(&rude.product).await, 1_000_000 - sold - deducted);
    assert_eq!(Shop::walk(rude.shop.order(), "/orders?limit=200").await.len(), found.orders);
    for process in &rude.shop.processes {
        assert!(!process.log().contains("panicked"), "{}", process.name);
    }
}
