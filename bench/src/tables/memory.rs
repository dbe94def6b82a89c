//! What one process on SQLite takes at twice the load that it carries; the split shop is measured with `overload`.

use super::{
    Bench,
    overload::{load_with, megabytes, peak},
};
use crate::{
    ground::All,
    load::Work,
    report::{Goal, Report, Spread},
};

pub async fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let data = bench.ground.directory.join("memory");
    let all = All::start(bench.ground, &data, bench.options.products).await?;
    let work = Work::Sale { products: all.products.clone(), is_hot: false };
    let peak = peak(bench, &all.service, &work).await?;
    let mut most = Vec::new();
    for _ in 0..bench.options.rounds {
        let loaded = load_with(bench, &all.service, &work, 2.0 * peak, &[&all.service]).await?;
        most.extend(loaded.usage.into_iter().map(megabytes));
    }
    report.goal(Goal::MemoryAll, Spread::of(most));
    Ok(())
}
