//! What awc does by itself, and what our client makes of it: facts that the design stands on, and that may change with awc.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use awc::{
    Client,
    error::{ConnectError, PayloadError, SendRequestError},
};
use futures_util::{FutureExt, StreamExt, future::join_all, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A peer that tells every request and sends one text to each; it closes after that, or keeps the connection.
struct Peer {
    address: SocketAddr,
    heads: mpsc::UnboundedReceiver<String>,
    open: Arc<AtomicUsize>,
}

impl Peer {
    async fn start(ip: &str, answer: &'static str, closes: bool) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, heads) = mpsc::unbounded_channel();
        let open = Arc::new(AtomicUsize::new(0));
        let counted = open.clone();
        actix_rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, counted) = (sender.clone(), counted.clone());
                actix_rt::spawn(async move {
                    counted.fetch_add(1, SeqCst);
                    serve(stream, answer, closes, &sender).await;
                    counted.fetch_sub(1, SeqCst);
                });
            }
        });
        Self { address, heads, open }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    async fn until_open(&self, count: usize) {
        let waiting = async {
            while self.open.load(SeqCst) != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(5), waiting).await;
        waited.unwrap_or_else(|_| panic!("{} are open", self.open.load(SeqCst)));
    }
}

async fn serve(mut stream: TcpStream, answer: &str, closes: bool, heads: &mpsc::UnboundedSender<String>) {
    let mut read = String::new();
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut part).await {
        read.push_str(&String::from_utf8_lossy(&part[..count]));
        let chunked = read.to_lowercase().contains("transfer-encoding: chunked");
        let end = if chunked { "0\r\n\r\n" } else { "\r\n\r\n" };
        if !read.contains(end) {
            continue;
        }
        // the test may not care
        let _ = heads.send(std::mem::take(&mut read));
        let sent = stream.write_all(answer.as_bytes()).await;
        if sent.is_err() || closes {
            return;
        }
    }
}

fn ours() -> Rc<Client> {
    build(&ClientSettings { connect_timeout_ms: 500, keep_alive_ms: 10_000 })
}

/// Trap 1.
#[actix_rt::test]
async fn connections_are_pooled_by_the_authority_alone() {
    let (first, second) =
        (Peer::start("127.0.0.1", OK, false).await, Peer::start("127.0.0.2", OK, false).await);
    let client = ours();
    let ask = |address| client.get("http://order-service:1/").address(address).send();
    drop(ask(first.address).await.unwrap().body().await);
    drop(ask(second.address).await.unwrap().body().await);
    assert_eq!(second.open.load(SeqCst), 0, "the first one's was taken");

    drop(client.get(second.url()).send().await.unwrap().body().await);
    assert_eq!(second.open.load(SeqCst), 1, "dialled by its address it is reached");
}

/// Trap 2.
#[actix_rt::test]
async fn an_end_before_the_answer_is_no_failure_to_connect() {
    let peer = Peer::start("127.0.0.1", "", true).await;
    let stock = Client::default().get(peer.url()).send().await;
    let as_if_never_sent = matches!(stock, Err(SendRequestError::Connect(ConnectError::Disconnected)));
    assert!(as_if_never_sent, "{stock:?}");

    let ours = ours().get(peer.url()).send().await;
    let sent = matches!(ours, Err(SendRequestError::Response(_) | SendRequestError::Send(_)));
    assert!(sent, "{ours:?}");
}

/// Trap 3.
#[actix_rt::test]
async fn a_body_that_breaks_off_is_an_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let peer = Peer::start("127.0.0.1", answer, true).await;
        let mut stock = Client::default().get(peer.url()).send().await.unwrap();
        assert_eq!(stock.body().await.unwrap(), "half", "awc takes it for whole");

        let mut ours = ours().get(peer.url()).send().await.unwrap();
        let body = ours.body().await;
        assert!(matches!(body, Err(PayloadError::Incomplete(_))), "{body:?}");
    }
}

/// Trap 4.
#[actix_rt::test]
async fn one_hung_peer_starves_no_other() {
    let hung = Peer::start("127.0.0.1", "", false).await;
    let well = Peer::start("127.0.0.1", OK, false).await;
    let client = ours();
    let waiting = (0..120).map(|_| client.get(hung.url()).send());
    let waiting = actix_rt::spawn(join_all(waiting.collect::<Vec<_>>()));
    hung.until_open(120).await;
    let answer = client.get(well.url()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    waiting.abort();
}

/// Trap 5: they are reaped at the next request to the same authority, or with the client.
#[actix_rt::test]
async fn idle_connections_end_with_their_client() {
    let peer = Peer::start("127.0.0.1", OK, false).await;
    let client = build(&ClientSettings { connect_timeout_ms: 500, keep_alive_ms: 20 });
    drop(client.get(peer.url()).send().await.unwrap().body().await);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(peer.open.load(SeqCst), 1, "long past its keep-alive");
    drop(client);
    peer.until_open(0).await;
}

/// Trap 6: were it `Send`, this would not compile, and one client could serve all workers.
#[test]
fn a_client_belongs_to_one_thread() {
    trait UnlessSend<Which> {
        fn holds() {}
    }
    impl<T> UnlessSend<()> for T {}
    struct IfSend;
    impl<T: Send> UnlessSend<IfSend> for T {}
    <Client as UnlessSend<_>>::holds();
}

/// Trap 7.
#[actix_rt::test]
async fn a_time_out_does_not_cover_the_body() {
    let stalls = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    let peer = Peer::start("127.0.0.1", stalls, false).await;
    let request = ours().get(peer.url()).timeout(Duration::from_millis(50));
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.next().await.unwrap().unwrap(), "half");
    let rest = tokio::time::timeout(Duration::from_millis(200), answer.next()).await;
    assert!(rest.is_err(), "{rest:?}");
}

/// Trap 8.
#[actix_rt::test]
async fn redirects_are_not_followed() {
    let answer = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let mut peer = Peer::start("127.0.0.1", answer, false).await;
    let redirect = ours().post(peer.url()).send_body("x").await.unwrap();
    assert_eq!(redirect.status(), 307);
    assert!(peer.heads.recv().await.unwrap().starts_with("POST / "));
    assert!(peer.heads.recv().now_or_never().is_none());
}

/// Trap 10.
#[actix_rt::test]
async fn a_stream_keeps_its_length_only_when_it_is_sized() {
    let mut peer = Peer::start("127.0.0.1", OK, false).await;
    let body = || stream::iter([Ok::<_, std::io::Error>("ab".into())]);
    // a first part that has to be waited for, as one from a socket has
    let late = stream::once(tokio::task::yield_now()).flat_map(move |()| body()).boxed_local();
    let _ = ours().post(peer.url()).send_stream(late).await;
    let head = peer.heads.recv().await.unwrap().to_lowercase();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");

    let sized = awc::body::SizedStream::new(2, body());
    let _ = ours().post(peer.url()).send_body(sized).await;
    let head = peer.heads.recv().await.unwrap().to_lowercase();
    assert!(head.contains("content-length: 2"), "{head}");
}
