//! Catalogue and stock. It decides about every sale; it knows nothing of orders but their ids.

mod audit;
mod demo;
mod entity;
pub mod http;
mod migration;
pub mod model;
mod service;
pub mod sheet;
mod store;

pub use audit::ProductAudit;
pub use demo::seed_demo;
pub use migration::Migrator;
pub use service::{ProductError, ProductService, Tally};
