//! Fixed rates, by customers who do not wait for each other: how long sales take then, what is sold at twice what can
//! be, and what memory that takes.

use std::{collections::BTreeMap, fmt, sync::Arc, thread, time::Duration};

use uuid::Uuid;

use super::{
    Bench, Stand,
    rounds::{NOT_DONE, Rounds, note_kinds, ratio},
};
use crate::{
    ground::{Service, Usage, Watch},
    load::{LEAD_IN, Outcome, Work, closed_loop, open_loop},
    options::Table,
    report::{Goal, Lines, Report, Section, Spread},
};

/// Of the peak, in percent.
const LOADS: [u32; 6] = [25, 50, 75, 90, 100, 200];
pub const OVERLOAD: u32 = 200;
/// Times as many clients, who wait for their answers; of whom one number is best: what is carried at most.
const PEAK_TIMES: [usize; 4] = [1, 2, 4, 6];
/// An open loop needs as long to show what queues do.
const TIMES_AS_LONG: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// What is carried at most, in this round.
    Peak {
        clients: usize,
    },
    Load {
        percent: u32,
    },
}

/// Under one load.
struct Loaded {
    outcome: Outcome,
    lasted_s: f64,
    /// Of each service, in the order in which they were named.
    usage: Vec<Usage>,
}

impl Loaded {
    /// Processor time of the load generator, in cores.
    fn own_cores(&self) -> f64 {
        self.outcome.own_cpu.as_secs_f64() / self.lasted_s
    }

    /// Sales a second for each core that the load generator left: it takes more of them at twice the load.
    fn per_core_left(&self) -> f64 {
        let cores = thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        self.outcome.per_second / (cores - self.own_cores())
    }
}

/// A service under each of the loads.
pub struct Loads {
    clients: usize,
    percents: Vec<u32>,
    measured: Rounds<Step, Loaded>,
}

pub async fn measure(stand: &Stand<'_>, report: &mut Report) -> anyhow::Result<()> {
    let options = stand.bench.options;
    let services: Vec<&Service> = stand.split.services().collect();
    let percents = if options.wants(Table::Overload) { &LOADS[..] } else { &[OVERLOAD] };
    let products = stand.split.products.clone();
    let loads = Loads::run(stand.bench, &stand.split.gateway, products, percents, &services).await?;
    loads.show(report);
    loads.note_failures("the split shop", report);
    loads.show_processes(&services, report);
    if options.wants(Table::Overload) {
        report.goal(Goal::OverloadSales, loads.of_the_peak(Loaded::per_core_left));
        report.goal(Goal::OverloadLatency, loads.figure(OVERLOAD, |loaded| loaded.outcome.within_ms(0.99)));
        loads.chart(report);
    }
    if options.wants(Table::Memory) {
        report.goal(Goal::MemoryGateway, loads.most_resident(&services, "gateway"));
        report.goal(Goal::MemoryOrder, loads.most_resident(&services, "order"));
        report.goal(Goal::MemoryProduct, loads.most_resident(&services, "product"));
    }
    Ok(())
}

impl Loads {
    /// Each percentage is of the peak of the same round.
    pub async fn run(
        bench: &Bench<'_>,
        service: &Service,
        products: Arc<[Uuid]>,
        percents: &[u32],
        watched: &[&Service],
    ) -> anyhow::Result<Self> {
        let (options, work) = (bench.options, Work::Sale { products, is_hot: false });
        let clients = options.clients;
        let peaks = peak_steps(clients);
        let loads: Vec<Step> = percents.iter().map(|percent| Step::Load { percent: *percent }).collect();
        let mut rates = BTreeMap::new();
        let measured = Rounds::run_after(options, &peaks, &loads, async |step| {
            let watch = Watch::start(watched.iter().filter_map(|service| service.process.id()).collect());
            let (lasting, lead_in) = match step {
                Step::Peak { .. } => (options.round(), Duration::ZERO),
                Step::Load { .. } => (options.round() * TIMES_AS_LONG, LEAD_IN),
            };
            let outcome = match step {
                Step::Peak { clients } => {
                    let outcome = closed_loop(service.at, &work, clients, lasting).await?;
                    rates.insert(clients, outcome.per_second);
                    outcome
                }
                Step::Load { percent } => {
                    let rate = rates.values().copied().fold(0.0, f64::max) * f64::from(percent) / 100.0;
                    open_loop(service.at, &work, rate, lasting).await?
                }
            };
            Ok(Loaded { outcome, lasted_s: (lead_in + lasting).as_secs_f64(), usage: watch.end()? })
        });
        Ok(Self { clients, percents: percents.to_vec(), measured: measured.await? })
    }

    fn figure(&self, percent: u32, figure: impl Fn(&Loaded) -> f64) -> Spread {
        self.measured.figure(Step::Load { percent }, figure)
    }

    /// By as many clients as did best, round by round.
    fn peaks(&self, figure: fn(&Loaded) -> f64) -> Vec<f64> {
        let steps = peak_steps(self.clients);
        let of = |step, round: usize| figure(&self.measured.of(step)[round]);
        let rounds = 0..self.measured.of(steps[0]).len();
        rounds.map(|round| steps.iter().map(|step| of(*step, round)).fold(0.0, f64::max)).collect()
    }

    /// What was sold at twice the load, of what was carried at most in the same round.
    fn of_the_peak(&self, figure: fn(&Loaded) -> f64) -> Spread {
        let sold = self.measured.of(Step::Load { percent: OVERLOAD });
        Spread::of(sold.iter().zip(self.peaks(figure)).map(|(loaded, peak)| ratio(figure(loaded), peak)))
    }

