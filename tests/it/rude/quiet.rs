//! Connections that were kept after an answer, and on which nothing whole is asked any more.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rstest::rstest;

use super::doors::{Door, ENDED_WITHIN, House};
use crate::support::wire::Wire;

const PROBE: &str = "GET /livez HTTP/1.1\r\nhost: shop\r\n\r\n";
/// Between two bytes of a head.
const DRIP: Duration = Duration::from_millis(50);

async fn kept(door: &Door) -> Wire {
    let mut wire = Wire::connect(door.address).await;
    assert_eq!(wire.ask(PROBE).await.unwrap().status(), 200);
    wire
}

/// Neither an idle connection nor the first head on one.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_head_that_stops_or_drips_is_ended(#[values(House::Whole, House::Services)] house: House) {
    let rude = house.open().await;
    let stop = async |door: &Door| {
        let mut wire = kept(door).await;
        wire.send("P").await;
        assert!(wire.is_closed().await, "{}", door.path);
    };
    let drip = async |door: &Door| {
        let (mut wire, started) = (kept(door).await, Instant::now());
        wire.send("POST /products HTTP/1.1\r\nx-slow: ").await;
        while started.elapsed() < ENDED_WITHIN && wire.send("a").await {
            tokio::time::sleep(DRIP).await;
        }
        assert!(started.elapsed() < ENDED_WITHIN, "it goes on for ever at {}", door.path);
    };
    let (stops, drips) = (rude.doors.iter().map(stop), rude.doors.iter().map(drip));
    tokio::join!(join_all(stops), join_all(drips));
}
