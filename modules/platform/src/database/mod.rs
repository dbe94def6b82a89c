//! The one way to a database: PostgreSQL or SQLite by URL, bounded pools, write transactions that are redone when the
//! database asks for it, locked migrations, remembered answers.

mod batch;
mod classify;
mod connect;
mod error;
mod facts;
mod group;
mod grouped;
mod lent;
mod location;
mod lock;
mod migrate;
mod open;
mod parameter;
mod pipe;
mod piped;
pub mod remembered;
mod row;
mod rows;
#[cfg(test)]
mod scratch;
mod sql;
mod transaction;
mod writes;

pub use batch::{ends, nth_key, read_as_one};
pub use connect::{Database, PoolState};
pub use error::{Cause, ErrorClass, StoreError};
pub use facts::{Differing, Fact, compare_facts, create_facts, pin_facts};
pub use group::{GroupWork, Groups};
pub use grouped::GroupTransaction;
pub use location::{Location, LocationError, locate};
pub use lock::{FileLock, FileLockError};
pub use migrate::{Migrations, SchemaState, migrate, schema_state};
pub use row::{Row, query};
pub use rows::{Column, Kind, Rows, Sent, Table};
pub use sea_orm::{DatabaseTransaction, Statement};
pub use sql::{Sql, is_one_of, now_plus_ms, these_ids};
pub use transaction::WriteError;
pub use writes::Writes;