    /// Says how many were not sold where they should have been; under a fixed rate, who is turned away is told in the table.
    pub fn note_failures(&self, service: &str, report: &mut Report) {
        let loads = self.percents.iter().map(|percent| Step::Load { percent: *percent });
        for step in peak_steps(self.clients).into_iter().chain(loads) {
            let kinds = match step {
                Step::Peak { .. } => &NOT_DONE[..],
                Step::Load { .. } => &NOT_DONE[1..],
            };
            let outcomes = self.measured.of(step).iter().map(|loaded| &loaded.outcome);
            note_kinds(report, &format!("{service}, {step}"), outcomes, kinds);
        }
    }

    /// Megabytes at twice the load; the largest where several have the name.
    pub fn most_resident(&self, services: &[&Service], name: &str) -> Spread {
        self.figure(OVERLOAD, |loaded| {
            let named = services.iter().zip(&loaded.usage).filter(|(service, _)| service.name == name);
            named.map(|(_, usage)| megabytes(*usage)).fold(0.0, f64::max)
        })
    }

    fn show(&self, report: &mut Report) {
        let mut section = Section::new(
            "Under fixed rates",
            &format!(
                "Sales of random products through the gateway, as many a second as the row says, whether answered or not; \
                 times run from when a sale was meant to be asked for. The peak is what {} clients who wait for their \
                 answers buy at most in the same round: {} sales a second. Counted after a second of lead-in. \
                 CPU in cores, PostgreSQL's apart. Line 9 compares sales a second for each core that the generator \
                 left to the shop; as they are it is {}.",
                PEAK_TIMES.map(|times| (self.clients * times).to_string()).join(" or "),
                Spread::of(self.peaks(per_second)).show(0),
                self.of_the_peak(per_second).show(2)
            ),
            &[
                "of the peak",
                "sales/s",
                "turned away %",
                "unknown %",
                "failed %",
                "p50 ms",
                "p99 ms",
                "p99.9 ms",
                "told no, p99 ms",
                "CPU of pos",
                "of the generator",
            ],
        );
        for percent in &self.percents {
            let figure =
                |figure: fn(&Outcome) -> f64| self.figure(*percent, |loaded| figure(&loaded.outcome));
            let shop = |loaded: &Loaded| {
                loaded.usage.iter().map(|usage| usage.cpu.as_secs_f64()).sum::<f64>() / loaded.lasted_s
            };
            section.row(&[
                format!("{percent} %"),
                figure(|outcome| outcome.per_second).show(0),
                figure(|outcome| share(outcome.turned_away.count(), outcome)).show(1),
                figure(|outcome| share(outcome.unknown.count(), outcome)).show(1),
                figure(|outcome| share(outcome.failed, outcome)).show(1),
                figure(|outcome| outcome.within_ms(0.5)).show(2),
                figure(|outcome| outcome.within_ms(0.99)).show(1),
                figure(|outcome| outcome.within_ms(0.999)).show(1),
                figure(|outcome| outcome.turned_away.within_ms(0.99)).show(1),
                self.figure(*percent, shop).show(2),
                self.figure(*percent, Loaded::own_cores).show(2),
            ]);
        }
        report.section(section);
        self.note_underload(report);
    }

    /// Says so where twice the peak was no overload.
    pub fn note_underload(&self, report: &mut Report) {
        let refused = self.figure(OVERLOAD, |loaded| loaded.outcome.turned_away.count() as f64);
        if refused.median() == 0.0 {
            report.note("At twice the peak nobody was turned away: that was no overload.".to_owned());
        }
    }

    fn show_processes(&self, services: &[&Service], report: &mut Report) {
        let mut section = Section::new(
            "What each process takes at twice the load",
            "Processor time in cores; the most memory that was resident, of 10^6 bytes.",
            &["process", "CPU", "resident MB"],
        );
        for (place, service) in services.iter().enumerate() {
            let cpu = |loaded: &Loaded| loaded.usage[place].cpu.as_secs_f64() / loaded.lasted_s;
            section.row(&[
                service.name.clone(),
                self.figure(OVERLOAD, cpu).show(2),
                self.figure(OVERLOAD, |loaded| megabytes(loaded.usage[place])).show(1),
            ]);
        }
        report.section(section);
    }

    fn chart(&self, report: &mut Report) {
        let line = |name: &str, share: f64| {
            let value = |percent| self.figure(percent, |loaded| loaded.outcome.within_ms(share)).median();
            let points = self.percents.iter().map(|percent| (f64::from(*percent), value(*percent)));
            (name.to_owned(), points.collect())
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
}

fn peak_steps(clients: usize) -> [Step; PEAK_TIMES.len()] {
    PEAK_TIMES.map(|times| Step::Peak { clients: clients * times })
}

fn per_second(loaded: &Loaded) -> f64 {
    loaded.outcome.per_second
}

/// In percent of all that were asked for.
fn share(count: u64, outcome: &Outcome) -> f64 {
    100.0 * count as f64 / outcome.asked().max(1) as f64
}

/// The most that was resident, in 10^6 bytes.
fn megabytes(usage: Usage) -> f64 {
    usage.resident_bytes as f64 / 1e6
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peak { clients } => write!(formatter, "sales by {clients} clients"),
            Self::Load { percent } => write!(formatter, "sales at {percent} % of the peak"),
        }
    }
}
