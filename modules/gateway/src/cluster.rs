//! The replicas behind one name, and the choice among them.

use std::{
    net::SocketAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::{
    counted::{Counted, Counter},
    endpoint::{Endpoint, Health},
    path::Service,
    settings::GatewaySettings,
};

/// A replica this many times slower than the fastest is chosen less; below it, differences are noise that would send all
/// requests of a quiet shop to one replica.
const SLOW_FACTOR: f64 = 3.0;
/// A failure counts as an answer this many times slower than the fastest: what fails quickly must not look quick.
const FAILED_FACTOR: u32 = 4;
/// So slow is taken to be any that is slower: what nobody chooses cannot show that it is well again.
const MAX_SLOWNESS: f64 = 32.0;
/// Differences below this are noise, too; the first replica is taken to be as quick.
const QUICK: Duration = Duration::from_millis(1);

/// A service as the gateway sees it.
pub struct Cluster {
    pub service: Service,
    endpoints: RwLock<Arc<[Arc<Endpoint>]>>,
    resolved: AtomicBool,
    /// Raised whenever a replica left, so that workers drop sockets to it.
    generation: AtomicU64,
    in_flight: Counter,
    retries_in_flight: Counter,
    long_bodies: Counter,
    /// Asks for an early look-up.
    pub look_again: Notify,
    /// Tells that new replicas wait for their first check.
    joined: Notify,
}

/// What the choice came to.
pub enum Choice {
    Endpoint(Arc<Endpoint>),
    /// Every replica that could serve has as many requests as it may.
    AllBusy,
    /// The name has no address, or all were tried already.
    Nobody,
}

impl Cluster {
    pub fn new(service: Service) -> Self {
        Self {
            service,
            endpoints: RwLock::new(Arc::from([])),
            resolved: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            in_flight: Counter::default(),
            retries_in_flight: Counter::default(),
            long_bodies: Counter::default(),
            look_again: Notify::new(),
            joined: Notify::new(),
        }
    }

    pub fn endpoints(&self) -> Arc<[Arc<Endpoint>]> {
        self.endpoints.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Grows whenever a replica left.
    pub fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    /// Waits until the addresses change.
    pub async fn joined(&self) {
        self.joined.notified().await;
    }

    /// Whether a replica waits for its first passing check.
    pub fn has_newcomer(&self) -> bool {
        self.endpoints().iter().any(|endpoint| endpoint.health() == Health::Joining)
    }

    /// Whether the name was ever resolved.
    pub fn is_resolved(&self) -> bool {
        self.resolved.load(Relaxed)
    }

    /// Takes over the addresses that the name has now: those that stay keep what is known of them, new ones join after a
    /// passing check, absent ones get no new requests and finish what they have. Answers whether anything changed.
    pub fn set_addresses(&self, addresses: &[SocketAddr]) -> bool {
        self.resolved.store(true, Relaxed);
        let known = self.endpoints();
        let same = known.len() == addresses.len()
            && known.iter().all(|endpoint| addresses.contains(&endpoint.address));
        if same {
            return false;
        }
        let mean = self.mean_latency();
        let endpoint = |address: &SocketAddr| {
            let kept = known.iter().find(|endpoint| endpoint.address == *address);
            kept.cloned().unwrap_or_else(|| Arc::new(Endpoint::new(*address, mean)))
        };
        let endpoints: Arc<[Arc<Endpoint>]> = addresses.iter().map(endpoint).collect();
        *self.endpoints.write().unwrap_or_else(PoisonError::into_inner) = endpoints;
        if known.iter().any(|endpoint| !addresses.contains(&endpoint.address)) {
            self.generation.fetch_add(1, Relaxed);
        }
        self.joined.notify_one();
        true
    }

    /// Chooses by the power of two choices among the eligible ones that were not tried; among all that the name has when
    /// none is eligible, since a check may be wrong and a refusal is no worse than none.
    pub fn choose(&self, tried: &[SocketAddr], settings: &GatewaySettings) -> Choice {
        let now = Instant::now();
        let all = self.endpoints();
        let any_eligible = all.iter().any(|endpoint| endpoint.is_eligible(now));
        let candidates: Vec<&Arc<Endpoint>> = all
            .iter()
            .filter(|endpoint| !any_eligible || endpoint.is_eligible(now))
            .filter(|endpoint| !tried.contains(&endpoint.address))
            .collect();
        let free: Vec<&Arc<Endpoint>> = candidates
            .iter()
            .filter(|endpoint| endpoint.in_flight() < settings.endpoint_max_in_flight)
            .copied()
            .collect();
        match free.len() {
            0 if candidates.is_empty() => Choice::Nobody,
            0 => Choice::AllBusy,
            1 => Choice::Endpoint(free[0].clone()),
            count => {
                let first = fastrand::usize(..count);
                let second = (first + fastrand::usize(1..count)) % count;
                Choice::Endpoint(self.better(free[first], free[second]).clone())
            }
        }
    }

    /// Fewer requests in flight, weighed by how much slower than the fastest it is; the first of equals.
    fn better<'a>(&self, first: &'a Arc<Endpoint>, second: &'a Arc<Endpoint>) -> &'a Arc<Endpoint> {
        let fastest = self.fastest_latency().as_secs_f64();
        let cost = |endpoint: &Endpoint| {
            let slowness = endpoint.latency.current().as_secs_f64() / fastest / SLOW_FACTOR;
            (endpoint.in_flight() + 1) as f64 * slowness.clamp(1.0, MAX_SLOWNESS)
        };
        if cost(second) < cost(first) { second } else { first }
    }

    /// What a failure counts as, however quick it was.
    pub fn slow(&self) -> Duration {
        self.fastest_latency() * FAILED_FACTOR
    }

    /// Latency of the fastest replica.
    pub fn fastest_latency(&self) -> Duration {
        let endpoints = self.endpoints();
        let latencies = endpoints.iter().map(|endpoint| endpoint.latency.current());
        latencies.min().unwrap_or(QUICK).max(QUICK)
    }

    /// Mean latency of the replicas.
    pub fn mean_latency(&self) -> Duration {
        let endpoints = self.endpoints();
        let count = u32::try_from(endpoints.len()).unwrap_or(u32::MAX);
        match count {
            0 => QUICK,
            _ => endpoints.iter().map(|endpoint| endpoint.latency.current()).sum::<Duration>() / count,
        }
    }

    /// Whether this is the only replica that gets requests: it is never ejected.
    pub fn is_last(&self, endpoint: &Endpoint) -> bool {
        let now = Instant::now();
        let others = self.endpoints();
        !others.iter().any(|other| other.address != endpoint.address && other.is_eligible(now))
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.current()
    }

    /// A place among the requests under way; `None` when there are as many as the service may have.
    pub fn enter(&self, settings: &GatewaySettings) -> Option<Counted> {
        self.in_flight.enter(settings.service_max_in_flight)
    }

    /// A place among the long bodies, which hold a replica's place as long as they arrive: they keep out each other alone.
    pub fn enter_long_body(&self, settings: &GatewaySettings) -> Option<Counted> {
        self.long_bodies.enter(settings.max_long_bodies.min(settings.endpoint_max_in_flight / 2).max(1))
    }

    /// A place in the retry budget, a share of what is under way.
    pub fn enter_retry(&self, settings: &GatewaySettings) -> Option<Counted> {
        let share = self.in_flight() * settings.retry_budget_percent / 100;
        self.retries_in_flight.enter(share.max(settings.retry_budget_min))
    }
}
