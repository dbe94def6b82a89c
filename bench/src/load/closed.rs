//! Clients who each wait for their answer before they ask again: what a shop carries.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{Connection, Outcome, TURNED_AWAY, Work, own_cpu};

/// Who is turned away, or gets no answer, comes again after this; at once, they would be a load of their own.
const PAUSE: Duration = Duration::from_millis(50);

/// # Errors
/// When a connection cannot be opened at the start.
pub async fn closed_loop(
    to: SocketAddr,
    work: &Work,
    clients: usize,
    lasting: Duration,
) -> anyhow::Result<Outcome> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(Connection::open(to).await?);
    }
    let (begun, cpu) = (Instant::now(), own_cpu());
    let mut running = JoinSet::new();
    for connection in connections {
        running.spawn(ask_until(begun + lasting, connection, work.clone()));
    }
    let mut all = Outcome::default();
    while let Some(outcome) = running.join_next().await {
        all.merge(outcome?);
    }
    all.per_second = all.done.count() as f64 / begun.elapsed().as_secs_f64();
    all.own_cpu = own_cpu().saturating_sub(cpu);
    Ok(all)
}

async fn ask_until(end: Instant, mut connection: Connection, work: Work) -> Outcome {
    let mut outcome = Outcome::default();
    let mut request = Vec::with_capacity(1024);
    loop {
        work.write(&mut request);
        let asked = Instant::now();
        if asked >= end {
            return outcome;
        }
        let comes_later = match connection.ask(&request).await {
            Ok(answer) => {
                outcome.answered(answer.status, work.done(), answer.body, asked.elapsed());
                answer.status == TURNED_AWAY
            }
            Err(error) => {
                outcome.fail(error.to_string());
                true
            }
        };
        if comes_later {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
