//! The service over SQLite with a product module that can be silenced. The suites on both databases, and on the real
//! product module, are in the root's `tests/it`.

mod cancelling;
mod placing;
mod reading;
mod shelf;
pub mod support;
mod sweeping;
mod wire;
