//! How often one caller may ask: a token bucket for each address.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::{caller::TrustedProxies, edge::QUIET_ROUTES};
use crate::{
    problem::{ErrorKind, Problem},
    settings::ServerSettings,
};

/// Full buckets are forgotten every so many requests, so that addresses that left cost nothing.
const FORGET_EVERY: u32 = 4096;

/// The buckets of a process, shared by its workers.
pub struct RateLimit {
    buckets: DefaultKeyedRateLimiter<IpAddr>,
    trusted: TrustedProxies,
    asked: AtomicU32,
}

impl RateLimit {
    /// `None` where callers may ask as often as they like.
    pub fn new(settings: &ServerSettings, trusted: TrustedProxies) -> Option<Self> {
        let per_second = NonZeroU32::new(settings.rate_limit_per_second)?;
        let burst = NonZeroU32::new(settings.rate_burst).unwrap_or(per_second);
        Some(Self {
            buckets: RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst)),
            trusted,
            asked: AtomicU32::new(0),
        })
    }

    fn admit(&self, request: &ServiceRequest) -> Result<(), Problem> {
        let peer = request.peer_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
        let caller = self.trusted.caller(peer, request.headers());
        if self.asked.fetch_add(1, Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.buckets.retain_recent();
        }
        self.buckets
            .check_key(&bucket(caller))
            .map_err(|full| too_many(full.wait_time_from(DefaultClock::default().now())))
    }
}

/// Whoever has one IPv6 address has all 2⁶⁴ of its network.
fn bucket(caller: IpAddr) -> IpAddr {
    match caller {
        IpAddr::V4(_) => caller,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn too_many(wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1;
    let detail = "You ask more often than one caller may; nothing happened. Repeat after Retry-After, with the same Idempotency-Key.";
    Problem::new(ErrorKind::TooManyRequests, detail).retry_after(seconds)
}

/// Middleware: lets a request in, or answers 429. Probes are always let in: who kills a process because it is asked too
/// often makes it worse.
///
/// # Errors
/// When what it is around fails.
pub async fn limit_rate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let limit = request.app_data::<Data<RateLimit>>().cloned();
    let refused = limit
        .filter(|_| !QUIET_ROUTES.contains(&request.path()))
        .and_then(|limit| limit.admit(&request).err());
    match refused {
        Some(problem) => Ok(request.error_response(problem).map_into_right_body()),
        None => Ok(next.call(request).await?.map_into_left_body()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_caller() {
        let of = |text: &str| bucket(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }

    #[test]
    fn says_when_to_come_back_in_whole_seconds() {
        assert_eq!(too_many(Duration::from_millis(10)).retry_after_s, Some(1));
        assert_eq!(too_many(Duration::from_millis(1500)).retry_after_s, Some(2));
    }
}
