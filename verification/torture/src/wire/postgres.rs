//! A connection that speaks PostgreSQL's protocol, of which this knows only what a COMMIT looks like.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{Harm, Trouble, Wire};

const CHUNK: usize = 16 << 10;
/// How long the server gets for what arrived after its sender was cut off.
const DONE_WITHIN: Duration = Duration::from_secs(2);

pub async fn carry(wire: &Arc<Wire>, mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    let (mut asked, mut answered) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let chunk = &asked[..read?];
                if chunk.is_empty() {
                    return Ok(());
                }
                thaw(wire).await;
                let is_commit = chunk.windows(6).any(|word| word == b"COMMIT");
                match wire.draw(|harm| can_happen(harm, is_commit)) {
                    Some(trouble) if trouble.harm != Harm::Delay => {
                        return harm(wire, trouble, chunk, client, server).await;
                    }
                    Some(Trouble { time, .. }) => sleep(time).await,
                    None => {}
                }
                server.write_all(chunk).await?;
            }
            read = server.read(&mut answered) => {
                let chunk = &answered[..read?];
                if chunk.is_empty() {
                    return Ok(());
                }
                thaw(wire).await;
                client.write_all(chunk).await?;
            }
        }
    }
}

async fn thaw(wire: &Wire) {
    while wire.has(Harm::Frozen) {
        sleep(Duration::from_millis(20)).await;
    }
}

fn can_happen(harm: Harm, is_commit: bool) -> bool {
    match harm {
        Harm::CutBefore | Harm::CutAfter | Harm::Unheard | Harm::Delay | Harm::Late => true,
        Harm::LateCommit | Harm::UnheardCommit => is_commit,
        Harm::CutRequest
        | Harm::CutAnswer
        | Harm::DelayAnswer
        | Harm::Double
        | Harm::Unreachable
        | Harm::Frozen => false,
    }
}

/// What ends the connection.
async fn harm(
    wire: &Arc<Wire>,
    trouble: Trouble,
    chunk: &[u8],
    client: TcpStream,
    mut server: TcpStream,
) -> io::Result<()> {
    let late = wire.hold_late();
    match trouble.harm {
        Harm::CutAfter => server.write_all(chunk).await?,
        Harm::Unheard | Harm::UnheardCommit => {
            server.write_all(chunk).await?;
            swallow(&mut server, trouble.time).await;
        }
        Harm::Late | Harm::LateCommit => {
            drop(client);
            sleep(trouble.time).await;
            server.write_all(chunk).await?;
            swallow(&mut server, DONE_WITHIN).await;
        }
        _ => {}
    }
    drop(late);
    Ok(())
}

/// What the server says, for so long or until it has closed.
async fn swallow(server: &mut TcpStream, time: Duration) {
    let mut said = vec![0; CHUNK];
    let all = async { while server.read(&mut said).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout(time, all).await;
}
