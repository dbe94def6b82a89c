//! Whether a shop with many products and orders sells as much as a new one.

use std::fmt;

use uuid::Uuid;

use super::{
    Bench,
    grown::Stores,
    rounds::{Rounds, ratio},
};
use crate::{
    ground::Split,
    load::{Outcome, Work, closed_loop},
    report::{Bars, Goal, Report, Section},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Store {
    Small,
    Grown,
    /// The same, sold to with keys that do not begin with the time, as some clients make them.
    GrownByRandomKeys,
}

pub async fn measure(bench: &Bench<'_>, stores: &Stores, report: &mut Report) -> anyhow::Result<()> {
    let options = bench.options;
    // new at each run, so that it has no orders
    stores.postgres.drop_split_databases("small").await?;
    let new = stores.postgres.split_databases("small").await?;
    let small = Split::start(bench.ground, &new, options.products).await?;
    // as the grown one was when it was seeded
    stores.postgres.vacuum("small").await?;
    let grown = Split::start(bench.ground, &stores.databases, options.grown_products).await?;
    let sell = async |store| {
        let (shop, key): (_, fn() -> Uuid) = match store {
            Store::Small => (&small, Uuid::now_v7),
            Store::Grown => (&grown, Uuid::now_v7),
            Store::GrownByRandomKeys => (&grown, Uuid::new_v4),
        };
        let work = Work::Sale { products: shop.products.clone(), is_hot: false, key };
        closed_loop(shop.gateway.at, &work, options.clients, options.round()).await
    };
    let by_time = Rounds::run(options, &[Store::Small, Store::Grown], sell).await?;
    // apart, since they leave pages behind that the others would have to write
    let at_random = Rounds::run(options, &[Store::Small, Store::GrownByRandomKeys], sell).await?;
    let rows = [(Store::Small, &by_time), (Store::Grown, &by_time), (Store::GrownByRandomKeys, &at_random)];
    let mut section = Section::new(
        "A grown store",
        &format!(
            "Whole sales of random products by {} clients: {} products and no orders at first, against {} \
             products and {} orders, and those of earlier runs; PostgreSQL, both on one server. Keys \
             begin with the time, but for the last row's, which are random; that was measured in rounds of \
             its own, against a small store by time.",
            options.clients, options.products, options.grown_products, options.grown_orders
        ),
        &["store", "sales/s", "÷ small", "p50 ms", "p99 ms"],
    );
    let rate = |run: &Outcome| run.per_second;
    for (store, measured) in rows {
        section.row(&[
            store.to_string(),
            measured.figure(store, rate).show(0),
            measured.compare(store, Store::Small, rate, ratio).show(2),
            measured.figure(store, |run| run.within_ms(0.5)).show(2),
            measured.figure(store, |run| run.within_ms(0.99)).show(2),
        ]);
    }
    report.section(section);
    by_time.note_failures(report);
    at_random.note_failures(report);
    report.goal(Goal::Growth, by_time.compare(Store::Grown, Store::Small, rate, ratio));
    let bars =
        rows.map(|(store, measured)| (store.to_string(), measured.figure(store, rate).median())).to_vec();
    report.chart("growth", Bars { title: "Sales of a grown store", up: "a second", bars }.svg());
    Ok(())
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Small => "small",
            Self::Grown => "grown",
            Self::GrownByRandomKeys => "grown, random keys",
        })
    }
}
