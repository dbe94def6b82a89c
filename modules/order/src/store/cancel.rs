//! Opens a cancellation: the key of its own, and the row that fences off an order that comes late.

use contract::{OrderId, Shop};
use platform::{
    database::{
        Database, StoreError,
        remembered::{self, OnceError, Outcome, Stop},
    },
    idempotency::Answer,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::intent::{Intent, insert};
use crate::{
    entity::order,
    model::{CancelOrder, CancelTarget},
};

/// Why a cancellation cannot be opened, remembered under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelRefusal {
    /// Its key is an order's.
    KeyOfOrder,
}

/// Remembers the cancellation, and sees to it that the order it names has a row, all in one transaction. Answers the
/// order's id; whether there is a row, of this id or of the key, is for the next read to tell.
pub async fn open_cancellation(
    database: &Database,
    shop: &Shop,
    command: &CancelOrder,
    first_sweep_ms: u64,
) -> Result<Answer<Outcome<OrderId, CancelRefusal>>, OnceError> {
    let work = async |transaction: &DatabaseTransaction| {
        let own = order::Entity::find().filter(order::Column::Key.eq(command.keyed.key.as_str()));
        if own.one(transaction).await.map_err(StoreError::from)?.is_some() {
            return Err(Stop::Refused(CancelRefusal::KeyOfOrder));
        }
        match &command.target {
            CancelTarget::Order(id) => Ok(*id),
            CancelTarget::Key(key) => {
                let id = shop.order_id(key);
                let fence = insert(database.backend(), &[Intent::fence(id, key, first_sweep_ms)]);
                transaction.query_all_raw(fence).await.map_err(StoreError::from)?;
                Ok(id)
            }
        }
    };
    remembered::once(database, &command.keyed, work).await
}
