//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Runs a shop of `pos` under random faults, and checks that no sale was lost, doubled or oversold.
///
/// Exit 0: all held. 2: something did not; history and databases are kept. 1: it could not run, or could not
/// check. 64: wrong options. Ctrl-C and SIGTERM end the faults early and check what there is; a second one ends it at once.
#[derive(Clone, Debug, Parser)]
#[command(name = "torture", max_term_width = 100)]
pub struct Options {
    /// How long faults are injected
    #[arg(long, default_value_t = 2.0, value_parser = minutes)]
    pub minutes: f64,
    /// What the faults and the clients' choices follow from [default: by chance]
    #[arg(long)]
    pub seed: Option<u64>,
    /// What is run
    #[arg(long, value_enum, default_value_t = Shape::Split)]
    pub shape: Shape,
    /// Clients that sell at the same time
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub tills: u32,
    /// Order services of the split shape
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub orders: u8,
    /// The binary to torture [default: `pos` beside this program]
    #[arg(long, value_name = "FILE")]
    pub pos: Option<PathBuf>,
    /// Where a directory is made for databases, logs and history [default: that for temporary files]
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Kinds of faults, separated by commas, as the report names them [default: all]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Keep the directory of a clean run, too
    #[arg(long)]
    pub keep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Gateway, product service and order services, on two PostgreSQL servers
    Split,
    /// One process on SQLite
    All,
}

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::All => "all",
        }
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|error| format!("{error}"))?;
    match (0.1..=1440.0).contains(&minutes) {
        true => Ok(minutes),
        false => Err("must be 0.1 to 1440".to_owned()),
    }
}
