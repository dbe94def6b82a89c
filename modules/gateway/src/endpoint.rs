//! One replica behind a name: what is known of its health, load and latency. Shared by all workers.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{
    counted::{Counted, Counter},
    latency::Latency,
    settings::GatewaySettings,
};

/// What the readiness checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// New: gets requests after its first passing check.
    Joining,
    Ready,
    /// Says itself that it drains.
    Draining,
    Down,
}

/// How one exchange with a replica ended, as far as its health is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Any answer but the next one's, also a problem document of ours.
    Answered,
    /// 500 or 502, or another 5xx that is no problem document of ours.
    ServerError,
    /// It turned the request away because it stops.
    Stopping,
    /// No connection could be made: nobody is there.
    Refused,
    /// Silence, a reset, a broken answer.
    TransportError,
}

impl Signal {
    pub fn is_failure(self) -> bool {
        match self {
            Self::Answered | Self::Stopping => false,
            Self::ServerError | Self::Refused | Self::TransportError => true,
        }
    }
}

/// A replica.
pub struct Endpoint {
    pub address: SocketAddr,
    in_flight: Counter,
    pub latency: Latency,
    pub requests: AtomicU64,
    standing: Mutex<Standing>,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    health: Health,
    failed_checks: u32,
    transport_errors: u32,
    server_errors: u32,
    ejected_until: Option<Instant>,
    /// Ejections in a row: each lasts longer.
    ejections_in_row: u32,
    ejections: u64,
}

/// What the page of endpoints shows.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    pub health: Health,
    pub ejected: bool,
    pub ejections: u64,
    pub in_flight: usize,
    pub requests: u64,
    pub latency: Duration,
}

impl Endpoint {
    /// A new replica starts at the cluster's mean latency.
    pub fn new(address: SocketAddr, latency: Duration) -> Self {
        let standing = Standing {
            health: Health::Joining,
            failed_checks: 0,
            transport_errors: 0,
            server_errors: 0,
            ejected_until: None,
            ejections_in_row: 0,
            ejections: 0,
        };
        Self {
            address,
            in_flight: Counter::default(),
            latency: Latency::starting_at(latency),
            requests: AtomicU64::new(0),
            standing: Mutex::new(standing),
        }
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.current()
    }

    pub fn health(&self) -> Health {
        self.standing().health
    }

    /// Whether it should get new requests.
    pub fn is_eligible(&self, now: Instant) -> bool {
        let standing = self.standing();
        standing.health == Health::Ready && standing.ejected_until.is_none_or(|until| until <= now)
    }

    /// Takes a place; `None` when it has as many requests as it may.
    pub fn enter(&self, max_in_flight: usize) -> Option<Counted> {
        let place = self.in_flight.enter(max_in_flight)?;
        self.requests.fetch_add(1, Relaxed);
        Some(place)
    }

    /// Notes a readiness check: `health` is what it said, `None` when it said nothing. A pass ends an ejection.
    /// Answers whether the health changed.
    pub fn note_check(&self, said: Option<Health>, failures_to_down: u32) -> bool {
        let mut standing = self.lock();
        let before = standing.health;
        match said {
            Some(Health::Ready) => {
                standing.health = Health::Ready;
                standing.failed_checks = 0;
                standing.ejected_until = None;
            }
            Some(Health::Draining) => standing.health = Health::Draining,
            Some(Health::Joining | Health::Down) | None => {
                standing.failed_checks += 1;
                let was_up = standing.health == Health::Ready;
                if !was_up || standing.failed_checks >= failures_to_down {
                    standing.health = match before {
                        Health::Joining => Health::Joining,
                        Health::Ready | Health::Draining | Health::Down => Health::Down,
                    };
                }
            }
        }
        before != standing.health
    }

    /// Notes how an exchange ended. Answers whether the replica is ejected by it.
    pub fn note(&self, signal: Signal, settings: &GatewaySettings, is_last: bool) -> bool {
        let mut standing = self.lock();
        match signal {
            Signal::Answered => {
                (standing.transport_errors, standing.server_errors, standing.ejections_in_row) = (0, 0, 0);
                return false;
            }
            Signal::Stopping => {
                standing.health = Health::Draining;
                return false;
            }
            Signal::ServerError => standing.server_errors += 1,
            Signal::Refused => standing.transport_errors = settings.eject_after_transport_errors,
            Signal::TransportError => standing.transport_errors += 1,
        }
        let enough = standing.transport_errors >= settings.eject_after_transport_errors
            || standing.server_errors >= settings.eject_after_server_errors;
        if !enough || is_last {
            return false;
        }
        standing.ejections_in_row += 1;
        standing.ejections += 1;
        (standing.transport_errors, standing.server_errors) = (0, 0);
        let longest = Duration::from_millis(settings.eject_max_ms);
        let out_for = Duration::from_millis(settings.eject_ms) * standing.ejections_in_row;
        standing.ejected_until = Some(Instant::now() + out_for.min(longest));
        true
    }

    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let standing = self.standing();
        Snapshot {
            health: standing.health,
            ejected: standing.ejected_until.is_some_and(|until| until > now),
            ejections: standing.ejections,
            in_flight: self.in_flight(),
            requests: self.requests.load(Relaxed),
            latency: self.latency.current(),
        }
    }

    fn standing(&self) -> Standing {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
