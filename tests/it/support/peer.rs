//! A product service that misbehaves: it stands between an order service and the real one.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Longer than the order service waits for one answer.
const SLOW: Duration = Duration::from_millis(1000);

/// What it does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Nobody listens.
    Refuse,
    /// Takes the call and never answers.
    Silence,
    /// 500 with a page of HTML.
    ServerError,
    /// 200 with something that is no JSON.
    Garbage,
    /// 200 with half of a body.
    Truncated,
    /// Reads the call and hangs up.
    HangUp,
    /// Lets the real service do it, and hangs up instead of telling.
    LoseAnswer,
    /// Passes everything through, later than anybody waits.
    Slow,
    /// Lets the real service do it, and tells.
    PassThrough,
}

/// A listener in front of a real service.
pub struct Peer {
    pub address: SocketAddr,
    behaviour: watch::Sender<Behaviour>,
    calls: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Served {
    upstream: String,
    behaviour: watch::Receiver<Behaviour>,
    calls: Arc<AtomicUsize>,
}

impl Peer {
    /// Listens at `address` before `upstream`, such as `http://127.0.0.1:8081`.
    pub fn start(address: SocketAddr, upstream: &str, behaviour: Behaviour) -> Self {
        let (sender, receiver) = watch::channel(behaviour);
        let calls = Arc::new(AtomicUsize::new(0));
        let served = Served { upstream: upstream.to_owned(), behaviour: receiver, calls: calls.clone() };
        Self { address, behaviour: sender, calls, serving: tokio::spawn(serve(address, served)) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From the next call on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send(behaviour).unwrap();
    }

    /// Decisions and refusals that were asked of it.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(address: SocketAddr, mut served: Served) {
    loop {
        let behaviour = *served.behaviour.borrow_and_update();
        if behaviour == Behaviour::Refuse {
            if served.behaviour.changed().await.is_err() {
                return;
            }
            continue;
        }
        let listener = TcpListener::bind(address).await.unwrap();
        // a socket that is closed again as soon as nobody is to listen
        while *served.behaviour.borrow() != Behaviour::Refuse {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted.unwrap();
                    tokio::spawn(answer_calls(stream, served.clone()));
                }
                changed = served.behaviour.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// Serves a connection as long as both sides keep it.
async fn answer_calls(mut stream: TcpStream, mut served: Served) {
    loop {
        let call = tokio::select! {
            call = read_call(&mut stream) => call,
            _ = served.behaviour.wait_for(|behaviour| *behaviour == Behaviour::Refuse) => None,
        };
        let Some(call) = call else { return };
        if call.path.starts_with("/internal/") {
            served.calls.fetch_add(1, Ordering::SeqCst);
        }
        let behaviour = *served.behaviour.borrow();
        let Some(answer) = answer(&call, behaviour, &served.upstream).await else {
            return;
        };
        if stream.write_all(&answer).await.is_err() || behaviour == Behaviour::Truncated {
            return;
        }
    }
}

async fn answer(call: &CallBytes, behaviour: Behaviour, upstream: &str) -> Option<Vec<u8>> {
    match behaviour {
        Behaviour::Refuse | Behaviour::HangUp => None,
        Behaviour::Silence => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            None
        }
        Behaviour::ServerError => Some(page("500 Internal Server Error", "text/html", "<h1>oops</h1>")),
        Behaviour::Garbage => Some(page("200 OK", "application/json", "{\"orderId\": nonsense")),
        Behaviour::Truncated => Some(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"orderId\":"
                .to_vec(),
        ),
        Behaviour::LoseAnswer => {
            forward(call, upstream).await;
            None
        }
        Behaviour::Slow => {
            tokio::time::sleep(SLOW).await;
            forward(call, upstream).await
        }
        Behaviour::PassThrough => forward(call, upstream).await,
    }
}

fn page(status: &str, media_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

struct CallBytes {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

async fn read_call(stream: &mut TcpStream) -> Option<CallBytes> {
    let mut bytes = Vec::new();
    let head_length = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8(bytes[..head_length].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut start = lines.next()?.split(' ');
    let (method, path) = (start.next()?.to_owned(), start.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    while bytes.len() < head_length + length {
        read_more(stream, &mut bytes).await?;
    }
    Some(CallBytes { method, path, headers, body: bytes[head_length..].to_vec() })
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 16 << 10];
    let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&chunk[..count]);
    Some(())
}

async fn forward(call: &CallBytes, upstream: &str) -> Option<Vec<u8>> {
    let method = call.method.parse().unwrap();
    let mut request = reqwest::Client::new().request(method, format!("{upstream}{}", call.path));
    for (name, value) in &call.headers {
        if !["host", "content-length", "connection", "transfer-encoding"].contains(&name.as_str()) {
            request = request.header(name, value);
        }
    }
    let response = request.body(call.body.clone()).send().await.ok()?;
    let status = response.status();
    let media_type =
        response.headers().get("content-type").map_or("text/plain", |value| value.to_str().unwrap());
    let (status, media_type) = (status.to_string(), media_type.to_owned());
    let body = response.text().await.ok()?;
    Some(page(&status, &media_type, &body))
}
