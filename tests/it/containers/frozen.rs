//! A replica that accepts and never answers: paused in the middle of its work.

use std::time::{Duration, Instant};

use crate::support::wait::until;

use super::{trial::Trial, view};

const WITHIN: Duration = Duration::from_secs(90);
const OUT_WITHIN: Duration = Duration::from_secs(3);
const BACK_WITHIN: Duration = Duration::from_secs(5);
const PERCENTILE_99: Duration = Duration::from_millis(2_500);
const FROZEN_FOR: Duration = Duration::from_secs(10);
const SALES_BETWEEN: usize = 500;

pub async fn run(trial: &mut Trial) {
    let replica = trial.deployment.containers("order-service").await.remove(0);
    let network = trial.deployment.network("services");
    let address = replica.address(&network).await.unwrap();
    let tills = trial.open_tills();
    tills.sell(SALES_BETWEEN, WITHIN).await;

    replica.ask("pause").await;
    let paused = Instant::now();
    until("it is out", WITHIN, async || {
        let replicas = view::order_replicas(&trial.gateway).await;
        let is_out = replicas.get(&address).is_none_or(|replica| replica.state != "ready");
        is_out.then_some(())
    })
    .await;
    trial.figures.time("frozen: out after", paused.elapsed(), OUT_WITHIN);
    tokio::time::sleep(FROZEN_FOR.saturating_sub(paused.elapsed())).await;

    replica.ask("unpause").await;
    let back = Instant::now();
    view::until_shared(&trial.gateway, address, WITHIN).await;
    trial.figures.time("frozen: its share again after", back.elapsed(), BACK_WITHIN);
    let report = trial.close("frozen", tills).await;
    trial.figures.time("frozen: p99 of the clients", report.percentile(0.99), PERCENTILE_99);
    let slowest = report.percentile(1.0);
    trial.figures.note("frozen: slowest try", format!("{slowest:.1?}"));
    let failed = report.failed_first_tries();
    trial.figures.note("frozen: failed first tries", failed);
}
