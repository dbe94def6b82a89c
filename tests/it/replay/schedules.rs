//! Schedules drawn from a seed, and what was seen while they were played.

use std::{
    collections::HashSet,
    mem::{Discriminant, discriminant},
};

use protocol_model::{Instance, Role, State, Step, describe};
use rstest::rstest;
use tokio::task::LocalSet;

use super::{play::Play, shop::Differs};
use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    stores::Stores,
};

/// Where trouble is drawn, it comes once in so many times: else all of it would come at once, and nobody get anywhere.
const TROUBLE: u32 = 6;

/// Of each shop.
const SCHEDULES: u64 = 30;

/// What was seen.
#[derive(Default)]
pub struct Seen {
    schedules: usize,
    steps: usize,
    states: HashSet<State>,
    kinds: HashSet<Discriminant<Step>>,
}

/// Plays one schedule to its end, where nobody can do anything any more.
pub async fn play(
    stores: &Stores,
    instance: &Instance,
    random: &mut fastrand::Rng,
    seen: &mut Seen,
) -> Result<(), Differs> {
    let mut real = Play::open(stores, instance).await;
    let mut state = instance.opened();
    let mut so_far = String::new();
    seen.schedules += 1;
    while let Some(step) = choose(instance, &state, random) {
        so_far = format!("{so_far}\n  {}", describe(instance, &state, step));
        let next = instance.after(&state, step);
        real.take(&state, step, &next).await.map_err(|differs| format!("{differs}, after:{so_far}"))?;
        seen.steps += 1;
        seen.kinds.insert(discriminant(&step));
        state = next;
        seen.states.insert(state.clone());
    }
    Ok(())
}

fn choose(instance: &Instance, state: &State, random: &mut fastrand::Rng) -> Option<Step> {
    let steps = instance.steps(state);
    let is_trouble = |step: Step| {
        matches!(step, Step::LeaveOff(_)) || instance.after(state, step).faults_left < state.faults_left
    };
    let only_trouble = steps.iter().all(|step| is_trouble(*step));
    loop {
        let step = *random.choice(&steps)?;
        if only_trouble || !is_trouble(step) || random.u32(..TROUBLE) == 0 {
            return Some(step);
        }
    }
}

/// The shops that are played.
pub fn shops() -> [Instance; 4] {
    let till = |order| (Role::Till(0), order);
    let other_request = (Role::Till(1), 0);
    let canceller = (Role::Canceller, 0);
    let crosswise = Instance {
        opening: vec![1, 1],
        orders: vec![vec![0, 1], vec![1, 0]],
        ..Instance::of_one_product(1, &[till(0), till(1)])
    };
    [
        Instance::of_one_product(1, &[till(0), till(1), till(0)]).with_receipt(0).with_faults(2),
        Instance::of_one_product(1, &[till(0), till(0), canceller]).with_faults(3).with_lateness(),
        Instance::of_one_product(1, &[till(0), other_request, canceller]).with_faults(3),
        crosswise.with_receipt(1).with_faults(3),
    ]
    .map(Instance::in_whole_calls)
}

/// Every step that the protocol knows, `AnswerEarly` excepted, which is a flaw's.
const KINDS: usize = 25;

#[rstest]
#[tokio::test]
async fn the_code_does_what_the_model_says(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let mut seen = Seen::default();
    LocalSet::new()
        .run_until(async {
            for (number, shop) in shops().iter().enumerate() {
                for seed in 0..SCHEDULES {
                    let mut random = fastrand::Rng::with_seed(seed);
                    let played = play(&stores, shop, &mut random, &mut seen).await;
                    played.unwrap_or_else(|differs| panic!("shop {number}, seed {seed}: {differs}"));
                }
            }
        })
        .await;
    let found = stores.audit().await;
    assert_eq!(found.pending, 0, "every schedule ends decided");
    println!(
        "{} schedules, {} steps, {} states of the model; {} orders, {} confirmed",
        seen.schedules,
        seen.steps,
        seen.states.len(),
        found.orders,
        found.confirmed
    );
    assert_eq!(seen.kinds.len(), KINDS, "every kind of step was taken");
}
