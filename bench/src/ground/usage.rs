//! What a process takes, as `/proc` tells it.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
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

/// Of a process and of all that it started; none where it is gone.
fn usage(id: u32) -> Option<Usage> {
    let mut sum = read(id)?;
    for child in children(id).into_iter().filter_map(usage) {
        sum.cpu += child.cpu;
        sum.resident_bytes += child.resident_bytes;
    }
    Some(sum)
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
        let before: Vec<Usage> = ids.iter().map(|id| usage(*id).unwrap_or_default()).collect();
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
        let most = lock(&self.most).clone();
        let all = self.ids.iter().zip(&self.before).zip(most);
        all.map(|((id, before), most)| {
            let now = usage(*id).with_context(|| format!("process {id} has ended while it was measured"))?;
            Ok(Usage {
                cpu: now.cpu.saturating_sub(before.cpu),
                resident_bytes: most.max(now.resident_bytes),
            })
        })
        .collect()
    }
}

async fn sample(ids: Vec<u32>, most: Arc<Mutex<Vec<u64>>>, ended: Arc<AtomicBool>) {
    while !ended.load(Ordering::Relaxed) {
        let now: Vec<u64> = ids.iter().map(|id| usage(*id).unwrap_or_default().resident_bytes).collect();
        for (most, now) in lock(&most).iter_mut().zip(now) {
            *most = now.max(*most);
        }
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
}
