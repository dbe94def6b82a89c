//! Fixed rates, by customers who do not wait for each other: how long sales take then, what is sold at twice what can
//! be, and what memory that takes.

use std::fmt;

use super::{Bench, Stand, rounds::Rounds};
use crate::{
    ground::{Service, Usage, Watch},
    load::{Outcome, Work, closed_loop, open_loop},
    options::Table,
    report::{Goal, Lines, Report, Section, Spread},
};

/// Of the peak, in percent.
const LOADS: [u32; 6] = [25, 50, 75, 90, 100, 200];
const OVERLOAD: Load = Load(200);
/// Clients that wait for their answers, of whom one number is best: what is carried at most.
const PEAK_TIMES: [usize; 3] = [1, 2, 4];
/// An open loop needs as long to show what queues do.
const TIMES_AS_LONG: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Load(u32);

/// Under one load.
pub struct Loaded {
    pub outcome: Outcome,
    pub lasted_s: f64,
    /// Of each service, in the order in which they were named.
    pub usage: Vec<Usage>,
}

pub async fn measure(stand: &Stand<'_>, report: &mut Report) -> anyhow::Result<()> {
    let bench = stand.bench;
    let work = Work::Sale { products: stand.split.products.clone(), is_hot: false };
    let gateway = &stand.split.gateway;
    let peak = peak(bench, gateway, &work).await?;
    let services: Vec<&Service> = stand.split.services().collect();
    let loads = match bench.options.wants(Table::Overload) {
        true => LOADS.map(Load).to_vec(),
        false => vec![OVERLOAD],
    };
    let measured = Rounds::run(bench.options, &loads, async |load| {
        load_with(bench, gateway, &work, load.rate(peak), &services).await
    })
    .await?;
    show_table(&loads, &measured, bench.options.clients, peak, report);
    let sold = measured.figure(OVERLOAD, |loaded| loaded.outcome.per_second / peak);
    if bench.options.wants(Table::Overload) {
        report.goal(Goal::OverloadSales, sold);
        report.goal(
            Goal::OverloadLatency,
            measured.figure(OVERLOAD, |loaded| loaded.outcome.done.within_ms(0.99)),
        );
        chart(&loads, &measured, report);
    }
    if bench.options.wants(Table::Memory) {
        show_processes(&services, measured.of(OVERLOAD), report);
    }
    Ok(())
}

/// Sales a second of as many clients as are best.
pub async fn peak(bench: &Bench<'_>, service: &Service, work: &Work) -> anyhow::Result<f64> {
    let mut most = 0.0_f64;
    for times in PEAK_TIMES {
        let clients = bench.options.clients * times;
        let rates = Rounds::run(bench.options, &[Load(100)], async |_| {
            Ok(closed_loop(service.at, work, clients, bench.options.round()).await?.per_second)
        });
        most = most.max(rates.await?.figure(Load(100), |rate| *rate).median());
    }
    Ok(most)
}

/// So many sales a second are asked for.
pub async fn load_with(
    bench: &Bench<'_>,
    service: &Service,
    work: &Work,
    rate: f64,
    watched: &[&Service],
) -> anyhow::Result<Loaded> {
    let lasting = bench.options.round() * TIMES_AS_LONG;
    let watch = Watch::start(watched.iter().filter_map(|service| service.process.id()).collect());
    let outcome = open_loop(service.at, work, rate, lasting).await?;
    Ok(Loaded { outcome, lasted_s: lasting.as_secs_f64(), usage: watch.end() })
}

