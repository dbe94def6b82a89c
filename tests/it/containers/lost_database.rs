//! Containers that lose their network, and databases that restart: clear words while it lasts, full service soon after.

use std::time::{Duration, Instant};

use super::{
    container::Container,
    tills::{Report, Tills},
    trial::Trial,
    view,
};

const WITHIN: Duration = Duration::from_secs(90);
const CUT_OFF_FOR: Duration = Duration::from_secs(10);
const FULL_SERVICE_WITHIN: Duration = Duration::from_secs(5);
/// Without any failure for this long it is full service.
const CALM: Duration = Duration::from_secs(6);
const SALES_BEFORE: usize = 300;

/// An order replica, then each database, without network for 10 s, and then at another address.
pub async fn cut_off(trial: &mut Trial) {
    let replica = trial.deployment.containers("order-service").await.remove(0);
    cut(trial, &replica, "order-service").await;
    view::until_ready(&trial.gateway, 3, WITHIN).await;
    for service in ["product-db", "order-db"] {
        let database = trial.deployment.container(service).await;
        cut(trial, &database, service).await;
    }
}

/// Each database anew.
pub async fn restarted(trial: &mut Trial) {
    for service in ["product-db", "order-db"] {
        let database = trial.deployment.container(service).await;
        let tills = sell_before(trial).await;
        database.ask("restart").await;
        let restored = Instant::now();
        tills.calm(CALM, WITHIN).await;
        full_service(trial, &format!("{service} restarted"), tills, restored).await;
    }
}

async fn cut(trial: &mut Trial, container: &Container, service: &str) {
    let networks = container.networks().await;
    let tills = sell_before(trial).await;
    for network in &networks {
        container.leave(network).await;
    }
    tokio::time::sleep(CUT_OFF_FOR).await;
    for network in &networks {
        // back at another address, as after a failover: nobody there says that the old connections are gone
        let squatter = Container::sleeping_in(network).await;
        container.join(network, service).await;
        squatter.remove().await;
    }
    let restored = Instant::now();
    tills.calm(CALM, WITHIN).await;
    full_service(trial, &format!("{service} cut off"), tills, restored).await;
}

async fn sell_before(trial: &Trial) -> Tills {
    let tills = trial.open_tills();
    tills.sell(SALES_BEFORE, WITHIN).await;
    tills
}

async fn full_service(trial: &mut Trial, what: &str, tills: Tills, restored: Instant) {
    let report: Report = trial.close(what, tills).await;
    let last = report.last_failure().unwrap_or(restored);
    let took = last.saturating_duration_since(restored);
    trial.figures.none(&format!("{what}: silent answers"), report.silent());
    trial.figures.time(&format!("{what}: full service after"), took, FULL_SERVICE_WITHIN);
}
