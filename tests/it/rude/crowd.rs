//! Two thousand connections that say nothing, while others are served.

use std::time::{Duration, Instant};

use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use super::doors::{Door, House, Rude};
use crate::support::{client::Service, wait::until};

const IDLE: usize = 2_000;
/// Requests of the polite one, one after the other.
const SALES: usize = 100;
/// Of the slowest in a hundred, on a busy machine with a debug build.
const P99: Duration = Duration::from_secs(1);
/// They are ended when the keep-alive or the time for a head is over.
const GONE_WITHIN: Duration = Duration::from_secs(30);
/// Of the connections that were opened, how many may be left; some are the test's own.
const LEFT: usize = 32;

/// Half says nothing at all, half nothing more after one request.
async fn idle(door: &Door, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    if number.is_multiple_of(2) {
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    }
    stream
}

async fn sell(door: &Door) -> Vec<Duration> {
    let service = Service::at(&format!("http://{}", door.address));
    let mut took = Vec::new();
    for _ in 0..SALES {
        let started = Instant::now();
        let reply = service.post(&door.path, &door.body).await;
        assert!([200, 201].contains(&reply.status), "{}", reply.text);
        took.push(started.elapsed());
    }
    took.sort_unstable();
    took
}

async fn crowd(rude: &Rude, door: &Door) {
    let before = rude.open_files(door);
    let mut idlers = Vec::new();
    for number in 0..IDLE {
        idlers.push(idle(door, number).await);
    }
    let took = sell(door).await;
    let p99 = took[took.len() * 99 / 100 - 1];
    println!("{IDLE} idle connections at {}: p50 {:?}, p99 {p99:?}", door.path, took[took.len() / 2]);
    assert!(p99 < P99, "{p99:?} among {IDLE} idle connections");
    // each of them sees that it was closed, and the process has let go of it
    let mut ends = JoinSet::new();
    for mut idler in idlers {
        ends.spawn(async move {
            let mut rest = Vec::new();
            let _ =
                tokio::time::timeout(GONE_WITHIN, idler.read_to_end(&mut rest)).await.expect("it is ended");
        });
    }
    ends.join_all().await;
    until("the connections are let go of", GONE_WITHIN, async || {
        (rude.open_files(door) <= before + LEFT).then_some(())
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_keep_nobody_waiting_and_are_ended(
    #[values(House::Whole, House::Services)] house: House,
) {
    rlimit::increase_nofile_limit(2 * IDLE as u64).unwrap();
    let rude = house.open().await;
    for door in &rude.doors {
        crowd(&rude, door).await;
    }
}
