//! Orders. A sale is decided by the product module, which is known here by its contract alone.

mod audit;
mod entity;
pub mod http;
mod migration;
pub mod model;
mod service;
mod settings;
mod store;
#[cfg(test)]
mod tests;

pub use audit::OrderAudit;
pub use migration::Migrator;
pub use service::{Intent, OrderError, OrderService, OrderShared, SweepReport, UnknownCause};
pub use settings::{OrderSettings, SweeperSettings};
