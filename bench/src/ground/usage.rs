//! What a process takes, as `/proc` tells it.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use torture::{lock::lock, process::children};

/// Processor time is counted in ticks of this length; the same on every Linux.
const TICK: Duration = Duration::from_millis(10);
const SAMPLE_EVERY: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub cpu: Duration,
    pub resident_bytes: u64,
}

/// Looks at processes again and again until it is asked what they took.
pub struct Watch {
    ids: Vec<u32>,
    before: Vec<Usage>,
    most: Arc<Mutex<Vec<u64>>>,
    ended: Arc<AtomicBool>,
}

/// Of a process and of all that it started; nothing where it is gone.
pub fn usage(id: u32) -> Usage {
    let mut sum = read(id).unwrap_or_default();
    for child in children(id) {
        let child = usage(child);
        sum.cpu += child.cpu;
        sum.resident_bytes += child.resident_bytes;
    }
    sum
}

fn read(id: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // what stands before may have spaces: the program's name, in brackets
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u32>);
    let ticks = times.next()?.ok()? + times.next()?.ok()?;
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Usage { cpu: TICK * ticks, resident_bytes: kib * 1024 })
}

impl Watch {
    pub fn start(ids: Vec<u32>) -> Self {
        let before: Vec<Usage> = ids.iter().map(|id| usage(*id)).collect();
        let most = Arc::new(Mutex::new(before.iter().map(|usage| usage.resident_bytes).collect::<Vec<_>>()));
        let ended = Arc::new(AtomicBool::new(false));
        tokio::spawn(sample(ids.clone(), most.clone(), ended.clone()));
        Self { ids, before, most, ended }
    }

    /// Processor time since the start, and the most memory that was seen, of each.
    ///
    /// # Errors
    /// When one of them is gone: what it takes is not nothing.
    pub fn end(self) -> anyhow::Result<Vec<Usage>> {
        self.ended.store(true, Ordering::Relaxed);
        for id in &self.ids {
            anyhow::ensure!(read(*id).is_some(), "process {id} has ended while it was measured");
        }
        let most = lock(&self.most).clone();
        let now = self.ids.iter().map(|id| usage(*id));
        let both = now.zip(&self.before).zip(most);
        let usages = both.map(|((now, before), most)| Usage {
            cpu: now.cpu.saturating_sub(before.cpu),
            resident_bytes: most.max(now.resident_bytes),
        });
        Ok(usages.collect())
    }
}

async fn sample(ids: Vec<u32>, most: Arc<Mutex<Vec<u64>>>, ended: Arc<AtomicBool>) {
    while !ended.load(Ordering::Relaxed) {
        let now: Vec<u64> = ids.iter().map(|id| usage(*id).resident_bytes).collect();
        for (most, now) in lock(&most).iter_mut().zip(now) {
            *most = now.max(*most);
        }
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
}
