//! The end-to-end suite of this very binary, run against the gateway: to a client it is the shop.

use std::{env, process::Command};

use super::trial::Trial;

/// What a service says of itself and the gateway does not: its own figures.
const OF_A_SERVICE_ALONE: &str = "figures_count_requests_and_orders";
const AT_LEAST: usize = 60;

/// Fails as the suite does, with what it said.
pub async fn run(trial: &mut Trial) {
    let mut suite = Command::new(env::current_exe().unwrap());
    // each test once, whatever the shapes it is written for
    suite
        .args(["end_to_end::", "--skip", "AllOnSqlite", "--skip", "AllOnPostgres"])
        .args(["--skip", OF_A_SERVICE_ALONE, "--test-threads", "4"])
        .env("POS_TEST_SHOP", &trial.gateway.url);

    let output = tokio::task::spawn_blocking(move || suite.output()).await.unwrap().unwrap();

    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    let passed = told.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ok")).count();
    trial.figures.note("end-to-end tests passed through the gateway", passed);
    assert!(passed >= AT_LEAST, "only {passed} tests were run");
}
