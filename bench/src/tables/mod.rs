//! Each table: what is measured for it, and how it is shown.

mod catalogue;
mod embedded;
mod grown;
mod growth;
mod hop;
mod loads;
mod memory;
mod overload;
mod reads;
mod ready;
mod rounds;
mod sales;

use crate::{
    ground::{Ground, Postgres, Split},
    options::{Options, Table},
    pgbench::Pgbench,
    report::Report,
    reportable,
};

/// What a table needs to be measured.
pub struct Bench<'a> {
    pub options: &'a Options,
    pub ground: &'a Ground,
}

/// The split shop, and pgbench beside it on the same server.
pub struct Stand<'a> {
    pub bench: &'a Bench<'a>,
    pub split: &'a Split,
    pub pgbench: &'a Pgbench<'a>,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    if options.report {
        reportable::check(options)?;
    }
    let wants = |tables: &[Table]| tables.iter().any(|table| options.wants(*table));
    let ground = Ground::make(options)?;
    let bench = Bench { options, ground: &ground };
    let mut report = Report::default();
    if wants(&[Table::Sales, Table::Hot, Table::Lone, Table::Reads, Table::Overload, Table::Memory]) {
        on_postgres(&bench, &mut report).await?;
    }
    if wants(&[Table::Embedded]) {
        embedded::measure(&bench, &mut report).await?;
    }
    if wants(&[Table::Memory]) {
        memory::measure(&bench, &mut report).await?;
    }
    if wants(&[Table::Hop]) {
        hop::measure(&bench, &mut report).await?;
    }
    if wants(&[Table::Growth, Table::Catalogue, Table::Ready]) {
        grown::measure(&bench, &mut report).await?;
    }
    report.write(options, bench.ground)
}

async fn on_postgres(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let Bench { options, ground } = *bench;
    let postgres = Postgres::start(ground, &ground.directory).await?;
    let databases = postgres.split_databases("shop").await?;
    let split = Split::start(ground, &databases, options.products).await?;
    let pgbench = Pgbench::prepare(ground, &postgres, &databases, options.products).await?;
    postgres.vacuum("shop").await?;
    let stand = Stand { bench, split: &split, pgbench: &pgbench };
    sales::measure(&stand, report).await?;
    if options.wants(Table::Reads) {
        reads::measure(&stand, report).await?;
    }
    if options.wants(Table::Overload) || options.wants(Table::Memory) {
        overload::measure(&stand, report).await?;
    }
    Ok(())
}
