//! Clients who do not wait for each other: requests at a fixed rate, however slowly they are answered. Each time runs
//! from when its request was meant to be sent, so that waiting in this program counts.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet, time::MissedTickBehavior};
use torture::lock::lock;

use super::{Connection, Outcome, Work, own_cpu};

/// Asked for like the rest and not counted, so that as much is under way at the beginning as at the end.
pub const LEAD_IN: Duration = Duration::from_secs(1);
/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(1);
/// Under way at once; whoever is due beyond that waits here, and is measured as waiting.
const MOST_UNDER_WAY: usize = 4000;

struct Load {
    to: SocketAddr,
    work: Work,
    idle: Mutex<Vec<Connection>>,
    room: Semaphore,
    outcome: Mutex<Outcome>,
    counted_from: Instant,
    end: Instant,
    done_in_time: Mutex<u64>,
}

impl Load {
    fn failed(&self, counts: bool, why: &impl ToString) {
        if counts {
            lock(&self.outcome).fail(why.to_string());
        }
    }
}

/// Asks `rate` times a second, for so long after the lead-in.
///
/// # Errors
/// When a task breaks.
pub async fn open_loop(to: SocketAddr, work: &Work, rate: f64, lasting: Duration) -> anyhow::Result<Outcome> {
    let (begun, cpu, asking) = (Instant::now(), own_cpu(), LEAD_IN + lasting);
    let load = Arc::new(Load {
        to,
        work: work.clone(),
        idle: Mutex::default(),
        room: Semaphore::new(MOST_UNDER_WAY),
        outcome: Mutex::default(),
        counted_from: begun + LEAD_IN,
        end: begun + asking,
        done_in_time: Mutex::default(),
    });
    let mut under_way = JoinSet::new();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut sent = 0_u64;
    while begun.elapsed() < asking {
        ticks.tick().await;
        let due = (begun.elapsed().min(asking).as_secs_f64() * rate) as u64;
        for number in sent..due {
            let meant = begun + Duration::from_secs_f64(number as f64 / rate);
            under_way.spawn(ask(load.clone(), meant));
        }
        sent = due;
        while under_way.try_join_next().is_some() {}
    }
    let own_cpu = own_cpu().saturating_sub(cpu);
    while let Some(ended) = under_way.join_next().await {
        ended?;
    }
    let mut outcome = lock(&load.outcome).clone();
    outcome.per_second = *lock(&load.done_in_time) as f64 / lasting.as_secs_f64();
    outcome.own_cpu = own_cpu;
    Ok(outcome)
}

async fn ask(load: Arc<Load>, meant: Instant) {
    let Ok(_room) = load.room.acquire().await else { return };
    let counts = meant >= load.counted_from;
    let idle = lock(&load.idle).pop();
    let mut connection = match idle {
        Some(connection) => connection,
        None => match Connection::open(load.to).await {
            Ok(connection) => connection,
            Err(error) => return load.failed(counts, &error),
        },
    };
    let mut request = Vec::with_capacity(512);
    load.work.write(&mut request);
    match connection.ask(&request).await {
        Ok(answer) => {
            let is_in_time = (load.counted_from..load.end).contains(&Instant::now());
            *lock(&load.done_in_time) += u64::from(is_in_time && answer.status == load.work.done());
            if counts {
                lock(&load.outcome).answered(answer.status, load.work.done(), answer.body, meant.elapsed());
            }
        }
        Err(error) => return load.failed(counts, &error),
    }
    lock(&load.idle).push(connection);
}
