//! The grown stores: filled once by `bench/seed`, which takes a while, and kept.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use nix::sys::signal::Signal;

use super::{Bench, catalogue, growth, ready};
use crate::{
    ground::{Postgres, SplitDatabases},
    options::Table,
    report::Report,
};

/// Kept between runs.
pub struct Stores {
    /// The data directory of one process.
    pub sqlite: PathBuf,
    pub postgres: Postgres,
    pub databases: SplitDatabases,
}

pub async fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let stores = Stores::prepare(bench).await?;
    let measured = measure_on(bench, &stores, report).await;
    // the server's files are kept, so it may write what it has to
    stores.postgres.server.process.end(Signal::SIGINT).await;
    measured
}

async fn measure_on(bench: &Bench<'_>, stores: &Stores, report: &mut Report) -> anyhow::Result<()> {
    if bench.options.wants(Table::Ready) {
        ready::measure(bench, stores, report).await?;
    }
    if bench.options.wants(Table::Catalogue) {
        catalogue::measure(bench, stores, report).await?;
    }
    if bench.options.wants(Table::Growth) {
        growth::measure(bench, stores, report).await?;
    }
    Ok(())
}

impl Stores {
    async fn prepare(bench: &Bench<'_>) -> anyhow::Result<Self> {
        let Bench { options, ground } = *bench;
        let directory = options.stores.as_deref();
        let directory = directory.context("growth, catalogue and ready need --stores DIRECTORY")?;
        fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        let sqlite = directory.join("sqlite");
        seed(bench, &directory.join("sqlite.seeded"), &[&sqlite.display().to_string()])?;
        let postgres = Postgres::start(ground, &directory).await?;
        let databases = postgres.split_databases("grown").await?;
        if seed(bench, &directory.join("postgres.seeded"), &[&databases.product, &databases.order])? {
            postgres.vacuum("grown").await?;
        }
        Ok(Self { sqlite, postgres, databases })
    }
}

/// Raised where `bench/seed` fills a store otherwise.
const FORM: &str = "ids by time";

/// Unless the mark says that it was done, in this form, by as many products and orders; answers whether it had to be.
fn seed(bench: &Bench<'_>, mark: &Path, into: &[&str]) -> anyhow::Result<bool> {
    let counts = [bench.options.grown_products, bench.options.grown_orders].map(|count| count.to_string());
    let done = format!("{}, {FORM}", counts.join(" "));
    match fs::read_to_string(mark) {
        Ok(seeded) if seeded == done => return Ok(false),
        Ok(seeded) => anyhow::bail!("{} says {seeded}: take another directory", mark.display()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        Err(_) => println!("Seeding {} products and {} orders.", counts[0], counts[1]),
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("seed");
    let mut command = Command::new(&script);
    command.args(&counts).args(into).env("POS", &bench.ground.pos);
    // PostgreSQL warns of each table that only its superuser may look at
    command.env("PGOPTIONS", "-c client_min_messages=error");
    let status = tokio::task::block_in_place(|| command.status());
    let status = status.with_context(|| format!("{} cannot be run", script.display()))?;
    anyhow::ensure!(status.success(), "{} failed: remove what it left", script.display());
    fs::write(mark, done)?;
    Ok(true)
}
