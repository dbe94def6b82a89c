//! Whole sales: of random products, on one hot product, by one lone client; ours and pgbench's.

use std::fmt;

use uuid::Uuid;

use super::{
    Stand,
    rounds::{Rounds, ratio},
};
use crate::{
    load::{Outcome, Work, closed_loop},
    options::{Options, Table},
    pgbench::Script,
    report::{Goal, Lines, Report, Section, Series},
};

const STEPS: [usize; 6] = [1, 8, 32, 64, 128, 256];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seller {
    Ours,
    Lean,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Case {
    is_hot: bool,
    seller: Seller,
    clients: usize,
}

type Measured = Rounds<Case, Outcome>;

pub async fn measure(stand: &Stand<'_>, report: &mut Report) -> anyhow::Result<()> {
    let options = stand.bench.options;
    let cases = cases(options);
    if cases.is_empty() {
        return Ok(());
    }
    let measured = Rounds::run(options, &cases, async |case| sell(stand, case).await).await?;
    show_table(&cases, &measured, report);
    measured.note_failures(report);
    tell_goals(options, &measured, report);
    chart(options, &measured, report);
    Ok(())
}

fn cases(options: &Options) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |is_hot, seller, clients| cases.push(Case { is_hot, seller, clients });
    for (table, is_hot) in [(Table::Sales, false), (Table::Hot, true)] {
        if options.wants(table) {
            for clients in steps(options) {
                add(is_hot, Seller::Ours, clients);
                add(is_hot, Seller::Lean, clients);
            }
            add(is_hot, Seller::Full, options.clients);
        }
    }
    if options.wants(Table::Hot) {
        add(false, Seller::Ours, options.clients);
    }
    if options.wants(Table::Lone) {
        add(false, Seller::Ours, 1);
        add(false, Seller::Lean, 1);
    }
    cases.sort();
    cases.dedup();
    cases.sort_by_key(|case| (case.clients, case.is_hot, case.seller));
    cases
}

fn steps(options: &Options) -> Vec<usize> {
    let mut steps = STEPS.to_vec();
    steps.push(options.clients);
    steps.sort_unstable();
    steps.dedup();
    steps
}

async fn sell(stand: &Stand<'_>, case: Case) -> anyhow::Result<Outcome> {
    let lasting = stand.bench.options.round();
    let work = Work::Sale { products: stand.split.products.clone(), is_hot: case.is_hot, key: Uuid::now_v7 };
    match case.seller {
        Seller::Ours => closed_loop(stand.split.gateway.at, &work, case.clients, lasting).await,
        Seller::Lean => stand.pgbench.run(Script::LeanSale, case.is_hot, case.clients, lasting),
        Seller::Full => stand.pgbench.run(Script::FullSale, case.is_hot, case.clients, lasting),
    }
}

fn show_table(cases: &[Case], measured: &Measured, report: &mut Report) {
    let mut section = Section::new(
        "Whole sales",
        "Three lines out of all products; hot: the first line is always the same product. Through gateway, \
         order service (three of them) and product service on one PostgreSQL server with default durability; \
         pgbench on the same server, three transactions of one statement each: `lean` writes the least that a \
         sale needs, `full` every row and column that ours writes; counted by what ends within the round, which begins once \
         all clients of pgbench have run for a second. Each client waits for its answer.",
        &[
            "clients",
            "products",
            "who",
            "sales/s",
            "÷ pgbench lean",
            "p50 ms",
            "p99 ms",
            "CPU µs of the load, each",
        ],
    );
    for case in cases {
        let lean = Case { seller: Seller::Lean, ..*case };
        section.row(&[
            case.clients.to_string(),
            if case.is_hot { "hot" } else { "random" }.to_owned(),
            case.seller.to_string(),
            measured.figure(*case, |run| run.per_second).show(0),
            measured.compare(*case, lean, |run| run.per_second, ratio).show(2),
            measured.figure(*case, |run| run.within_ms(0.5)).show(2),
            measured.figure(*case, |run| run.within_ms(0.99)).show(2),
            measured.figure(*case, Outcome::own_cpu_each).show(0),
        ]);
    }
    report.section(section);
}

fn tell_goals(options: &Options, measured: &Measured, report: &mut Report) {
    let clients = options.clients;
    let ours = |is_hot| Case { is_hot, seller: Seller::Ours, clients };
    let lean = |is_hot| Case { is_hot, seller: Seller::Lean, clients };
    let rate = |run: &Outcome| run.per_second;
    if options.wants(Table::Sales) {
        report.goal(Goal::Sales, measured.compare(ours(false), lean(false), rate, ratio));
    }
    if options.wants(Table::Hot) {
        report.goal(Goal::Hot, measured.compare(ours(true), lean(true), rate, ratio));
        report.goal(Goal::HotToRandom, measured.compare(ours(true), ours(false), rate, ratio));
        let p99 = |run: &Outcome| run.within_ms(0.99);
        report.goal(Goal::HotLatency, measured.compare(ours(true), ours(false), p99, ratio));
    }
    if options.wants(Table::Lone) {
        let alone = |seller| Case { is_hot: false, seller, clients: 1 };
        let p50 = |run: &Outcome| run.within_ms(0.5);
        let over = measured.compare(alone(Seller::Ours), alone(Seller::Lean), p50, |ours, lean| ours - lean);
        report.goal(Goal::Lone, over);
    }
}

fn chart(options: &Options, measured: &Measured, report: &mut Report) {
    let series = |is_hot, seller: Seller, name: &str| -> Series {
        let steps = steps(options).into_iter().map(|clients| Case { is_hot, seller, clients });
        let known = steps.filter(|case| measured.has(*case));
        let points =
            known.map(|case| (case.clients as f64, measured.figure(case, |run| run.per_second).median()));
        (name.to_owned(), points.collect())
    };
    if !options.wants(Table::Sales) {
        return;
    }
    let random = [series(false, Seller::Ours, "ours"), series(false, Seller::Lean, "pgbench, lean")];
    let lines = Lines {
        title: "Whole sales of random products",
        across: "clients",
        up: "sales a second",
        logarithmic: false,
        series: random.to_vec(),
    };
    report.chart("throughput", lines.svg());
    if options.wants(Table::Hot) {
        let [(_, ours), (_, lean)] = random;
        let series = vec![
            ("ours, random".to_owned(), ours),
            series(true, Seller::Ours, "ours, hot"),
            ("pgbench, random".to_owned(), lean),
            series(true, Seller::Lean, "pgbench, hot"),
        ];
        let title = "Hot against random";
        report.chart("hot-against-random", Lines { title, series, ..lines }.svg());
    }
}

impl fmt::Display for Seller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ours => "ours",
            Self::Lean => "pgbench, lean",
            Self::Full => "pgbench, full",
        })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let products = if self.is_hot { "hot" } else { "random" };
        write!(formatter, "sales of {products} products by {} clients, {}", self.clients, self.seller)
    }
}
