//! A run: the shop, its clients, storms of faults with calm between them, and the check.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    audit::audit,
    check::{Findings, check, told_sales},
    clients::{self, Catalogue, Floor, Tally},
    faults::Storms,
    history::History,
    options::{Options, Shape},
    pending::{left_by_faults, resolve},
    place,
    report::Report,
    shop::Shop,
    stop::Stop,
};

const CALM: Duration = Duration::from_secs(2);
/// `pos audit` beside a shop that sells, at the first calm and after so many more.
const AUDIT_EVERY: u32 = 12;
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
/// Each client ends the sale that it is at.
const CLIENTS_END_WITHIN: Duration = Duration::from_secs(120);
const WIRES_EMPTY_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AFTER_EVERY: Duration = Duration::from_millis(100);
/// Orders that are read through the shop once all is over.
const READ_AGAIN: usize = 300;
/// What PostgreSQL's log says where a fault did what it was meant to.
const LOGGED: [&str; 5] = [
    "due to statement timeout",
    "due to lock timeout",
    "due to user request",
    "too many connections for role",
    "due to administrator command",
];

/// Whether nothing was violated.
pub async fn run(options: &Options, stop: Stop) -> anyhow::Result<bool> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let pos = find_pos(options.pos.as_deref())?;
    let directory = place::make_directory(options.directory.as_deref(), &format!("pos-torture-{seed}"))?;
    println!("torture: {} with seed {seed}, in {}", options.shape.name(), directory.display());
    let history = History::create(&directory.join("history.jsonl"))?;
    let outcome = tokio::select! {
        outcome = run_in(&directory, options, seed, &pos, stop, history.clone()) => outcome,
        error = history.failed() => Err(error),
    };
    let is_clean = matches!(outcome, Ok(true));
    if is_clean && !options.keep {
        fs::remove_dir_all(&directory).with_context(|| format!("{} stays", directory.display()))?;
    } else {
        println!("\nKept: {}; the seed was {seed}.", directory.display());
    }
    outcome
}

async fn run_in(
    directory: &Path,
    options: &Options,
    seed: u64,
    pos: &Path,
    stop: Stop,
    history: History,
) -> anyhow::Result<bool> {
    let shop = Arc::new(Shop::start(options, seed, directory, pos, &history).await?);
    let outcome = run_on(&shop, directory, options, seed, stop, history).await;
    if options.keep || !matches!(outcome, Ok(true)) {
        shop.keep(directory)?;
    }
    outcome
}

/// A storm over this shop, and the check of what it leaves.
async fn run_on(
    shop: &Arc<Shop>,
    directory: &Path,
    options: &Options,
    seed: u64,
    stop: Stop,
    history: History,
) -> anyhow::Result<bool> {
    let (ender, run) = crate::stop::phase();
    let floor = Arc::new(Floor {
        doors: shop.doors.clone(),
        catalogue: Catalogue::default(),
        history: history.clone(),
        tally: Tally::default(),
        seed,
        run,
    });
    clients::stock_up(&floor).await?;
    let mut background = JoinSet::new();
    background.spawn(look_after(shop.clone()));
    background.spawn(show_progress(floor.clone()));
    let mut running = clients::open(&floor, options.tills);
    let begun = Instant::now();
    let mut findings = Findings::default();
    let mut storms = Storms::new(shop, options.shape, seed, &options.only)?;
    let mut pending = Vec::new();
    weather(options, shop, &mut storms, &stop, &mut pending, &mut findings).await?;
    let took = begun.elapsed();

    ender.end();
    let ended = async {
        while let Some(ended) = running.join_next().await {
            ended?;
        }
        anyhow::Ok(())
    };
    timeout(CLIENTS_END_WITHIN, ended).await.context("a client does not end")??;
    drain(shop).await;
    println!("all faults and clients have ended; checking");
    pending.extend(calm_down(shop, &mut findings).await?);
    clients::read_again(&floor, told_sales(&history, READ_AGAIN)?).await;
    check(shop, &history, &mut findings).await?;
    let audit = audit(shop, &mut findings).await?;
    look_for_panics(shop, &mut findings);
    let report = Report {
        options,
        seed,
        took,
        answers: floor.tally.all(),
        faults: storms.counts(),
        harms: harms(shop),
        logged: logged(options.shape, shop),
        ended_by_itself: shop.processes.iter().map(|process| process.ended_by_itself()).sum(),
        pending,
        findings: &findings,
        audit,
    };
    let report = report.markdown();
    println!("\n{report}");
    let is_clean = findings.total() == 0 && findings.unchecked().is_empty();
    if !is_clean {
        fs::write(directory.join("report.md"), report)?;
    }
    // who still holds the shop would hold its disk
    background.shutdown().await;
    anyhow::ensure!(is_clean || findings.total() > 0, "could not check: {}", findings.unchecked().join("; "));
    Ok(is_clean)
}

