//! Fixed rates, by customers who do not wait for each other: how long sales take then, what is sold at twice what can
//! be, and what memory that takes.

use super::{
    Stand,
    loads::{AFTERWARDS, Loaded, Loads, OVERLOAD, PEAK_TIMES, megabytes},
};
use crate::{
    ground::Service,
    load::Outcome,
    options::Table,
    report::{Goal, Lines, Report, Section, Spread},
};

/// Of the peak, in percent.
const LOADS: [u32; 6] = [25, 50, 75, 90, 100, OVERLOAD];

pub async fn measure(stand: &Stand<'_>, report: &mut Report) -> anyhow::Result<()> {
    let options = stand.bench.options;
    let services: Vec<&Service> = stand.split.services().collect();
    let percents = if options.wants(Table::Overload) { &LOADS[..] } else { &[OVERLOAD] };
    let products = stand.split.products.clone();
    let loads = Loads::run(stand.bench, &stand.split.gateway, products, percents, &services).await?;
    show(&loads, report);
    loads.note_failures("the split shop", report);
    show_processes(&loads, &services, report);
    if options.wants(Table::Overload) {
        report.goal(Goal::OverloadSales, loads.of_the_peak(Loaded::per_core_left));
        report.goal(Goal::OverloadLatency, loads.figure(OVERLOAD, |loaded| loaded.outcome.within_ms(0.99)));
        chart(&loads, report);
    }
    if options.wants(Table::Memory) {
        report.goal(Goal::MemoryGateway, loads.most_resident(&services, "gateway"));
        report.goal(Goal::MemoryOrder, loads.most_resident(&services, "order"));
        report.goal(Goal::MemoryProduct, loads.most_resident(&services, "product"));
    }
    Ok(())
}

fn show(loads: &Loads, report: &mut Report) {
    let mut section = Section::new(
        "Under fixed rates",
        &format!(
            "Sales of random products through the gateway, as many a second as the row says, whether answered or not; \
             times run from when a sale was meant to be asked for. The peak is what {} clients who wait for their \
             answers buy at most in the same round: {} sales a second. Counted after a second of lead-in; the last \
             two rows are that second of twice the load, and the one in which the load drops straight afterwards. \
             CPU in cores, PostgreSQL's apart. Line 9 compares sales a second for each core that the generator \
             left to the shop; as they are it is {}.",
            PEAK_TIMES.map(|times| (loads.clients * times).to_string()).join(" or "),
            Spread::of(loads.peaks(per_second)).show(0),
            loads.of_the_peak(per_second).show(2)
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
    for percent in &loads.percents {
        let shop = |loaded: &Loaded| {
            loaded.usage.iter().map(|usage| usage.cpu.as_secs_f64()).sum::<f64>() / loaded.watched_s
        };
        let mut cells = vec![format!("{percent} %")];
        cells.extend(told(|figure| loads.figure(*percent, |loaded| figure(&loaded.outcome))));
        cells.push(loads.figure(*percent, shop).show(2));
        cells.push(loads.figure(*percent, |loaded| loaded.own_cores).show(2));
        section.row(&cells);
    }
    let around = [format!("{OVERLOAD} %, its first second"), format!("{AFTERWARDS} %, the second after it")];
    for (place, name) in around.into_iter().enumerate() {
        let figure = |figure: fn(&Outcome) -> f64| {
            let of =
                |loaded: &Loaded| loaded.around.as_ref().map_or(f64::NAN, |around| figure(&around[place]));
            loads.figure(OVERLOAD, of)
        };
        let mut cells = vec![name];
        cells.extend(told(figure));
        cells.extend(["–", "–"].map(str::to_owned));
        section.row(&cells);
    }
    report.section(section);
    loads.note_underload(report);
}

/// What the customers of one row were told.
fn told(figure: impl Fn(fn(&Outcome) -> f64) -> Spread) -> [String; 8] {
    [
        figure(|outcome| outcome.per_second).show(0),
        figure(|outcome| share(outcome.turned_away.count(), outcome)).show(1),
        figure(|outcome| share(outcome.unknown.count(), outcome)).show(1),
        figure(|outcome| share(outcome.failed, outcome)).show(1),
        figure(|outcome| outcome.within_ms(0.5)).show(2),
        figure(|outcome| outcome.within_ms(0.99)).show(1),
        figure(|outcome| outcome.within_ms(0.999)).show(1),
        figure(|outcome| outcome.turned_away.within_ms(0.99)).show(1),
    ]
}

fn show_processes(loads: &Loads, services: &[&Service], report: &mut Report) {
    let mut section = Section::new(
        "What each process takes at twice the load",
        "Processor time in cores; the most memory that was resident, of 10^6 bytes.",
        &["process", "CPU", "resident MB"],
    );
    for (place, service) in services.iter().enumerate() {
        let cpu = |loaded: &Loaded| loaded.usage[place].cpu.as_secs_f64() / loaded.watched_s;
        section.row(&[
            service.name.clone(),
            loads.figure(OVERLOAD, cpu).show(2),
            loads.figure(OVERLOAD, |loaded| megabytes(loaded.usage[place])).show(1),
        ]);
    }
    report.section(section);
}

fn chart(loads: &Loads, report: &mut Report) {
    let line = |name: &str, share: f64| {
        let value = |percent| loads.figure(percent, |loaded| loaded.outcome.within_ms(share)).median();
        let points = loads.percents.iter().map(|percent| (f64::from(*percent), value(*percent)));
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

fn per_second(loaded: &Loaded) -> f64 {
    loaded.outcome.per_second
}

/// In percent of all that were asked for.
fn share(count: u64, outcome: &Outcome) -> f64 {
    100.0 * count as f64 / outcome.asked().max(1) as f64
}
