//! Finds the replicas behind a name, off the request path.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::{cluster::Cluster, metrics::GatewayMetrics, settings::GatewaySettings};

/// Early look-ups come at most this often.
const EARLIEST_AGAIN: Duration = Duration::from_secs(1);

/// Where a service is, as its URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    host: String,
    port: u16,
}

/// Why a service's URL is not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("must be http://NAME:PORT, without path")]
pub struct NoLocation;

impl Location {
    /// Reads `http://NAME:PORT`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(url: &str) -> Result<Self, NoLocation> {
        let authority = url.trim_end_matches('/').strip_prefix("http://").ok_or(NoLocation)?;
        let (host, port) = authority.rsplit_once(':').ok_or(NoLocation)?;
        let port = port.parse().map_err(|_| NoLocation)?;
        let named = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        match named {
            true => Ok(Self { host: host.to_owned(), port }),
            false => Err(NoLocation),
        }
    }
}

/// Looks names up without a cache: Docker answers with a lifetime of ten minutes and forgets a container at once.
///
/// # Errors
/// When the system's resolver configuration cannot be read.
pub fn resolver(settings: &GatewaySettings) -> Result<TokioResolver, NetError> {
    let provider = TokioRuntimeProvider::default();
    let mut builder = match settings.nameservers.as_slice() {
        [] => Resolver::builder(provider)?,
        servers => {
            let servers = servers.iter().map(|address| {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                for connection in &mut server.connections {
                    connection.port = address.port();
                }
                server
            });
            Resolver::builder_with_config(ResolverConfig::from_name_servers(servers.collect()), provider)
        }
    };
    let options = builder.options_mut();
    options.cache_size = 0;
    options.timeout = Duration::from_millis(settings.resolve_timeout_ms);
    options.attempts = 1;
    options.ip_strategy = LookupIpStrategy::Ipv4Only;
    options.use_hosts_file = ResolveHosts::Always;
    builder.build()
}

/// A service whose replicas are looked for.
#[derive(Clone)]
pub struct Followed {
    pub cluster: Arc<Cluster>,
    pub location: Location,
    pub metrics: GatewayMetrics,
}

/// Keeps a cluster's addresses up to date until told to stop.
///
/// While the name is not resolved the last addresses stay, however long it lasts: health keeps requests away from those that
/// are gone, so nothing is won by forgetting them, and a shop whose DNS is away still sells. (GATEWAY.md says 30 s, after
/// which one failed check of all would have left nobody to try.)
pub async fn follow(
    Followed { cluster, location, metrics }: Followed,
    resolver: TokioResolver,
    settings: GatewaySettings,
    mut stop: watch::Receiver<bool>,
) {
    if let Ok(ip) = location.host.parse::<IpAddr>() {
        cluster.set_addresses(&[SocketAddr::new(ip, location.port)]);
        return;
    }
    let name = format!("{}.", location.host.trim_end_matches('.'));
    let mut failing = false;
    while !*stop.borrow() {
        match look_up(&resolver, &name, location.port).await {
            Ok(addresses) => {
                metrics.resolved(cluster.service, "found");
                failing = false;
                if cluster.set_addresses(&addresses) {
                    info!(
                        service = cluster.service.name(),
                        replicas = addresses.len(),
                        ?addresses,
                        "replicas changed"
                    );
                }
            }
            Err(failure) => {
                metrics.resolved(cluster.service, failure.label());
                if !failing {
                    warn!(service = cluster.service.name(), name, %failure, "name not resolved; keeping the last addresses");
                }
                failing = true;
            }
        }
        tokio::select! {
            () = pause(&cluster, &settings) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn pause(cluster: &Cluster, settings: &GatewaySettings) {
    let every = settings.resolve_every();
    let jittered = every.mul_f64(fastrand::f64() + 1.0);
    tokio::time::sleep(every.min(EARLIEST_AGAIN)).await;
    let rest = jittered.saturating_sub(every.min(EARLIEST_AGAIN));
    let _early = tokio::time::timeout(rest, cluster.look_again.notified()).await;
}

/// Why a look-up gave no address.
#[derive(Debug, thiserror::Error)]
enum LookUpFailure {
    #[error("no address")]
    Empty,
    #[error("no such name")]
    NoSuchName,
    #[error("{0}")]
    Failed(NetError),
}

impl LookUpFailure {
    fn label(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NoSuchName => "no_such_name",
            Self::Failed(_) => "failed",
        }
    }
}

async fn look_up(resolver: &TokioResolver, name: &str, port: u16) -> Result<Vec<SocketAddr>, LookUpFailure> {
    let found = resolver.lookup_ip(name).await.map_err(failure)?;
    let mut addresses: Vec<SocketAddr> = found.iter().map(|ip| SocketAddr::new(ip, port)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

/// hickory answers no empty list: that a name has no records is an error, too, also where there is no such name.
fn failure(error: NetError) -> LookUpFailure {
    if error.is_nx_domain() {
        LookUpFailure::NoSuchName
    } else if error.is_no_records_found() {
        LookUpFailure::Empty
    } else {
        LookUpFailure::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_where_a_service_is() {
        let location = |host: &str, port| Ok(Location { host: host.into(), port });
        assert_eq!(Location::parse("http://order-service:8082"), location("order-service", 8082));
        assert_eq!(Location::parse("http://127.0.0.1:8082/"), location("127.0.0.1", 8082));
        for bad in [
            "order-service:8082",
            "https://x:1",
            "http://:1",
            "http://x:port",
            "http://x:1/path",
            "http://x y:1",
            "http://order-service",
            "http://[::1]:8082",
            "http://user@x:1",
        ] {
            assert_eq!(Location::parse(bad), Err(NoLocation), "{bad}");
        }
    }
}
