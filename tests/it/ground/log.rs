//! A log that nobody reads: a pipe that is full.

use crate::support::{
    engine::{Databases, Engine},
    port::Port,
    process::Pos,
    shop::address,
};

/// A request's line has 100 bytes and more, and a pipe of Linux room for 65,536.
const REQUESTS: usize = 2_000;

#[tokio::test]
async fn a_log_that_nobody_reads_stops_no_request() {
    let full = "mkfifo log.pipe; exec 3<>log.pipe; POS__LOG__LEVEL=info exec \"$0\" \"$@\" 2>log.pipe";
    let under = ["sh", "-c", full].map(str::to_owned);
    let (databases, port) = (Databases::empty(Engine::Sqlite).await, Port::reserve());
    let mut pos = Pos::start_under(&under, "all", address(1, &port), databases.settings());
    pos.ready().await;
    let service = pos.service();
    for _ in 0..REQUESTS {
        service.get("/products").await.with_status(200);
    }
    pos.terminate();
    assert!(pos.ended().await.success());
}
