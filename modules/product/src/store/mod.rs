//! Rows in, rows out. Every statement runs on the connection or transaction that the service hands in.
//!
//! Lock order: stock rows by product id, then everything else. Nothing is written on the strength of a read that was
//! made before the locks.

pub mod audit;
mod catalogue;
mod deductions;
mod ledger;
mod list;
mod lock;
mod lookup;
mod row;
pub mod words;

pub use catalogue::{find_all, found, insert_all, update, update_all};
pub use deductions::{StoredDeduction, find_deduction, insert_deductions, is_deduction_race};
pub use ledger::{Entry, append, append_all, level_at, movements, next_movement};
pub use list::{any_product, list};
pub use lock::{Held, Locked, lock, lock_all, lock_for_keys, lock_for_orders};
pub use lookup::{with_barcodes, with_subjects};
