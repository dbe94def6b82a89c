//! Placing an order: admission, then S1, S2 and S3 within one deadline.

use contract::OrderId;
use platform::{
    database::{StoreError, remembered},
    deadline::Deadline,
    idempotency::{Answer, IdempotencyKey, RequestHash},
};

use super::{error::OrderError, shared::OrderService};
use crate::{
    model::{Order, PendingOrder, PlaceOrder, Standing},
    store,
};

/// What S1 found or made.
#[derive(Clone, Debug)]
pub struct Intent {
    pub standing: Standing,
    /// The key named an order already: this is a repeat.
    pub replayed: bool,
}

impl OrderService {
    /// Places an order and answers it decided: confirmed, rejected, or cancelled where it was given up meanwhile. A
    /// repeat is answered as the first one was, and joins it while it is under way.
    ///
    /// Dropped at any point, as when the caller leaves, it leaves at most a pending order, which the sweeper finishes.
    ///
    /// # Errors
    /// When the key is another request's, there are too many orders under way, or the outcome is not known in time.
    pub async fn place(
        &self,
        key: &IdempotencyKey,
        command: &PlaceOrder,
    ) -> Result<Answer<Order>, OrderError> {
        let placed = self.place_admitted(key, command).await;
        placed.inspect_err(|error| self.parts().metrics.failed(error))
    }

    async fn place_admitted(
        &self,
        key: &IdempotencyKey,
        command: &PlaceOrder,
    ) -> Result<Answer<Order>, OrderError> {
        let _place = self.parts().admission.admit()?;
        let deadline = self.parts().deadline();
        let work = async {
            let intent = self.intend(key, command).await?;
            let order = self.finish(intent.standing, deadline).await?;
            Ok(Answer { value: order, replayed: intent.replayed })
        };
        let in_time = deadline.bound(work).await;
        in_time.unwrap_or_else(|elapsed| Err(OrderError::unknown(self.shop().order_id(key), elapsed)))
    }

    /// S1: writes the intent, or reads what stands under the key. Once it has answered, the order's row is committed:
    /// S2 may be sent. A kill after it leaves a pending order, of which nobody was told anything.
    ///
    /// # Errors
    /// When the key is another request's, or the database fails; unless it says `NotNow`, the row may be there.
    pub async fn intend(&self, key: &IdempotencyKey, command: &PlaceOrder) -> Result<Intent, OrderError> {
        let parts = self.parts();
        let id = parts.shop.order_id(key);
        let intent = store::Intent::new(id, key, command, parts.intent_times())?;
        let inserted = parts.intents.ask(intent).await;
        if let Some(created_at) = inserted.map_err(|error| OrderError::of_intent(id, error))? {
            let pending = PendingOrder {
                id,
                key: key.as_str().to_owned(),
                request: Some(command.request.clone()),
                hash: Some(command.hash),
                created_at,
                past_decide_by: false,
            };
            return Ok(Intent { standing: Standing::Pending(pending), replayed: false });
        }
        let standing = self.standing_under(id, key).await?;
        match same_request(&standing, command.hash) {
            true => Ok(Intent { standing, replayed: true }),
            false => Err(OrderError::KeyReused),
        }
    }

    /// What kept the intent from being written: an order, or another request of the same key.
    async fn standing_under(&self, id: OrderId, key: &IdempotencyKey) -> Result<Standing, OrderError> {
        let database = &self.parts().database;
        let failed = |error| OrderError::of_step(id, error);
        if let Some(standing) = store::standing_under(database, key).await.map_err(failed)? {
            return Ok(standing);
        }
        match remembered::is_used(database.reader(), key).await.map_err(failed)? {
            true => Err(OrderError::KeyReused),
            // another request of the key was purged between the two reads
            false => Err(OrderError::unknown(id, StoreError::corrupt("an order's row vanished"))),
        }
    }

    /// S2 and S3 of what S1 found.
    pub(super) async fn finish(&self, standing: Standing, deadline: Deadline) -> Result<Order, OrderError> {
        match standing {
            Standing::Decided { order, .. } => Ok(order),
            Standing::Pending(pending) => {
                let deduction = self.decide(&pending, deadline).await?;
                self.project(&pending, &deduction).await
            }
        }
    }
}

/// A row without a hash matches every request: its owner comes late and is told that it is cancelled.
fn same_request(standing: &Standing, asked: RequestHash) -> bool {
    let stands = match standing {
        Standing::Pending(pending) => pending.hash,
        Standing::Decided { hash, .. } => *hash,
    };
    stands.is_none_or(|stands| stands == asked)
}
