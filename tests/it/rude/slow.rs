//! Heads and bodies that come slowly, or stop.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::Value;

use super::doors::{Door, ENDED_WITHIN, House};
use crate::support::{
    shop::Shape,
    wire::{Message, Wire},
};

/// Between two parts: much shorter than any time that a client may be silent.
const DRIP: Duration = Duration::from_millis(50);

/// Sends the beginning, then the part again and again, until an answer comes or the connection is closed; answers
/// what was told, once it is closed.
async fn drip(door: &Door, begin: String, part: &str) -> Option<Message> {
    let started = Instant::now();
    let mut wire = Wire::connect(door.address).await;
    wire.send(begin).await;
    while started.elapsed() < ENDED_WITHIN && wire.send(part).await {
        tokio::time::sleep(DRIP).await;
    }
    assert!(started.elapsed() < ENDED_WITHIN, "it goes on for ever at {}", door.path);
    let told = wire.answer().await;
    assert!(wire.is_closed().await);
    told
}

fn assert_told(answer: Option<&Message>) {
    // whoever still sends when the connection is closed may see no answer
    if let Some(answer) = answer {
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status(), &document["code"]), (400, &"malformed".into()), "{document}");
        assert_eq!(document["errors"][0]["pointer"], "");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_comes_byte_by_byte_is_ended(#[values(House::Whole, House::Services)] house: House) {
    let rude = house.open().await;
    let heads = rude.doors.iter().map(|door| drip(door, "POST /products HTTP/1.1\r\nx-slow: ".into(), "a"));
    for answer in join_all(heads).await {
        assert!(answer.is_none_or(|answer| answer.status() == 408));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_drips_is_ended(#[values(House::Whole, House::Services)] house: House) {
    let rude = house.open().await;
    let said = rude.doors.iter().map(|door| drip(door, door.head(100_000), " "));
    let unsaid = rude.doors.iter().map(|door| drip(door, door.chunked_head(), "1\r\n \r\n"));
    for answer in join_all(said).await.into_iter().chain(join_all(unsaid).await) {
        assert_told(answer.as_ref());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_stalls_is_told_so(#[values(House::Whole, House::Services)] house: House) {
    let rude = house.open().await;
    let stall = async |door: &Door, begin: String| {
        let mut wire = Wire::connect(door.address).await;
        wire.send(begin).await;
        let answer = wire.answer().await;
        assert!(answer.is_some());
        assert_told(answer.as_ref());
        assert!(wire.is_closed().await);
    };
    for door in &rude.doors {
        let (said, unsaid) = (door.head(100), door.chunked_head());
        let begins = [said.clone() + "{", said, unsaid.clone() + "1\r\n{\r\n", unsaid];
        join_all(begins.map(|begin| stall(door, begin))).await;
    }
}

const PATIENT: [(&str, &str); 2] =
    [("SERVER__SILENT_BODY_TIMEOUT_MS", "60000"), ("SERVER__BODY_TIMEOUT_MS", "60000")];

/// And what it asks behind that, on a connection of which it was told that it is closed, is not done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_still_sends_what_nobody_wants_is_told_at_once_and_may_end() {
    let shop = Shape::AllOnSqlite.start_with(&PATIENT).await;
    for framing in ["content-length: 23", "transfer-encoding: chunked"] {
        let mut wire = Wire::connect(shop.processes[0].address).await;
        wire.send(format!("POST /nowhere HTTP/1.1\r\nhost: shop\r\n{framing}\r\n\r\n")).await;
        let answer = wire.answer().await.unwrap();
        assert_eq!((answer.status(), answer.one("connection")), (404, "close"), "{framing}");
        for _ in 0..3 {
            assert!(wire.send("1\r\n \r\n").await, "{framing}");
            // longer than actix reads on
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
        assert!(wire.send("0\r\n\r\nGET /livez HTTP/1.1\r\nhost: shop\r\n\r\n").await, "{framing}");
        let behind = wire.answer().await;
        assert!(behind.is_none_or(|answer| answer.status() == 503), "{framing}");
        assert!(wire.is_closed().await, "{framing}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_too_often_has_no_place_for_its_body() {
    let once = [PATIENT[0], PATIENT[1], ("SERVER__RATE_LIMIT_PER_SECOND", "1"), ("SERVER__RATE_BURST", "1")];
    let shop = Shape::AllOnSqlite.start_with(&once).await;
    let ask = async || {
        let mut wire = Wire::connect(shop.processes[0].address).await;
        wire.send("POST /nowhere HTTP/1.1\r\nhost: shop\r\ncontent-length: 9\r\n\r\n").await;
        (wire.answer().await.unwrap().status(), wire)
    };
    // of those in one second all but one
    let mut wire = loop {
        match ask().await {
            (404, _) => {}
            (status, wire) => {
                assert_eq!(status, 429);
                break wire;
            }
        }
    };
    assert!(wire.is_closed().await);
}

/// What still comes is read for as long as a body may take, and no longer.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_nobody_wants_is_not_read_for_ever(
    #[values(House::Whole, House::Services)] house: House,
) {
    let rude = house.open().await;
    let framings = [("content-length: 100000", " "), ("transfer-encoding: chunked", "1\r\n \r\n")];
    let mut unwanted = Vec::new();
    for door in &rude.doors {
        for (start, status) in [("GET /livez", 200), ("POST /nowhere", 404), ("DELETE /readyz", 405)] {
            for (framing, part) in framings {
                let head = format!("{start} HTTP/1.1\r\nhost: shop\r\n{framing}\r\n\r\n");
                unwanted.push(async move {
                    let answer = drip(door, head, part).await;
                    assert!(answer.is_none_or(|answer| answer.status() == status), "{start} {framing}");
                });
            }
        }
    }
    join_all(unwanted).await;
}
