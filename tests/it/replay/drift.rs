//! Model and code cannot drift apart: a model of another protocol is told from the code.

use protocol_model::{Flaw, Instance};
use tokio::task::LocalSet;

use super::schedules::{Seen, play, shops};
use crate::support::{engine::Engine::Sqlite, stores::Stores};

/// Schedules of each shop that are tried.
const MOST: u64 = 60;

/// The first schedule in which the code does not do what this model says.
async fn first_difference(flaw: Flaw) -> Option<String> {
    // of its own: where they differ, an order stays behind
    let stores = Stores::fresh(Sqlite).await;
    let shops = shops().map(|shop: Instance| shop.with_flaw(flaw));
    let mut seen = Seen::default();
    for seed in 0..MOST {
        for shop in &shops {
            let mut random = fastrand::Rng::with_seed(seed);
            if let Err(differs) = play(&stores, shop, &mut random, &mut seen).await {
                return Some(differs);
            }
        }
    }
    None
}

#[tokio::test]
async fn a_model_of_another_protocol_is_told_from_the_code() {
    LocalSet::new()
        .run_until(async {
            // which row is locked first cannot be seen on SQLite, which has one writer
            for flaw in Flaw::ALL.into_iter().filter(|flaw| *flaw != Flaw::LockAsRequested) {
                let differs = first_difference(flaw).await;
                let differs = differs.unwrap_or_else(|| panic!("the code does as {flaw:?} does"));
                println!("{flaw:?}: {differs}");
            }
        })
        .await;
}
