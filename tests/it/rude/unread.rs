//! Clients that ask and do not read.

use std::time::Duration;

use rstest::rstest;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::doors::{ENDED_WITHIN, House};
use crate::support::{client::Service, wait::until};

const UNREAD: usize = 20;
/// Of the document, far more than the sockets between hold.
const ASKED: usize = 1_000;
/// Connections to databases that were opened meanwhile.
const LEFT: usize = 8;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_cut_off(#[values(House::Whole, House::Services)] house: House) {
    let rude = house.open().await;
    for door in &rude.doors {
        let service = Service::at(&format!("http://{}", door.address));
        service.get("/livez").await.with_status(200);
        let before = rude.open_files(door);
        let list = b"GET /openapi.json HTTP/1.1\r\nhost: shop\r\n\r\n".repeat(ASKED);
        let mut unread = Vec::new();
        for _ in 0..UNREAD {
            let mut stream = TcpStream::connect(door.address).await.unwrap();
            // who answers stops reading, too
            let _ = tokio::time::timeout(Duration::from_millis(500), stream.write_all(&list)).await;
            unread.push(stream);
        }
        service.get("/livez").await.with_status(200);
        until("the connections are cut off", ENDED_WITHIN, async || {
            (rude.open_files(door) <= before + LEFT).then_some(())
        })
        .await;
        drop(unread);
    }
}
