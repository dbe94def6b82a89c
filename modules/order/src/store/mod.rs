//! Rows in, rows out.

pub mod audit;
mod cancel;
mod claim;
mod find;
mod intent;
mod list;
mod project;
mod row;

pub use cancel::{CancelRefusal, open_cancellation};
pub use claim::{Backlog, Backoff, backlog, claim_due};
pub use find::{exists, find, standing, standing_under};
pub use intent::{Intent, IntentTimes, Intents};
pub use list::list;
pub use project::Projections;
