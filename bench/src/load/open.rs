//! Clients who do not wait for each other: requests at a fixed rate, however slowly they are answered. Each time runs
//! from when its request was meant to be sent, so that waiting in this program counts.

use std::{
    net::SocketAddr,
    ops::Range,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet, time::MissedTickBehavior};
use torture::lock::lock;

use super::{Connection, Outcome, Work, own_cpu};

/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(1);
/// Under way at once; whoever is due beyond that waits here, and is measured as waiting.
const MOST_UNDER_WAY: usize = 4000;

/// Asks for one stretch of time after the other, each at its rate.
pub struct OpenLoop {
    load: Arc<Load>,
    under_way: JoinSet<()>,
}

struct Load {
    to: SocketAddr,
    work: Work,
    idle: Mutex<Vec<Connection>>,
    room: Semaphore,
    stretches: Mutex<Vec<Stretch>>,
}

struct Stretch {
    time: Range<Instant>,
    /// Of what was meant to be sent in it.
    outcome: Outcome,
    /// Done in it, whenever it was meant to be sent.
    done: u64,
}

impl OpenLoop {
    pub fn new(to: SocketAddr, work: &Work) -> Self {
        let load = Load {
            to,
            work: work.clone(),
            idle: Mutex::default(),
            room: Semaphore::new(MOST_UNDER_WAY),
            stretches: Mutex::default(),
        };
        Self { load: Arc::new(load), under_way: JoinSet::new() }
    }

    /// Asks `rate` times a second for so long, straight after the stretch before.
    pub async fn ask(&mut self, rate: f64, lasting: Duration) {
        let cpu = own_cpu();
        let (number, begun) = self.load.begin(lasting);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut sent = 0_u64;
        while begun.elapsed() < lasting {
            ticks.tick().await;
            let due = (begun.elapsed().min(lasting).as_secs_f64() * rate) as u64;
            for place in sent..due {
                let meant = begun + Duration::from_secs_f64(place as f64 / rate);
                self.under_way.spawn(ask(self.load.clone(), number, meant));
            }
            sent = due;
            while self.under_way.try_join_next().is_some() {}
        }
        lock(&self.load.stretches)[number].outcome.own_cpu = own_cpu().saturating_sub(cpu);
    }

    /// Stretch by stretch, once all is answered.
    ///
    /// # Errors
    /// When a task breaks.
    pub async fn end(mut self) -> anyhow::Result<Vec<Outcome>> {
        while let Some(ended) = self.under_way.join_next().await {
            ended?;
        }
        Ok(std::mem::take(&mut *lock(&self.load.stretches)).into_iter().map(Stretch::outcome).collect())
    }
}

impl Load {
    /// Its number, and when it began.
    fn begin(&self, lasting: Duration) -> (usize, Instant) {
        let mut stretches = lock(&self.stretches);
        let begun = stretches.last().map_or_else(Instant::now, |last| last.time.end);
        let time = begun..begun + lasting;
        stretches.push(Stretch { time, outcome: Outcome::default(), done: 0 });
        (stretches.len() - 1, begun)
    }

    fn failed(&self, stretch: usize, why: &impl ToString) {
        lock(&self.stretches)[stretch].outcome.fail(why.to_string());
    }

    fn answered(&self, stretch: usize, status: u16, body: &[u8], after: Duration) {
        let (now, done) = (Instant::now(), self.work.done());
        let mut stretches = lock(&self.stretches);
        stretches[stretch].outcome.answered(status, done, body, after);
        if let Some(current) = stretches.iter_mut().find(|stretch| stretch.time.contains(&now)) {
            current.done += u64::from(status == done);
        }
    }
}

impl Stretch {
    fn outcome(self) -> Outcome {
        let lasted = self.time.end - self.time.start;
        Outcome { per_second: self.done as f64 / lasted.as_secs_f64(), ..self.outcome }
    }
}

async fn ask(load: Arc<Load>, stretch: usize, meant: Instant) {
    let Ok(_room) = load.room.acquire().await else { return };
    let idle = lock(&load.idle).pop();
    let mut connection = match idle {
        Some(connection) => connection,
        None => match Connection::open(load.to).await {
            Ok(connection) => connection,
            Err(error) => return load.failed(stretch, &error),
        },
    };
    let mut request = Vec::with_capacity(512);
    load.work.write(&mut request);
    match connection.ask(&request).await {
        Ok(answer) => load.answered(stretch, answer.status, answer.body, meant.elapsed()),
        Err(error) => return load.failed(stretch, &error),
    }
    lock(&load.idle).push(connection);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_of_its_own_stretch_and_done_in_the_one_that_runs() {
        let work = Work::Paths(Arc::new(["/".to_owned()]));
        let load = OpenLoop::new(([127, 0, 0, 1], 1).into(), &work).load;
        let (first, begun) = load.begin(Duration::ZERO);
        let (second, straight_after) = load.begin(Duration::from_secs(1000));
        assert_eq!((first, second, begun), (0, 1, straight_after));
        load.answered(first, 200, b"", Duration::ZERO);
        load.answered(second, 503, b"", Duration::ZERO);
        load.failed(first, &"cut off");
        let told: Vec<_> = lock(&load.stretches)
            .iter()
            .map(|stretch| (stretch.outcome.asked(), stretch.outcome.failed, stretch.done))
            .collect();
        assert_eq!(told, [(2, 1, 0), (1, 0, 1)]);
    }
}
