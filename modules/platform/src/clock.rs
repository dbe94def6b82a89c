//! The time as every database keeps it.

use chrono::{DateTime, SubsecRound, Utc};

/// Now, in whole microseconds: PostgreSQL keeps no more, so that what was answered equals what is read back.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
