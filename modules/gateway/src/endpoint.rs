//! One replica behind a name: what is known of its health, load and latency. Shared by all workers.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
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
    /// The address as text: written once, and not with each request.
    pub name: Arc<String>,
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
    ejection: Option<Ejection>,
    /// Ejections in a row: each lasts longer.
    ejections_in_row: u32,
    ejections: u64,
}

/// The last time that it was put out.
#[derive(Clone, Copy, Debug)]
struct Ejection {
    since: Instant,
    until: Instant,
    /// A passing check shows that whoever could not be reached can be. What answers 500 passes its checks all the while: it
    /// is back when the time is up (GATEWAY.md lets one pass end any ejection, and then none of these would ever last).
    ends_by_check: bool,
}

impl Standing {
    fn is_ejected(&self, now: Instant) -> bool {
        self.ejection.is_some_and(|ejection| ejection.until > now)
    }
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
            ejection: None,
            ejections_in_row: 0,
            ejections: 0,
        };
        Self {
            address,
            name: Arc::new(address.to_string()),
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
        standing.health == Health::Ready && !standing.is_ejected(now)
    }

    /// Takes a place; `None` when it has as many requests as it may.
    pub fn enter(&self, max_in_flight: usize) -> Option<Counted> {
        let place = self.in_flight.enter(max_in_flight)?;
        self.requests.fetch_add(1, Relaxed);
        Some(place)
    }

    /// Notes a readiness check that began then: `said` is what it said, `None` when it said nothing. A pass ends an
    /// ejection that it can have known of. Answers whether the health changed.
    pub fn note_check(&self, said: Option<Health>, began: Instant, failures_to_down: u32) -> bool {
        let mut standing = self.lock();
        let before = standing.health;
        match said {
            Some(Health::Ready) => {
                standing.health = Health::Ready;
                standing.failed_checks = 0;
                standing.ejection.take_if(|ejection| ejection.ends_by_check && ejection.since <= began);
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
    pub fn note(&self, signal: Signal, settings: &GatewaySettings, is_last: bool, now: Instant) -> bool {
        let mut standing = self.lock();
        if signal != Signal::Stopping && standing.is_ejected(now) {
            // what was under way when it was put out belongs to the same incident
            return false;
        }
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
        standing.ejection = Some(Ejection {
            since: now,
            until: now + out_for.min(longest),
            ends_by_check: signal != Signal::ServerError,
        });
        true
    }

    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let standing = self.standing();
        Snapshot {
            health: standing.health,
            ejected: standing.is_ejected(now),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::test_settings;

    const MS: Duration = Duration::from_millis(1);

    fn ready(now: Instant) -> Endpoint {
        let endpoint = Endpoint::new(SocketAddr::from(([127, 0, 0, 1], 1)), MS);
        endpoint.note_check(Some(Health::Ready), now, 2);
        endpoint
    }

    /// Puts it out by five 500 in a row; answers for how long.
    fn put_out(endpoint: &Endpoint, now: Instant) -> Duration {
        for number in 1..=5 {
            assert_eq!(endpoint.note(Signal::ServerError, &test_settings(), false, now), number == 5);
        }
        endpoint.standing().ejection.unwrap().until - now
    }

    #[test]
    fn what_was_under_way_belongs_to_the_same_incident() {
        let (now, settings) = (Instant::now(), test_settings());
        for signal in [Signal::Refused, Signal::TransportError, Signal::ServerError] {
            let endpoint = ready(now);
            assert!(endpoint.note(Signal::Refused, &settings, false, now));
            for _ in 0..20 {
                assert!(!endpoint.note(signal, &settings, false, now + MS));
            }
            assert_eq!(endpoint.snapshot(now).ejections, 1);
            let back = now + MS * 2000;
            assert!(!endpoint.is_eligible(back - MS) && endpoint.is_eligible(back));
            // nor do they count afterwards
            assert!(!endpoint.note(Signal::TransportError, &settings, false, back));
        }
    }

    #[test]
    fn ejections_in_a_row_last_longer_each_time_and_no_longer_than_they_may() {
        let mut now = Instant::now();
        let endpoint = ready(now);
        let mut lasted = Vec::new();
        for _ in 0..17 {
            let out_for = put_out(&endpoint, now);
            lasted.push(out_for);
            // it passes its checks all the while
            endpoint.note_check(Some(Health::Ready), now + MS, 2);
            assert!(!endpoint.is_eligible(now + out_for - MS));
            now += out_for;
            assert!(endpoint.is_eligible(now));
        }
        assert_eq!(lasted[..3], [2000, 4000, 6000].map(Duration::from_millis));
        assert_eq!(lasted[15..], [30_000, 30_000].map(Duration::from_millis));
        endpoint.note(Signal::Answered, &test_settings(), false, now);
        assert_eq!(put_out(&endpoint, now), MS * 2000);
    }

    #[test]
    fn a_check_that_began_before_does_not_end_an_ejection() {
        let (now, settings) = (Instant::now(), test_settings());
        let endpoint = ready(now);
        endpoint.note(Signal::Refused, &settings, false, now + MS);
        endpoint.note_check(Some(Health::Ready), now, 2);
        assert!(!endpoint.is_eligible(now + MS));
        endpoint.note_check(Some(Health::Ready), now + MS, 2);
        assert!(endpoint.is_eligible(now + MS));
    }
}
