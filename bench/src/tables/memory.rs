//! What one process on SQLite takes at twice the load that it carries; the split shop is measured with `overload`.

use super::{
    Bench,
    loads::{Loads, OVERLOAD},
};
use crate::{
    ground::All,
    report::{Goal, Report},
};

pub async fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let data = bench.ground.directory.join("memory");
    let all = All::start(bench.ground, &data, bench.options.products).await?;
    let services = [&all.service];
    let loads = Loads::run(bench, &all.service, all.products.clone(), &[OVERLOAD], &services).await?;
    loads.note_failures("`all`", report);
    loads.note_underload(report);
    report.goal(Goal::MemoryAll, loads.most_resident(&services, &all.service.name));
    Ok(())
}
