//! Clients that mean no good, or have a bad line: the gateway stays small and goes on serving the others.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::support::{client::fresh_key, shop::order_of};

use super::{container::Container, engine::docker, tills::Tills, trial::Trial};

const RUDE_FOR: Duration = Duration::from_secs(15);
const MEMORY_MIB: f64 = 128.0;
const IDLE: usize = 2_000;
const SLOW: usize = 50;
const LEAVING: usize = 200;
const TILLS_BESIDE: usize = 8;

/// Straight to the gateway's container: the engine's own proxy on the published port would stand between.
pub async fn run(trial: &mut Trial) {
    let gateway = trial.deployment.container("gateway-service").await;
    let network = trial.deployment.network("services");
    let address = SocketAddr::from((gateway.address(&network).await.unwrap(), 8080));
    let tills = Tills::open(&trial.gateway, &trial.products, TILLS_BESIDE);
    let until = Instant::now() + RUDE_FOR;

    let mut rude = JoinSet::new();
    for number in 0..SLOW {
        rude.spawn(dribble(address, number % 2 == 0, until));
    }
    for number in 0..IDLE {
        rude.spawn(idle(address, number % 2 == 0, until));
    }
    for number in 0..LEAVING {
        let order = order_of(&[(trial.products[number % 2].as_str(), 1.0)]).to_string();
        rude.spawn(leave(address, order, number % 2 == 0, RUDE_FOR * number as u32 / LEAVING as u32));
    }
    let peak = peak_memory_mib(&gateway, until).await;
    rude.join_all().await;
    let greedy = greedy(trial, &gateway, address).await;

    let report = trial.close("rude clients", tills).await;
    trial.figures.none("rude clients: others' failed first tries", report.failed_first_tries());
    let slowest = report.percentile(0.99);
    trial.figures.note("rude clients: others' p99", format!("{slowest:.1?}"));
    let peak = peak.max(greedy);
    trial.figures.at_most("rude clients: gateway's memory", peak, MEMORY_MIB, " MiB", MEMORY_MIB);
    let state = gateway.inspect().await;
    assert_eq!((&state["RestartCount"], &state["State"]["OOMKilled"]), (&0.into(), &false.into()));
}

/// A byte a second, of a head or of a body.
async fn dribble(address: SocketAddr, of_head: bool, until: Instant) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    if !of_head {
        stream.write_all(head.as_bytes()).await.unwrap();
    }
    for byte in head.bytes() {
        if Instant::now() >= until || stream.write_all(&[byte]).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Says nothing, or nothing more after one request.
async fn idle(address: SocketAddr, asks_once: bool, until: Instant) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    if asks_once {
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    }
    tokio::time::sleep(until.saturating_duration_since(Instant::now())).await;
}

/// Leaves in the middle of an order, or before the answer to a whole one. One after the other: the shop works on whole orders
/// of clients that left, too, and a hundred of them at once are more than it may take in beside the others.
async fn leave(address: SocketAddr, order: String, in_the_middle: bool, after: Duration) {
    tokio::time::sleep(after).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\nidempotency-key: {}\r\ncontent-length: {}\r\n\r\n",
        fresh_key(),
        order.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let sent = if in_the_middle { order.len() / 2 } else { order.len() };
    stream.write_all(&order.as_bytes()[..sent]).await.unwrap();
}

/// Bodies of 100 MB, said and unsaid, and a header of 1 MB: refused, not kept. Answers the most memory that was seen.
async fn greedy(trial: &mut Trial, gateway: &Container, address: SocketAddr) -> f64 {
    let begin = "POST /products HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n";
    let said = format!("{begin}content-length: 104857600\r\n\r\n");
    let unsaid = format!("{begin}transfer-encoding: chunked\r\n\r\n");
    let megabyte = "x".repeat(1 << 20);
    let chunk = format!("100000\r\n{megabyte}\r\n");
    let until = Instant::now() + Duration::from_secs(5);
    let all = async {
        let said = join_all((0..8).map(|_| pour(address, &said, &megabyte))).await;
        let unsaid = join_all((0..8).map(|_| pour(address, &unsaid, &chunk))).await;
        let head = format!("GET /products HTTP/1.1\r\nhost: shop\r\nx-long: {megabyte}\r\n\r\n");
        let head = join_all((0..8).map(|_| pour(address, &head, ""))).await;
        [said, unsaid, head]
    };
    let ([said, unsaid, head], peak) = tokio::join!(all, peak_memory_mib(gateway, until));
    for (what, answers, expected) in [
        ("a body of 100 MB", said, "413"),
        ("a body of 100 MB without a length", unsaid, "413"),
        ("a header of 1 MB", head, "431"),
    ] {
        // who is still sending when the connection is closed may see no answer
        let told = |answer: &String| answer.is_empty() || answer == expected;
        assert!(answers.iter().all(told), "{what}: {answers:?}");
        trial.figures.note(&format!("rude clients: {what} is answered"), answers.join(" "));
    }
    peak
}

/// Sends the head and then the part up to a hundred times, as far as it is taken; answers the status, if one came.
async fn pour(address: SocketAddr, head: &str, part: &str) -> String {
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    let sending = async {
        writer.write_all(head.as_bytes()).await?;
        for _ in 0..100 {
            writer.write_all(part.as_bytes()).await?;
        }
        std::future::pending::<std::io::Result<()>>().await
    };
    let mut answer = [0; 64];
    let reading = async { reader.read(&mut answer).await.unwrap_or(0) };
    tokio::pin!(sending, reading);
    let patience = tokio::time::sleep(Duration::from_secs(20));
    let length = tokio::select! {
        length = &mut reading => length,
        // refused while it was sending: what was answered before may still be read
        Err(_) = &mut sending => reading.await,
        () = patience => panic!("neither answered nor closed"),
    };
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// The most that the engine says until then.
async fn peak_memory_mib(container: &Container, until: Instant) -> f64 {
    let mut peak = 0.0_f64;
    while Instant::now() < until {
        let said = docker(&["stats", "--no-stream", "--format", "{{.MemUsage}}", &container.id]).await;
        peak = peak.max(mib(&said));
    }
    peak
}

/// Of `12.3MiB / 128MiB`.
fn mib(said: &str) -> f64 {
    let used = said.split('/').next().unwrap().trim();
    let unit = used.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let number: f64 = used[..used.len() - unit.len()].parse().unwrap();
    match unit {
        "GiB" => number * 1024.0,
        "MiB" => number,
        "KiB" => number / 1024.0,
        _ => number / 1024.0 / 1024.0,
    }
}
