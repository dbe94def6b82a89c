//! A rolling restart, as an upgrade makes it, under load.

use std::time::{Duration, Instant};

use super::{trial::Trial, view};

const WITHIN: Duration = Duration::from_secs(90);
const CALM: Duration = Duration::from_secs(3);
const SALES_BETWEEN: usize = 300;

pub async fn run(trial: &mut Trial) {
    let tills = trial.open_tills();
    tills.sell(SALES_BETWEEN, WITHIN).await;
    for replica in trial.deployment.containers("order-service").await {
        replica.ask("restart").await;
        view::until_ready(&trial.gateway, 3, WITHIN).await;
        tills.sell(SALES_BETWEEN, WITHIN).await;
    }
    let report = trial.close("order services restarted", tills).await;
    trial.figures.none("order services restarted: failed first tries", report.failed_first_tries());

    let tills = trial.open_tills();
    tills.sell(SALES_BETWEEN, WITHIN).await;
    let product = trial.deployment.container("product-service").await;
    let begun = Instant::now();
    product.ask("restart").await;
    let took = begun.elapsed();
    tills.calm(CALM, WITHIN).await;
    let report = trial.close("product service restarted", tills).await;
    let figures = &mut trial.figures;
    figures.note("product service restarted: the command took", format!("{:.1} s", took.as_secs_f64()));
    let last = report.last_failure().map(|last| last.saturating_duration_since(begun + took));
    figures.note("product service restarted: last failed try after it", format!("{last:.1?}"));
    figures.none("product service restarted: silent answers", report.silent());
}