fn show_table(
    loads: &[Load],
    measured: &Rounds<Load, Loaded>,
    clients: usize,
    peak: f64,
    report: &mut Report,
) {
    let mut section = Section::new(
        "Under fixed rates",
        &format!(
            "Sales of random products through the gateway, as many a second as the row says, whether answered \
             or not; times run from when a sale was meant to be asked for. 100 % is what {} clients who wait \
             for their answers buy at most: {peak:.0} sales a second. CPU in cores.",
            PEAK_TIMES.map(|times| (clients * times).to_string()).join(" or ")
        ),
        &[
            "asked for",
            "sales/s",
            "turned away",
            "failed",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "told no, p99 ms",
            "CPU of the shop",
            "CPU of the generator",
        ],
    );
    let share = |count: u64, outcome: &Outcome| {
        let all = outcome.done.count() + outcome.turned_away.count() + outcome.failed;
        100.0 * count as f64 / all.max(1) as f64
    };
    for load in loads {
        let figure = |figure: fn(&Outcome) -> f64| measured.figure(*load, |loaded| figure(&loaded.outcome));
        let refused =
            measured.figure(*load, |loaded| share(loaded.outcome.turned_away.count(), &loaded.outcome));
        let failed = measured.figure(*load, |loaded| share(loaded.outcome.failed, &loaded.outcome));
        let shop = measured.figure(*load, |loaded| {
            loaded.usage.iter().map(|usage| usage.cpu.as_secs_f64()).sum::<f64>() / loaded.lasted_s
        });
        let own = measured.figure(*load, |loaded| loaded.outcome.own_cpu.as_secs_f64() / loaded.lasted_s);
        section.row(&[
            format!("{} %", load.0),
            figure(|outcome| outcome.per_second).show(0),
            format!("{} %", refused.show(1)),
            format!("{} %", failed.show(1)),
            figure(|outcome| outcome.done.within_ms(0.5)).show(2),
            figure(|outcome| outcome.done.within_ms(0.99)).show(1),
            figure(|outcome| outcome.done.within_ms(0.999)).show(1),
            figure(|outcome| outcome.turned_away.within_ms(0.99)).show(1),
            shop.show(2),
            own.show(2),
        ]);
    }
    report.section(section);
}

fn chart(loads: &[Load], measured: &Rounds<Load, Loaded>, report: &mut Report) {
    let line = |name: &str, share: f64| {
        let value =
            |load: Load| measured.figure(load, |loaded| loaded.outcome.done.within_ms(share)).median();
        (name.to_owned(), loads.iter().map(|load| (f64::from(load.0), value(*load))).collect())
    };
    let lines = Lines {
        title: "How long a sale takes",
        across: "load in percent of the peak",
        up: "ms",
        logarithmic: true,
        series: vec![line("p50", 0.5), line("p99", 0.99), line("p99.9", 0.999)],
    };
    report.chart("latency", lines.svg());
}

fn show_processes(services: &[&Service], rounds: &[Loaded], report: &mut Report) {
    let mut section = Section::new(
        "What each process takes at twice the load",
        "Processor time in cores; the most memory that was resident, of 10^6 bytes.",
        &["process", "CPU", "resident MB"],
    );
    for (place, service) in services.iter().enumerate() {
        let cpu = |loaded: &Loaded| loaded.usage[place].cpu.as_secs_f64() / loaded.lasted_s;
        let resident = |loaded: &Loaded| megabytes(loaded.usage[place]);
        section.row(&[
            service.name.clone(),
            Spread::of(rounds.iter().map(cpu)).show(2),
            Spread::of(rounds.iter().map(resident)).show(1),
        ]);
    }
    report.section(section);
    let most = |name: &str| {
        let of = |loaded: &Loaded| {
            let named = services.iter().zip(&loaded.usage).filter(|(service, _)| service.name == name);
            named.map(|(_, usage)| megabytes(*usage)).fold(0.0, f64::max)
        };
        Spread::of(rounds.iter().map(of))
    };
    report.goal(Goal::MemoryGateway, most("gateway"));
    report.goal(Goal::MemoryOrder, most("order"));
    report.goal(Goal::MemoryProduct, most("product"));
}

/// The most that was resident, in 10^6 bytes.
pub fn megabytes(usage: Usage) -> f64 {
    usage.resident_bytes as f64 / 1e6
}

impl Load {
    fn rate(self, peak: f64) -> f64 {
        peak * f64::from(self.0) / 100.0
    }
}

impl fmt::Display for Load {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sales at {} % of the peak", self.0)
    }
}
