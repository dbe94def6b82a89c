//! The shop that is tortured: its processes, databases and wires.

mod all;
pub mod disk;
mod split;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use reqwest::Client;
use tokio::time::sleep;

use crate::{
    clients::Doors,
    history::History,
    options::{Options, Shape},
    postgres::Server,
    process::{Process, Program},
    wire::Wire,
};
use disk::Disk;

/// A debug build on a busy machine takes its time to come up.
const WELL_WITHIN: Duration = Duration::from_secs(90);
const ASKED_WITHIN: Duration = Duration::from_secs(3);

/// What a process is; the gateway comes last.
pub struct Shop {
    pub processes: Vec<Arc<Process>>,
    pub servers: Vec<Arc<Server>>,
    pub wires: Vec<Arc<Wire>>,
    pub doors: Doors,
    pub product: Location,
    pub order: Location,
    /// Of the embedded shape, where it could be had.
    pub disk: Option<Disk>,
    pub audit: Program,
    /// Each process's own address.
    services: Vec<String>,
    client: Client,
}

/// Where a database is, past all wires.
#[derive(Clone, Debug)]
pub enum Location {
    Postgres(String),
    Sqlite(PathBuf),
}

/// What is needed to build one.
struct Ground<'a> {
    directory: &'a Path,
    pos: &'a Path,
    history: &'a History,
    seed: u64,
    orders: u8,
}

impl Shop {
    /// Starts it and waits until it is well.
    pub async fn start(
        options: &Options,
        seed: u64,
        directory: &Path,
        pos: &Path,
        history: &History,
    ) -> anyhow::Result<Self> {
        let ground = Ground { directory, pos, history, seed, orders: options.orders };
        let shop = match options.shape {
            Shape::Split => split::start(&ground).await?,
            Shape::All => all::start(&ground).await?,
        };
        shop.well().await?;
        Ok(shop)
    }

    /// Waits until every process is ready and the front door answers for every service.
    pub async fn well(&self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let paths =
            ["/products?limit=1", "/orders?limit=1"].map(|path| format!("{}{path}", self.doors.front));
        let ready = self.services.iter().map(|service| format!("{service}/readyz"));
        for url in ready.chain(paths) {
            while !self.answers(&url).await {
                anyhow::ensure!(
                    begun.elapsed() < WELL_WITHIN,
                    "{url} does not answer 200 although all faults ended"
                );
                self.look_after();
                sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(begun.elapsed())
    }

    async fn answers(&self, url: &str) -> bool {
        self.client.get(url).send().await.is_ok_and(|answer| answer.status() == 200)
    }

    /// What ended by itself is started again.
    pub fn look_after(&self) {
        self.processes.iter().for_each(|process| process.look_after());
        self.servers.iter().for_each(|server| server.process.look_after());
    }

    /// What would be gone with the run: a disk in memory is copied.
    pub fn keep(&self, directory: &Path) -> anyhow::Result<()> {
        if self.disk.is_none() {
            return Ok(());
        }
        self.processes.iter().for_each(|process| process.kill());
        let kept = directory.join("kept");
        fs::create_dir_all(&kept)?;
        for file in fs::read_dir(directory.join("data"))? {
            let file = file?;
            fs::copy(file.path(), kept.join(file.file_name()))?;
        }
        Ok(())
    }

    /// The processes' logs, then the servers'.
    pub fn count_in_logs(&self, words: &str) -> usize {
        let services = self.processes.iter().map(|process| process.count_in_log(words));
        services.chain(self.servers.iter().map(|server| server.process.count_in_log(words))).sum()
    }
}

impl Ground<'_> {
    fn pos(&self, name: &str, arguments: &[&str], settings: &[(&str, String)]) -> Program {
        let general = [("POS__LOG__LEVEL", "warn".to_owned()), ("POS__SERVER__WORKERS", "2".to_owned())];
        let settings = general.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), value.clone()));
        Program {
            name: name.to_owned(),
            file: self.pos.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            settings: settings.collect(),
            directory: self.directory.to_owned(),
            user: None,
        }
    }
}

fn client() -> anyhow::Result<Client> {
    // no connection is kept: what was ready must be ready for everybody
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(ASKED_WITHIN).build();
    client.context("no HTTP client")
}
