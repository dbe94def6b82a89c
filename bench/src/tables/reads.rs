//! A product by its id: the product service against pgbench, both by primary key and with prepared statements.

use std::fmt;

use super::{
    Stand,
    rounds::{Rounds, ratio},
};
use crate::{
    load::{Outcome, Work, closed_loop},
    pgbench::Script,
    report::{Goal, Report, Section},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reader {
    Ours,
    Pgbench,
}

const READERS: [Reader; 2] = [Reader::Ours, Reader::Pgbench];

pub async fn measure(stand: &Stand<'_>, report: &mut Report) -> anyhow::Result<()> {
    let options = stand.bench.options;
    let measured = Rounds::run(options, &READERS, async |reader| read(stand, reader).await).await?;
    let mut section = Section::new(
        "A product by its id",
        &format!(
            "`GET /products/{{id}}` at the product service, {} clients, any of {} products; pgbench selects \
             the same row by its primary key.",
            options.clients, options.products
        ),
        &["who", "reads/s", "÷ pgbench", "p50 ms", "p99 ms", "CPU µs of the load, each"],
    );
    let rate = |run: &Outcome| run.per_second;
    for reader in READERS {
        section.row(&[
            reader.to_string(),
            measured.figure(reader, rate).show(0),
            measured.compare(reader, Reader::Pgbench, rate, ratio).show(2),
            measured.figure(reader, |run| run.within_ms(0.5)).show(2),
            measured.figure(reader, |run| run.within_ms(0.99)).show(2),
            measured.figure(reader, Outcome::own_cpu_each).show(0),
        ]);
    }
    report.section(section);
    measured.note_failures(report);
    report.goal(Goal::Reads, measured.compare(Reader::Ours, Reader::Pgbench, rate, ratio));
    Ok(())
}

async fn read(stand: &Stand<'_>, reader: Reader) -> anyhow::Result<Outcome> {
    let (clients, lasting) = (stand.bench.options.clients, stand.bench.options.round());
    match reader {
        Reader::Ours => {
            let work = Work::Read { products: stand.split.products.clone() };
            closed_loop(stand.split.product.at, &work, clients, lasting).await
        }
        Reader::Pgbench => stand.pgbench.run(Script::Select, false, clients, lasting),
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ours => "product service",
            Self::Pgbench => "pgbench",
        })
    }
}
