//! Faults, drawn at random, several at once; each ends after a bounded time.

mod databases;
mod processes;
mod wires;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    lock::lock,
    options::Shape,
    shop::{Location, Shop},
    stop::Stop,
};

/// At once.
const MAX_ACTIVE: usize = 4;
const STORM_S: std::ops::Range<u64> = 12..30;
const GAP_MS: std::ops::Range<u64> = 50..900;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Kill,
    Terminate,
    Freeze,
    Roll,
    KillServer,
    KillBackend,
    FreezeServer,
    EndSessions,
    CancelStatements,
    UseUpConnections,
    LockTables,
    LockFile,
    FillDisk,
    Wire,
}

impl Kind {
    /// Each with its weight.
    const ALL: [(Self, u32); 14] = [
        (Self::Kill, 20),
        (Self::Terminate, 8),
        (Self::Freeze, 10),
        (Self::Roll, 5),
        (Self::KillServer, 5),
        (Self::KillBackend, 4),
        (Self::FreezeServer, 4),
        (Self::EndSessions, 8),
        (Self::CancelStatements, 8),
        (Self::UseUpConnections, 4),
        (Self::LockTables, 8),
        (Self::LockFile, 10),
        (Self::FillDisk, 10),
        (Self::Wire, 40),
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Terminate => "terminate",
            Self::Freeze => "freeze",
            Self::Roll => "roll",
            Self::KillServer => "kill-server",
            Self::KillBackend => "kill-backend",
            Self::FreezeServer => "freeze-server",
            Self::EndSessions => "end-sessions",
            Self::CancelStatements => "cancel-statements",
            Self::UseUpConnections => "use-up-connections",
            Self::LockTables => "lock-tables",
            Self::LockFile => "lock-file",
            Self::FillDisk => "fill-disk",
            Self::Wire => "wire",
        }
    }

    pub fn says(self) -> &'static str {
        match self {
            Self::Kill => "kill -9 of a process, and its restart",
            Self::Terminate => "SIGTERM of a process, and its restart",
            Self::Freeze => "SIGSTOP of a process for a while",
            Self::Roll => "SIGTERM and restart of all processes in turn, while one is stopped",
            Self::KillServer => "kill -9 of a PostgreSQL server, and its restart",
            Self::KillBackend => "kill -9 of a PostgreSQL backend: the server recovers",
            Self::FreezeServer => "SIGSTOP of a PostgreSQL server for a while",
            Self::EndSessions => "pg_terminate_backend",
            Self::CancelStatements => "pg_cancel_backend, again and again",
            Self::UseUpConnections => "no more connections to be had",
            Self::LockTables => "a table locked, so that statement_timeout and lock_timeout fire",
            Self::LockFile => "a SQLite file locked by somebody else",
            Self::FillDisk => "disk full",
            Self::Wire => "a wire troubled: cut, late, silent, doubled",
        }
    }

    fn is_of(self, shape: Shape, shop: &Shop) -> bool {
        match self {
            Self::Kill | Self::Terminate | Self::Freeze | Self::Wire => true,
            Self::LockFile => matches!(shop.product, Location::Sqlite(_)),
            Self::FillDisk => shop.disk.is_some(),
            _ => shape == Shape::Split,
        }
    }
}

pub struct Storms {
    shop: Arc<Shop>,
    kinds: Vec<(Kind, u32)>,
    /// Of the storms' lengths, and of what each one draws from: how often a storm draws does not shift the next one.
    seeds: fastrand::Rng,
    random: fastrand::Rng,
    /// Of faults that took place, as they ended.
    counts: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    busy: Arc<Mutex<BTreeSet<String>>>,
    serial: u64,
}

/// What every fault is given.
struct Injection {
    shop: Arc<Shop>,
    random: fastrand::Rng,
    /// The end of the storm, at which it heals at once.
    stop: Stop,
    serial: u64,
}

