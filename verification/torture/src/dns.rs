//! A DNS server that knows the names of the run's services, for the gateway.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::UdpSocket;

const LIFETIME_S: u32 = 1;
const TYPE_A: u16 = 1;

/// Answers for as long as the program runs.
pub async fn serve(names: HashMap<String, Vec<Ipv4Addr>>) -> anyhow::Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        let mut packet = [0; 1500];
        loop {
            // the asker may be gone before its answer comes, which the socket then tells
            let Ok((length, asker)) = socket.recv_from(&mut packet).await else { continue };
            if let Some(answer) = packet.get(..length).and_then(|asked| answer(asked, &names)) {
                let _ = socket.send_to(&answer, asker).await;
            }
        }
    });
    Ok(address)
}

/// Head and question as they came, with the flags of an answer and the records.
fn answer(asked: &[u8], names: &HashMap<String, Vec<Ipv4Addr>>) -> Option<Vec<u8>> {
    let (name, kind, end) = question(asked)?;
    let addresses = names.get(&name);
    let no_such_name = 3;
    let shown: &[Ipv4Addr] = addresses.filter(|_| kind == TYPE_A).map_or(&[], Vec::as_slice);
    let mut packet = asked.get(..end)?.to_vec();
    packet[2..4].copy_from_slice(&[0x81, 0x80 | if addresses.is_some() { 0 } else { no_such_name }]);
    packet[6..8].copy_from_slice(&u16::try_from(shown.len()).ok()?.to_be_bytes());
    packet[8..12].fill(0);
    for address in shown {
        // the name is the question's
        packet.extend([0xc0, 12, 0, 1, 0, 1]);
        packet.extend(LIFETIME_S.to_be_bytes());
        packet.extend([0, 4]);
        packet.extend(address.octets());
    }
    Some(packet)
}

/// Its name, its type and where it ends.
fn question(packet: &[u8]) -> Option<(String, u16, usize)> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*packet.get(at)?);
        let label = packet.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
    }
    let kind = u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?);
    Some((labels.join("."), kind, at + 4))
}
