//! How soon `all` is ready on a grown store.

use std::time::Instant;

use nix::sys::signal::Signal;

use super::{Bench, grown::Stores};
use crate::{
    ground::start_service,
    report::{Goal, Report, Spread},
};

pub async fn measure(bench: &Bench<'_>, stores: &Stores, report: &mut Report) -> anyhow::Result<()> {
    let settings = [("POS__DATA_DIR", stores.sqlite.display().to_string())];
    let mut took_ms = Vec::new();
    // the first one reads the files into memory, as those rounds do that warm up
    for round in 0..=bench.options.rounds {
        let at = ([127, 0, 0, 1], bench.ground.port()?).into();
        let begun = Instant::now();
        let service = start_service(bench.ground, "all", at, &settings)?;
        service.ready().await?;
        if round > 0 {
            took_ms.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        service.process.end(Signal::SIGTERM).await;
    }
    report.goal(Goal::Ready, Spread::of(took_ms));
    Ok(())
}
