//! A connection that speaks HTTP/1.1, request by request.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{
    Harm, Trouble, Wire,
    message::{Kind, Message, read},
};

/// The second delivery of a request waits as long for its answer.
const SECOND_WITHIN: Duration = Duration::from_secs(10);

pub async fn carry(wire: &Arc<Wire>, mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    loop {
        let request = tokio::select! {
            request = read(&mut client, Kind::Request) => request?,
            // between two requests the server has nothing to say: it has closed
            _ = gone(&server) => None,
        };
        let Some(request) = request else { return Ok(()) };
        thaw(wire).await;
        let trouble = wire.draw(|harm| !matches!(harm, Harm::Unreachable | Harm::Frozen));
        exchange(wire, trouble, &request, &mut client, &mut server).await?;
        thaw(wire).await;
    }
}

/// Has closed, or says what nobody waits for.
async fn gone(stream: &TcpStream) {
    let _ = stream.peek(&mut [0]).await;
}

async fn thaw(wire: &Wire) {
    while wire.has(Harm::Frozen) {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Fails where the connection is to be cut.
async fn exchange(
    wire: &Arc<Wire>,
    trouble: Option<Trouble>,
    request: &Message,
    client: &mut TcpStream,
    server: &mut TcpStream,
) -> io::Result<()> {
    let cut = Err(ErrorKind::ConnectionAborted.into());
    let harm = trouble.map(|trouble| trouble.harm);
    let time = trouble.map_or(Duration::ZERO, |trouble| trouble.time);
    match harm {
        Some(Harm::CutBefore) => return cut,
        Some(Harm::CutRequest) => {
            server.write_all(&request.bytes[..request.bytes.len() / 2]).await?;
            return cut;
        }
        Some(Harm::Delay) => sleep(time).await,
        Some(Harm::Double) => deliver_again(wire, request, time),
        _ => {}
    }
    server.write_all(&request.bytes).await?;
    if harm == Some(Harm::CutAfter) {
        sleep(time / 10).await;
        return cut;
    }
    let answer = tokio::select! {
        answer = read(server, Kind::Answer) => answer?,
        // who asked has gone
        _ = gone(client) => None,
    };
    let Some(answer) = answer else { return cut };
    match harm {
        Some(Harm::CutAnswer) => {
            client.write_all(&answer.bytes[..answer.bytes.len() / 2]).await?;
            return cut;
        }
        Some(Harm::Unheard) => {
            sleep(time).await;
            return cut;
        }
        Some(Harm::DelayAnswer) => sleep(time).await,
        _ => {}
    }
    client.write_all(&answer.bytes).await
}

/// Later, over a connection of its own; nobody hears the answer.
fn deliver_again(wire: &Arc<Wire>, request: &Message, after: Duration) {
    if let Some(key) = &request.key {
        wire.history.doubled(key);
    }
    let (late, to, bytes) = (wire.hold_late(), wire.to, request.bytes.clone());
    tokio::spawn(async move {
        sleep(after).await;
        let deliver = async {
            let mut server = TcpStream::connect(to).await?;
            server.write_all(&bytes).await?;
            read(&mut server, Kind::Answer).await
        };
        let _ = timeout(SECOND_WITHIN, deliver).await;
        drop(late);
    });
}
