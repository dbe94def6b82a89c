//! `[gateway]`: where the services are, and every bound of the edge. Each key is documented in `config/default.toml`.

use std::{net::SocketAddr, time::Duration};

use platform::http::TrustedProxies;
use serde::{Deserialize, Deserializer, de::Error};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    pub product_url: String,
    pub order_url: String,
    /// None means those of the system.
    #[serde(deserialize_with = "read_nameservers")]
    pub nameservers: Vec<SocketAddr>,
    pub trusted_proxies: TrustedProxies,
    pub resolve_every_ms: u64,
    pub resolve_timeout_ms: u64,
    pub keep_last_set_ms: u64,
    pub connect_timeout_ms: u64,
    pub keep_alive_ms: u64,
    pub try_timeout_ms: u64,
    pub total_timeout_ms: u64,
    pub silent_body_timeout_ms: u64,
    pub max_tries: u32,
    pub retry_budget_percent: usize,
    pub retry_budget_min: usize,
    pub replay_limit_bytes: usize,
    pub endpoint_max_in_flight: usize,
    pub service_max_in_flight: usize,
    pub health_every_ms: u64,
    pub health_timeout_ms: u64,
    pub health_failures: u32,
    pub eject_after_transport_errors: u32,
    pub eject_after_server_errors: u32,
    pub eject_ms: u64,
    pub eject_max_ms: u64,
}

impl GatewaySettings {
    pub fn resolve_every(&self) -> Duration {
        Duration::from_millis(self.resolve_every_ms)
    }

    pub fn health_timeout(&self) -> Duration {
        Duration::from_millis(self.health_timeout_ms)
    }

    pub fn try_timeout(&self) -> Duration {
        Duration::from_millis(self.try_timeout_ms)
    }

    pub fn total_timeout(&self) -> Duration {
        Duration::from_millis(self.total_timeout_ms)
    }

    pub fn silent_body_timeout(&self) -> Duration {
        Duration::from_millis(self.silent_body_timeout_ms)
    }
}

/// Why a text is no list of nameservers.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} must be ADDRESS:PORT, such as 127.0.0.1:53; several are separated by commas")]
pub struct NoNameserver(String);

/// Reads `ADDRESS:PORT` separated by commas; an empty text is an empty list.
///
/// # Errors
/// When one is none.
pub fn parse_nameservers(text: &str) -> Result<Vec<SocketAddr>, NoNameserver> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|_| NoNameserver(part.to_owned()))).collect()
}

fn read_nameservers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SocketAddr>, D::Error> {
    parse_nameservers(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
