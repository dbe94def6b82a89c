//! Technical ground of every module. Nothing here names a business thing.

pub mod client;
pub mod clock;
pub mod cursor;
pub mod database;
pub mod deadline;
pub mod http;
pub mod idempotency;
pub mod metrics;
pub mod problem;
pub mod request_id;
pub mod settings;
pub mod telemetry;
pub mod trace;
