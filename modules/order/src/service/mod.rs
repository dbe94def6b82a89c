//! What the module does. Placing an order: `place`; its three steps, which tests and the sweeper drive one by one:
//! `intend` (S1), `decide` or `refuse` (S2), `project` (S3).

mod admission;
mod cancel;
mod decide;
mod error;
mod metrics;
mod place;
mod project;
mod read;
mod shared;
mod sweep;

pub use error::{OrderError, UnknownCause};
pub use place::Intent;
pub use shared::{OrderService, OrderShared};
pub use sweep::SweepReport;
