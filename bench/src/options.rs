//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};

pub const CLIENTS: usize = 64;
pub const PRODUCTS: usize = 10_000;
pub const GROWN_PRODUCTS: usize = 1_000_000;
pub const GROWN_ORDERS: usize = 5_000_000;

/// Measures pos against what its database and other proxies can do, in the same run. Needs PostgreSQL's programs, and for
/// `hop` nginx and HAProxy, which it installs where it can.
#[derive(Clone, Debug, Parser)]
#[command(name = "bench")]
pub struct Options {
    /// What to measure; `all` is everything that needs no grown store
    #[arg(required = true, value_enum)]
    pub tables: Vec<Table>,
    /// Measured rounds, after one that warms up; each figure is the median of them
    #[arg(long, default_value_t = 5, value_parser = at_least::<1>)]
    pub rounds: usize,
    /// How long a round measures one thing; 0.1 at least
    #[arg(long, default_value_t = 5.0, value_parser = seconds)]
    pub seconds: f64,
    /// Clients of the ratios; throughput is shown for fewer and more as well
    #[arg(long, default_value_t = CLIENTS, value_parser = at_least::<1>)]
    pub clients: usize,
    /// Products of the shop; a sale has three
    #[arg(long, default_value_t = PRODUCTS, value_parser = at_least::<3>)]
    pub products: usize,
    /// Two short rounds: for trying, not for figures
    #[arg(long)]
    pub quick: bool,
    /// Puts report and charts into docs/, in place of the last one: only what all tables tell, also of grown stores, by five
    /// rounds or more, of a second each at least, of a release build, with the clients and sizes that are the default
    #[arg(long, conflicts_with = "quick")]
    pub report: bool,
    /// The program that is measured; when left out, that of the image (profile `dist`), built anew under `cargo run`
    #[arg(long)]
    pub pos: Option<PathBuf>,
    /// Where databases are put while it runs; a temporary directory when left out
    #[arg(long)]
    pub directory: Option<PathBuf>,
    /// Directory of the grown stores, filled at the first use, which takes a quarter of an hour, and kept: for `growth`,
    /// `catalogue` and `ready`. With --report pos-bench-stores among the temporary files when left out
    #[arg(long)]
    pub stores: Option<PathBuf>,
    /// Products of the grown stores
    #[arg(long, default_value_t = GROWN_PRODUCTS)]
    pub grown_products: usize,
    /// Orders of the grown stores
    #[arg(long, default_value_t = GROWN_ORDERS)]
    pub grown_orders: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Table {
    /// Whole sales of random products, against pgbench
    Sales,
    /// The same on one hot product
    Hot,
    /// One client alone
    Lone,
    /// `all` on SQLite, against SQLite itself
    Embedded,
    /// A product by its id, against pgbench
    Reads,
    /// The gateway, against nginx and HAProxy
    Hop,
    /// Latency under fixed rates, up to twice what is carried
    Overload,
    /// Memory under that load, of the split shop and of `all`
    Memory,
    /// Sales with a grown store (needs --stores)
    Growth,
    /// Searching a grown store (needs --stores)
    Catalogue,
    /// `all` from start to ready on a grown store (needs --stores)
    Ready,
    /// All but the last three; with --stores those as well
    All,
}

fn at_least<const LEAST: usize>(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "must be a whole number".to_owned())?;
    (number >= LEAST).then_some(number).ok_or_else(|| format!("must be {LEAST} at least"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    (0.1..=3600.0).contains(&seconds).then_some(seconds).ok_or_else(|| "must be from 0.1 to 3600".to_owned())
}

impl Options {
    /// With what `--quick` changes.
    pub fn settled(mut self) -> Self {
        if self.quick {
            self.rounds = self.rounds.min(2);
            self.seconds = self.seconds.min(1.0);
        }
        if self.report {
            self.stores.get_or_insert_with(|| std::env::temp_dir().join("pos-bench-stores"));
        }
        self
    }

    pub fn round(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    pub fn wants(&self, table: Table) -> bool {
        let needs_store = matches!(table, Table::Growth | Table::Catalogue | Table::Ready);
        let in_all = self.tables.contains(&Table::All) && (!needs_store || self.stores.is_some());
        in_all || self.tables.contains(&table)
    }
}
