//! What asks a shop: lean HTTP clients, who wait for each answer or who do not, and what they were told.

mod closed;
mod connection;
mod open;
mod outcome;
mod work;

pub use closed::closed_loop;
pub use connection::Connection;
pub use open::OpenLoop;
pub use outcome::{Outcome, children_cpu, own_cpu};
pub use work::Work;

/// The status that says that a shop is full.
const TURNED_AWAY: u16 = 503;
/// Any answer is there by then, or counts as none.
const ANSWERED_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);
