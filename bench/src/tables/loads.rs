//! A service under fixed rates, of customers who do not wait for each other: each a percentage of what it carries at most.

use std::{collections::BTreeMap, fmt, sync::Arc, thread, time::Duration};

use uuid::Uuid;

use super::{
    Bench,
    rounds::{LOST, NOT_DONE, Rounds, note_kinds, ratio},
};
use crate::{
    ground::{Service, Usage, Watch},
    load::{OpenLoop, Outcome, Work, closed_loop},
    report::{Report, Spread},
};

pub const OVERLOAD: u32 = 200;
/// Times as many clients, who wait for their answers; of whom one number is best: what is carried at most.
pub const PEAK_TIMES: [usize; 4] = [1, 2, 4, 6];
/// Asked for like the rest and told apart, so that as much is under way when the rest begins as when it ends.
const LEAD_IN: Duration = Duration::from_secs(1);
/// What twice the load drops to in the end, in percent of the peak: whether the shop is itself again.
pub const AFTERWARDS: u32 = 50;
const AFTERWARDS_FOR: Duration = Duration::from_secs(1);
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
pub struct Loaded {
    pub outcome: Outcome,
    /// Processor time of the load generator, in cores.
    pub own_cores: f64,
    /// Of each service, in the order in which they were named.
    pub usage: Vec<Usage>,
    /// As long as that was looked at, lead-in and all.
    pub watched_s: f64,
    /// The lead-in, and the second after twice the load; of no other.
    pub around: Option<[Outcome; 2]>,
}

impl Loaded {
    fn new(outcome: Outcome, lasting: Duration, watched: Duration, usage: Vec<Usage>) -> Self {
        let own_cores = outcome.own_cpu.as_secs_f64() / lasting.as_secs_f64();
        Self { outcome, own_cores, usage, watched_s: watched.as_secs_f64(), around: None }
    }

    /// What came around it as well.
    fn outcomes(&self) -> impl Iterator<Item = &Outcome> + Clone {
        std::iter::once(&self.outcome).chain(self.around.iter().flatten())
    }

    /// Sales a second for each core that the load generator left: it takes more of them at twice the load.
    pub fn per_core_left(&self) -> f64 {
        let cores = thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        self.outcome.per_second / (cores - self.own_cores)
    }
}

/// A service under each of the loads.
pub struct Loads {
    pub clients: usize,
    pub percents: Vec<u32>,
    measured: Rounds<Step, Loaded>,
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
        let (options, work) = (bench.options, Work::Sale { products, is_hot: false, key: Uuid::now_v7 });
        let clients = options.clients;
        let peaks = peak_steps(clients);
        let loads: Vec<Step> = percents.iter().map(|percent| Step::Load { percent: *percent }).collect();
        let mut rates = BTreeMap::new();
        let measured = Rounds::run_after(options, &peaks, &loads, async |step| {
            let watch = Watch::start(watched.iter().filter_map(|service| service.process.id()).collect());
            match step {
                Step::Peak { clients } => {
                    let outcome = closed_loop(service.at, &work, clients, options.round()).await?;
                    rates.insert(clients, outcome.per_second);
                    Ok(Loaded::new(outcome, options.round(), options.round(), watch.end()?))
                }
                Step::Load { percent } => {
                    let peak = rates.values().copied().fold(0.0, f64::max);
                    let asking = OpenLoop::new(service.at, &work);
                    load(asking, peak, percent, options.round() * TIMES_AS_LONG, watch).await
                }
            }
        });
        Ok(Self { clients, percents: percents.to_vec(), measured: measured.await? })
    }

    pub fn figure(&self, percent: u32, figure: impl Fn(&Loaded) -> f64) -> Spread {
        self.measured.figure(Step::Load { percent }, figure)
    }

    /// By as many clients as did best, round by round.
    pub fn peaks(&self, figure: fn(&Loaded) -> f64) -> Vec<f64> {
        let steps = peak_steps(self.clients);
        let of = |step, round: usize| figure(&self.measured.of(step)[round]);
        let rounds = 0..self.measured.of(steps[0]).len();
        rounds.map(|round| steps.iter().map(|step| of(*step, round)).fold(0.0, f64::max)).collect()
    }

    /// What was sold at twice the load, of what was carried at most in the same round.
    pub fn of_the_peak(&self, figure: fn(&Loaded) -> f64) -> Spread {
        let sold = self.measured.of(Step::Load { percent: OVERLOAD });
        Spread::of(sold.iter().zip(self.peaks(figure)).map(|(loaded, peak)| ratio(figure(loaded), peak)))
    }

    /// Says how many were not sold where they should have been; under a fixed rate, who is turned away is told in the table.
    pub fn note_failures(&self, service: &str, report: &mut Report) {
        let loads = self.percents.iter().map(|percent| Step::Load { percent: *percent });
        for step in peak_steps(self.clients).into_iter().chain(loads) {
            let kinds = match step {
                Step::Peak { .. } => &NOT_DONE[..],
                Step::Load { .. } => &LOST[..],
            };
            let outcomes = self.measured.of(step).iter().flat_map(Loaded::outcomes);
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

    /// Says so where twice the peak was no overload.
    pub fn note_underload(&self, report: &mut Report) {
        let refused = self.figure(OVERLOAD, |loaded| loaded.outcome.turned_away.count() as f64);
        if refused.median() == 0.0 {
            report.note("At twice the peak nobody was turned away: that was no overload.".to_owned());
        }
    }
}

async fn load(
    mut asking: OpenLoop,
    peak: f64,
    percent: u32,
    lasting: Duration,
    watch: Watch,
) -> anyhow::Result<Loaded> {
    let rate = |percent| peak * f64::from(percent) / 100.0;
    asking.ask(rate(percent), LEAD_IN).await;
    asking.ask(rate(percent), lasting).await;
    let usage = watch.end()?;
    if percent == OVERLOAD {
        asking.ask(rate(AFTERWARDS), AFTERWARDS_FOR).await;
    }
    let mut told = asking.end().await?.into_iter();
    let (lead_in, outcome) = (told.next().unwrap_or_default(), told.next().unwrap_or_default());
    let around = told.next().map(|afterwards| [lead_in, afterwards]);
    Ok(Loaded { around, ..Loaded::new(outcome, lasting, LEAD_IN + lasting, usage) })
}

fn peak_steps(clients: usize) -> [Step; PEAK_TIMES.len()] {
    PEAK_TIMES.map(|times| Step::Peak { clients: clients * times })
}

/// The most that was resident, in 10^6 bytes.
pub fn megabytes(usage: Usage) -> f64 {
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
