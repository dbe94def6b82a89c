//! The edge of the split shop: routes, discovery, choice, health, retries, limits. No database, no business rule.

mod body;
mod cluster;
mod counted;
mod discovery;
mod endpoint;
mod exchange;
mod forward;
mod gateway;
mod headers;
mod health;
mod held;
pub mod http;
mod latency;
mod metrics;
mod path;
mod settings;
mod view;

pub use discovery::{Location, NoLocation};
pub use gateway::{Gateway, GatewayError, GatewayWorker, Task};
pub use settings::{GatewaySettings, NoNameserver, parse_nameservers};
