//! `[gateway]`: where the services are, and every bound of the edge. Each key is documented in `config/default.toml`.

use std::{net::SocketAddr, time::Duration};

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    pub product_url: String,
    pub order_url: String,
    /// `ADDRESS:PORT` each; none means those of the system.
    pub nameservers: Vec<SocketAddr>,
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
