//! SIGKILL to each order replica in turn, under load.

use std::{
    env,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use super::{container::Container, trial::Trial, view};

/// In all rounds together; `POS_TEST_ORDERS` says otherwise.
const ORDERS: usize = 20_000;
const WITHIN: Duration = Duration::from_secs(300);
/// From then on the dead get nothing; looked at for as long as an ejection and two look-ups last.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(1);
const LOOKED_AT_FOR: Duration = Duration::from_secs(4);
const SHARE_WITHIN: Duration = Duration::from_secs(5);
const PERCENT_OF_FIRST_TRIES: f64 = 0.1;

pub async fn run(trial: &mut Trial) {
    let orders = env::var("POS_TEST_ORDERS").map_or(ORDERS, |orders| orders.parse().unwrap());
    let replicas = trial.deployment.containers("order-service").await;
    let network = trial.deployment.network("services");
    let tills = trial.open_tills();
    for replica in &replicas {
        tills.sell(orders / replicas.len() / 2, WITHIN).await;
        let address = replica.address(&network).await.unwrap();
        replica.ask("kill").await;
        assert_forgotten(trial, address).await;
        tills.sell(orders / replicas.len() / 2, WITHIN).await;
        start_again(trial, replica, &network).await;
        view::until_ready(&trial.gateway, replicas.len(), WITHIN).await;
    }
    let report = trial.close("killed", tills).await;
    let failed = report.failed_first_tries() as f64 / report.sales.len() as f64 * 100.0;
    let must = PERCENT_OF_FIRST_TRIES;
    trial.figures.at_most("killed: first tries that failed", failed, must, " %", must);
}

async fn assert_forgotten(trial: &mut Trial, address: Ipv4Addr) {
    tokio::time::sleep(FORGOTTEN_AFTER).await;
    let before = view::requests_to(&trial.gateway, address).await;
    let until = Instant::now() + LOOKED_AT_FOR;
    let mut late = 0;
    while Instant::now() < until {
        let now = view::requests_to(&trial.gateway, address).await;
        late = late.max(now.saturating_sub(before));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    trial.figures.none("killed: requests to the dead after 1 s", late as usize);
}

async fn start_again(trial: &mut Trial, replica: &Container, network: &str) {
    replica.ask("start").await;
    let started = Instant::now();
    let address = replica.address(network).await.unwrap();
    view::until_shared(&trial.gateway, address, WITHIN).await;
    trial.figures.time("killed: its share again after", started.elapsed(), SHARE_WITHIN);
}
