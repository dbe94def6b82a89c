//! Clients that behave as tills and clerks do.

mod catalogue;
mod clerk;
mod door;
mod till;

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

pub use catalogue::Catalogue;
use clerk::Clerk;
use door::Caller;
pub use door::{Doors, Tally};
use till::Till;

use crate::{history::History, stop::Stop};

const CLERKS: u32 = 4;
/// How often a request is repeated before its client gives up.
const TRIES: u32 = 5;
/// Between two tries.
const PAUSE_MS: std::ops::Range<u64> = 20..400;

/// What all clients share.
pub struct Floor {
    pub doors: Doors,
    pub catalogue: Catalogue,
    pub history: History,
    pub tally: Tally,
    pub seed: u64,
    pub run: Stop,
}

/// Puts products into the shop, before any fault.
///
/// # Errors
/// When the shop does not take them.
pub async fn stock_up(floor: &Arc<Floor>) -> anyhow::Result<()> {
    let mut clerk = Clerk::new(floor.clone(), CLERKS);
    for slot in 0..catalogue::SLOTS {
        anyhow::ensure!(clerk.create(slot).await, "the shop does not take products");
    }
    Ok(())
}

/// All of them, until the run's end.
pub fn open(floor: &Arc<Floor>, tills: u32) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for number in 0..tills {
        clients.spawn(Till::new(floor.clone(), number).work());
    }
    for number in 0..CLERKS {
        clients.spawn(Clerk::new(floor.clone(), number).work());
    }
    clients
}

/// Reads orders that were told, once all is over.
pub async fn read_again(floor: &Arc<Floor>, sales: Vec<(String, Option<uuid::Uuid>)>) {
    let mut caller = Caller::new(floor.clone(), u64::from(u32::MAX));
    for (number, (sale, order)) in sales.into_iter().enumerate() {
        let what = crate::history::What::Read { sale, order };
        caller.ask(&format!("last-read-{number:010}"), 0, &what).await;
    }
}

fn pause(random: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(random.u64(PAUSE_MS))
}
