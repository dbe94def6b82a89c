//! Three replicas get a third each.

use std::time::Duration;

use super::{trial::Trial, view};

const ORDERS: u64 = 3_000;
const WITHIN: Duration = Duration::from_secs(180);

pub async fn run(trial: &mut Trial) {
    let before = view::order_replicas(&trial.gateway).await;
    assert_eq!(before.len(), 3, "{before:?}");
    let tills = trial.open_tills();
    tills.sell(ORDERS as usize, WITHIN).await;
    let after = view::order_replicas(&trial.gateway).await;
    let report = trial.close("spread", tills).await;
    trial.figures.none("spread: failed first tries", report.failed_first_tries());

    let got: Vec<u64> =
        after.iter().map(|(address, replica)| replica.requests - before[address].requests).collect();
    let even = got.iter().sum::<u64>() as f64 / got.len() as f64;
    let farthest = got.iter().map(|&share| (share as f64 - even).abs() / even * 100.0);
    trial.figures.note("spread: requests of each replica", format!("{got:?}"));
    let p50 = report.percentile(0.5);
    trial.figures.note("spread: p50, p99", format!("{p50:?}, {:?}", report.percentile(0.99)));
    let farthest = farthest.fold(0.0, f64::max);
    trial.figures.at_most("spread: farthest from even", farthest, 10.0, " %", 20.0);
}