impl Storms {
    /// # Errors
    /// When a kind of `only` is not known, or none is left.
    pub fn new(shop: &Arc<Shop>, shape: Shape, seed: u64, only: &[String]) -> anyhow::Result<Self> {
        for name in only {
            let names: Vec<&str> = Kind::ALL.map(|(kind, _)| kind.name()).to_vec();
            anyhow::ensure!(
                names.contains(&name.as_str()),
                "there is no fault {name}, but {}",
                names.join(", ")
            );
        }
        let wanted = |kind: Kind| only.is_empty() || only.iter().any(|name| name == kind.name());
        let kinds =
            Kind::ALL.into_iter().filter(|(kind, _)| kind.is_of(shape, shop) && wanted(*kind)).collect();
        Ok(Self {
            shop: shop.clone(),
            kinds,
            seeds: fastrand::Rng::with_seed(seed),
            random: fastrand::Rng::with_seed(seed),
            counts: Arc::default(),
            busy: Arc::default(),
            serial: 0,
        })
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.counts).clone()
    }

    /// How long the next one is to last.
    pub fn next_length(&mut self) -> Duration {
        Duration::from_secs(self.seeds.u64(STORM_S))
    }

    /// Faults for so long; afterwards all are over.
    pub async fn rage(&mut self, time: Duration, stop: &Stop) {
        self.random = self.seeds.fork();
        let begun = Instant::now();
        let mut active = JoinSet::new();
        let (ender, over) = crate::stop::phase();
        while begun.elapsed() < time && !stop.has_come() {
            self.strike(&mut active, &over);
            stop.pause(Duration::from_millis(self.random.u64(GAP_MS))).await;
            while active.try_join_next().is_some() {}
        }
        ender.end();
        while active.join_next().await.is_some() {}
    }

    /// Begins a fault, unless its target has one already or there are enough. What is drawn does not depend on that.
    fn strike(&mut self, active: &mut JoinSet<()>, over: &Stop) {
        let Some(kind) = self.draw() else { return };
        let random = self.random.fork();
        self.serial += 1;
        let mut injection =
            Injection { shop: self.shop.clone(), random, stop: over.clone(), serial: self.serial };
        let target = injection.choose(kind);
        let key = format!("{} {target}", injection.exclusive(kind));
        if active.len() >= MAX_ACTIVE || !lock(&self.busy).insert(key.clone()) {
            return;
        }
        let (busy, counts) = (self.busy.clone(), self.counts.clone());
        active.spawn(async move {
            // fails where the target has another fault already, such as a server that is down
            if injection.inject(kind, target).await.is_ok() {
                *lock(&counts).entry(kind.says()).or_default() += 1;
            }
            lock(&busy).remove(&key);
        });
    }

    fn draw(&mut self) -> Option<Kind> {
        let total: u32 = self.kinds.iter().map(|(_, weight)| weight).sum();
        let mut drawn = if total > 0 { self.random.u32(..total) } else { return None };
        for (kind, weight) in &self.kinds {
            match drawn.checked_sub(*weight) {
                Some(rest) => drawn = rest,
                None => return Some(*kind),
            }
        }
        None
    }
}

impl Injection {
    /// The number of the process, server or wire.
    fn choose(&mut self, kind: Kind) -> usize {
        let count = match kind {
            Kind::Kill | Kind::Terminate | Kind::Freeze | Kind::Roll => self.shop.processes.len(),
            Kind::Wire => self.shop.wires.len(),
            Kind::LockFile => 2,
            Kind::FillDisk => 1,
            _ => self.shop.servers.len(),
        };
        self.random.usize(..count.max(1))
    }

    /// Faults of the same sort do not meet at the same target.
    fn exclusive(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Kill | Kind::Terminate | Kind::Freeze | Kind::Roll => "process",
            Kind::KillServer | Kind::FreezeServer | Kind::UseUpConnections => "server",
            // the same wire may be troubled twice
            Kind::Wire if self.serial.is_multiple_of(2) => "wire again",
            other => other.name(),
        }
    }

    async fn inject(&mut self, kind: Kind, target: usize) -> anyhow::Result<()> {
        match kind {
            Kind::Kill => self.kill(target).await,
            Kind::Terminate => self.terminate(target).await,
            Kind::Freeze => self.freeze(target).await,
            Kind::Roll => self.roll(target).await,
            Kind::KillServer => self.kill_server(target).await,
            Kind::KillBackend => self.kill_backend(target).await,
            Kind::FreezeServer => self.freeze_server(target).await,
            Kind::EndSessions => self.end_sessions(target).await,
            Kind::CancelStatements => self.cancel_statements(target).await,
            Kind::UseUpConnections => self.use_up_connections(target).await,
            Kind::LockTables => self.lock_tables(target).await,
            Kind::LockFile => self.lock_file(target).await,
            Kind::FillDisk => self.fill_disk().await,
            Kind::Wire => self.trouble_wire(target).await,
        }
    }

    /// For a time between these, milliseconds, or until the storm is over.
    async fn last(&mut self, from: u64, to: u64) {
        let time = Duration::from_millis(self.random.u64(from..to));
        self.stop.pause(time).await;
    }
}
