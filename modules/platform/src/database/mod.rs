//! The one way to a database: PostgreSQL or SQLite by URL, bounded pools, write transactions that are redone when the
//! database asks for it, locked migrations, remembered answers.

mod batch;
mod connect;
mod error;
mod facts;
mod location;
mod lock;
mod migrate;
pub mod remembered;
#[cfg(test)]
mod scratch;
mod sql;
mod transaction;

pub use batch::nth_key;
pub use connect::{Database, PoolState};
pub use error::{ErrorClass, StoreError};
pub use facts::{Fact, compare_facts, create_facts, pin_facts};
pub use location::{Location, LocationError, locate};
pub use lock::{FileLock, FileLockError};
pub use migrate::{Migrations, SchemaState, migrate, schema_state};
pub use sea_orm::DatabaseTransaction;
pub use sql::{Sql, now_plus_ms};
pub use transaction::WriteError;
