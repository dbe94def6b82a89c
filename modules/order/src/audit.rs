//! What an audit asks of the order database.

use chrono::{DateTime, Utc};
use platform::database::{Database, StoreError};
use uuid::Uuid;

use crate::{
    model::AuditedOrder,
    store::{self, audit},
};

/// Reads the order database, and never writes. Ranges go from after an id up to and with another.
pub struct OrderAudit {
    database: Database,
}

impl OrderAudit {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// The orders of a range.
    ///
    /// # Errors
    /// When the database fails; so for all of these.
    pub async fn orders(&self, after: Uuid, last: Uuid) -> Result<Vec<AuditedOrder>, StoreError> {
        audit::orders(&self.database, after, last).await
    }

    /// Id and status of the orders of a range.
    pub async fn statuses(&self, after: Uuid, last: Uuid) -> Result<Vec<(Uuid, String)>, StoreError> {
        audit::statuses(&self.database, after, last).await
    }

    /// How many orders are pending.
    pub async fn pending(&self) -> Result<u64, StoreError> {
        Ok(store::backlog(&self.database).await?.pending.unsigned_abs())
    }

    /// I9: up to `limit` orders that are pending for longer than `age_ms`, and since when; the oldest first.
    pub async fn overdue(&self, age_ms: i64, limit: u64) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
        audit::overdue(&self.database, age_ms, limit).await
    }

    /// The first and the last id.
    pub async fn ends(&self) -> Result<Option<(Uuid, Uuid)>, StoreError> {
        audit::ends_of_orders(&self.database).await
    }

    /// Where the first so many orders of a range end, and how many they are.
    pub async fn nth_order(&self, range: (Uuid, Uuid), rows: u64) -> Result<Option<(Uuid, u64)>, StoreError> {
        audit::nth(&self.database, range, rows).await
    }
}
