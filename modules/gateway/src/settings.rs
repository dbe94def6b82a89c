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
    pub connect_timeout_ms: u64,
    pub keep_alive_ms: u64,
    pub try_timeout_ms: u64,
    pub total_timeout_ms: u64,
    pub silent_body_timeout_ms: u64,
    pub max_tries: u32,
    pub retry_budget_percent: usize,
    pub retry_budget_min: usize,
    pub replay_limit_bytes: usize,
    pub max_long_bodies: usize,
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

/// Near the defaults.
#[cfg(test)]
pub fn test_settings() -> GatewaySettings {
    serde_json::from_value(serde_json::json!({
        "product_url": "http://product-service:8081",
        "order_url": "http://order-service:8082",
        "nameservers": "",
        "trusted_proxies": "",
        "resolve_every_ms": 1000,
        "resolve_timeout_ms": 500,
        "connect_timeout_ms": 300,
        "keep_alive_ms": 10_000,
        "try_timeout_ms": 2200,
        "total_timeout_ms": 5000,
        "silent_body_timeout_ms": 10_000,
        "max_tries": 3,
        "retry_budget_percent": 20,
        "retry_budget_min": 16,
        "replay_limit_bytes": 65_536,
        "max_long_bodies": 32,
        "endpoint_max_in_flight": 128,
        "service_max_in_flight": 512,
        "health_every_ms": 1000,
        "health_timeout_ms": 500,
        "health_failures": 2,
        "eject_after_transport_errors": 3,
        "eject_after_server_errors": 5,
        "eject_ms": 2000,
        "eject_max_ms": 30_000,
    }))
    .unwrap()
}
