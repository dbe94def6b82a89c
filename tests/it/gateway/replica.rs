//! A replica that does what a test tells it, and remembers every request that reached it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::support::wire::{Message, Wire};

/// What it does with a request once it has read it.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers, and keeps the connection.
    Send(Vec<u8>),
    /// Answers later.
    SendAfter(Duration, Vec<u8>),
    /// Answers when it is told to.
    SendWhenTold(watch::Receiver<bool>, Vec<u8>),
    /// Sends one part after the other, with pauses between them.
    SendParts(Duration, Vec<Vec<u8>>),
    /// Sends this much and closes.
    SendAndClose(Vec<u8>),
    /// Sends this much, and then nothing.
    SendAndStall(Vec<u8>),
}

/// What it says when it is asked whether it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Ready,
    Draining,
    NotReady,
    Nothing,
}

/// A replica at an address of its own.
pub struct Replica {
    pub address: SocketAddr,
    state: Arc<State>,
    serving: Option<JoinHandle<()>>,
}

struct State {
    next: Mutex<VecDeque<Act>>,
    always: Mutex<Act>,
    says: Mutex<Says>,
    seen: Mutex<Vec<Message>>,
    checks: AtomicUsize,
    open: AtomicUsize,
}

impl Replica {
    /// Answers 200 to everything until it is told otherwise.
    pub async fn start(address: SocketAddr) -> Self {
        let state = State {
            next: Mutex::default(),
            always: Mutex::new(Act::Send(ok())),
            says: Mutex::new(Says::Ready),
            seen: Mutex::default(),
            checks: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        };
        let mut replica = Self { address, state: Arc::new(state), serving: None };
        replica.listen().await;
        replica
    }

    /// Listens again.
    pub async fn listen(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = Some(tokio::spawn(serve(listener, self.state.clone())));
    }

    /// Closes every connection; new ones are refused.
    pub async fn refuse(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
        }
    }

    /// With every request.
    pub fn always(&self, act: Act) {
        *self.state.always.lock().unwrap() = act;
    }

    /// With the next request that nothing is planned for yet.
    pub fn next(&self, act: Act) {
        self.state.next.lock().unwrap().push_back(act);
    }

    pub fn says(&self, says: Says) {
        *self.state.says.lock().unwrap() = says;
    }

    /// Every request so far but readiness checks; also those that broke off.
    pub fn seen(&self) -> Vec<Message> {
        self.state.seen.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.state.seen.lock().unwrap().len()
    }

    /// The requests so far, which are forgotten.
    pub fn take_seen(&self) -> Vec<Message> {
        std::mem::take(&mut self.state.seen.lock().unwrap())
    }

    pub fn checks(&self) -> usize {
        self.state.checks.load(SeqCst)
    }

    /// Open connections to it.
    pub fn connections(&self) -> usize {
        self.state.open.load(SeqCst)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn(serve_connection(stream, state.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Counts an open connection.
struct Open(Arc<State>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, SeqCst);
    }
}

async fn serve_connection(stream: TcpStream, state: Arc<State>) {
    state.open.fetch_add(1, SeqCst);
    let _open = Open(state.clone());
    let mut wire = Wire::new(stream);
    while let Some(request) = wire.read(false).await {
        let whole = request.whole;
        let act = match request.target() {
            "/readyz" => state.readiness(),
            _ => state.act(request),
        };
        if !whole || !perform(&mut wire, act).await {
            return;
        }
    }
}

impl State {
    fn readiness(&self) -> Act {
        self.checks.fetch_add(1, SeqCst);
        let says = *self.says.lock().unwrap();
        match says {
            Says::Ready => Act::Send(answer("200 OK", &[], r#"{"status":"ready"}"#)),
            Says::Draining => {
                let status = "503 Service Unavailable";
                Act::Send(answer(status, &[], r#"{"status":"draining"}"#))
            }
            Says::NotReady => {
                let status = "503 Service Unavailable";
                Act::Send(answer(status, &[], r#"{"status":"waiting"}"#))
            }
            Says::Nothing => Act::SendAndStall(vec![]),
        }
    }

    fn act(&self, request: Message) -> Act {
        self.seen.lock().unwrap().push(request);
        let planned = self.next.lock().unwrap().pop_front();
        planned.unwrap_or_else(|| self.always.lock().unwrap().clone())
    }
}

/// Whether the connection goes on.
async fn perform(wire: &mut Wire, act: Act) -> bool {
    match act {
        Act::Send(bytes) => wire.send(bytes).await,
        Act::SendAfter(pause, bytes) => {
            tokio::time::sleep(pause).await;
            wire.send(bytes).await
        }
        Act::SendWhenTold(mut told, bytes) => {
            let _ = told.wait_for(|told| *told).await;
            wire.send(bytes).await
        }
        Act::SendParts(pause, parts) => {
            for part in parts {
                if !wire.send(part).await {
                    return false;
                }
                tokio::time::sleep(pause).await;
            }
            true
        }
        Act::SendAndClose(bytes) => {
            wire.send(bytes).await;
            false
        }
        Act::SendAndStall(bytes) => {
            wire.send(bytes).await;
            // until the other side leaves
            wire.until_closed().await;
            false
        }
    }
}

/// 200 with a little JSON.
pub fn ok() -> Vec<u8> {
    answer("200 OK", &[], r#"{"ok":true}"#)
}

/// A whole answer.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

/// A problem document of ours.
pub fn problem(status: &str, headers: &[(&str, &str)], code: &str, outcome: &str) -> Vec<u8> {
    let body = format!(r#"{{"code":"{code}","outcome":"{outcome}"}}"#);
    let text = String::from_utf8(answer(status, headers, &body)).unwrap();
    text.replacen("application/json", "application/problem+json", 1).into_bytes()
}