/// Storms, each followed by calm, in which all that is undecided must be decided.
async fn weather(
    options: &Options,
    shop: &Arc<Shop>,
    storms: &mut Storms,
    stop: &Stop,
    pending: &mut Vec<Duration>,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let (begun, all) = (Instant::now(), Duration::from_secs_f64(options.minutes * 60.0));
    let mut calms = 0;
    while begun.elapsed() < all && !stop.has_come() {
        let storm = storms.next_length().min(all.saturating_sub(begun.elapsed()));
        storms.rage(storm, stop).await;
        pending.extend(calm_down(shop, findings).await?);
        calms += 1;
        if calms % AUDIT_EVERY == 1 {
            audit(shop, findings).await?;
        }
        stop.pause(CALM).await;
    }
    Ok(())
}

async fn calm_down(shop: &Shop, findings: &mut Findings) -> anyhow::Result<Vec<Duration>> {
    let left = left_by_faults(shop).await;
    if let Err(error) = shop.well().await {
        findings.violation("services are well once faults end", format!("{error:#}"));
        return Ok(vec![]);
    }
    let resolved = resolve(shop, left).await?;
    for order in resolved.never {
        findings
            .violation("nothing is pending longer than 30 s while the services are well", order.to_string());
    }
    Ok(resolved.after)
}

/// What a wire holds back has arrived, or never will.
async fn drain(shop: &Shop) {
    let begun = Instant::now();
    while begun.elapsed() < WIRES_EMPTY_WITHIN && shop.wires.iter().any(|wire| wire.late() > 0) {
        sleep(Duration::from_millis(50)).await;
    }
}

async fn look_after(shop: Arc<Shop>) {
    loop {
        shop.look_after();
        sleep(LOOK_AFTER_EVERY).await;
    }
}

async fn show_progress(floor: Arc<Floor>) {
    let begun = Instant::now();
    loop {
        sleep(PROGRESS_EVERY).await;
        let (sold, refused) = (floor.tally.sales("201"), floor.tally.sales("409"));
        let open = floor.tally.sales("5") + floor.tally.sales("silence");
        println!(
            "{:>5} s  {sold:>8} sold  {refused:>7} refused  {open:>6} left open",
            begun.elapsed().as_secs()
        );
    }
}

fn look_for_panics(shop: &Shop, findings: &mut Findings) {
    for process in &shop.processes {
        let panics = process.count_in_log("panicked at");
        if panics > 0 {
            findings.violation("no service panics", format!("{} did, {panics} times", process.name()));
        }
    }
}

fn harms(shop: &Shop) -> BTreeMap<String, u64> {
    let mut harms = BTreeMap::<String, u64>::new();
    for (harm, count) in shop.wires.iter().flat_map(|wire| wire.harmed()) {
        *harms.entry(harm).or_default() += count;
    }
    harms
}

fn logged(shape: Shape, shop: &Shop) -> Vec<(&'static str, usize)> {
    let words = if shape == Shape::Split { &LOGGED[..] } else { &[] };
    words.iter().map(|words| (*words, shop.count_in_logs(words))).collect()
}

fn find_pos(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = given.map_or_else(|| own.with_file_name("pos"), Path::to_owned);
    path.canonicalize().with_context(|| {
        format!("{} is not there: build it (cargo build --release), or name it with --pos", path.display())
    })
}
