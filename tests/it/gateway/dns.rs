//! A DNS server whose answers a test sets, and that remembers what it was asked.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::{net::UdpSocket, task::JoinHandle};

/// As long as Docker says; nobody may believe it.
const LIFETIME_S: u32 = 600;
const TYPE_A: u16 = 1;

/// What a name has.
#[derive(Clone, Debug)]
pub enum Records {
    Addresses(Vec<Ipv4Addr>),
    /// The name is known, and has none.
    Empty,
    NoSuchName,
    ServerFailure,
    /// No answer at all.
    Silence,
}

/// A running server.
pub struct Dns {
    pub address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    names: Mutex<HashMap<String, Records>>,
    asked: Mutex<Vec<Question>>,
}

/// A name as it was asked for, and the type of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub name: String,
    pub kind: u16,
}

impl Dns {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let state = Arc::<State>::default();
        let serving = tokio::spawn(serve(socket, state.clone()));
        Self { address, state, serving }
    }

    /// From the next question on. A name that nothing was set for does not exist.
    pub fn set(&self, name: &str, records: Records) {
        let mut names = self.state.names.lock().unwrap();
        names.insert(name.to_owned(), records);
    }

    pub fn asked(&self) -> Vec<Question> {
        self.state.asked.lock().unwrap().clone()
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(socket: UdpSocket, state: Arc<State>) {
    let mut packet = [0; 1500];
    loop {
        // the asker may be gone before its answer comes, which the socket then tells
        let Ok((length, asker)) = socket.recv_from(&mut packet).await else {
            continue;
        };
        let Some((question, end)) = read_question(&packet[..length]) else {
            continue;
        };
        state.asked.lock().unwrap().push(question.clone());
        let name = question.name.to_ascii_lowercase();
        let records = state.names.lock().unwrap().get(&name).cloned();
        let records = records.unwrap_or(Records::NoSuchName);
        if let Some(answer) = answer(&packet[..end], question.kind, &records) {
            let _ = socket.send_to(&answer, asker).await;
        }
    }
}

/// The question, and where it ends.
fn read_question(packet: &[u8]) -> Option<(Question, usize)> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*packet.get(at)?);
        let label = packet.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(label).into_owned());
    }
    let kind = u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?);
    let name = labels.join(".");
    Some((Question { name, kind }, at + 4))
}

/// Head and question as they came, with the flags of an answer and the records.
fn answer(asked: &[u8], kind: u16, records: &Records) -> Option<Vec<u8>> {
    let (code, addresses): (u8, &[Ipv4Addr]) = match records {
        Records::Addresses(addresses) if kind == TYPE_A => (0, addresses),
        Records::Addresses(_) | Records::Empty => (0, &[]),
        Records::NoSuchName => (3, &[]),
        Records::ServerFailure => (2, &[]),
        Records::Silence => return None,
    };
    let mut packet = asked.to_vec();
    (packet[2], packet[3]) = (0x81, 0x80 | code);
    let count = u16::try_from(addresses.len()).unwrap();
    packet[6..8].copy_from_slice(&count.to_be_bytes());
    packet[8..12].fill(0);
    for address in addresses {
        // the name is the question's
        packet.extend([0xc0, 12, 0, 1, 0, 1]);
        packet.extend(LIFETIME_S.to_be_bytes());
        packet.extend([0, 4]);
        packet.extend(address.octets());
    }
    Some(packet)
}
