//! Giving an order up: it ends cancelled, or as it was decided before.

use contract::OrderId;
use platform::{deadline::Deadline, idempotency::Answer};

use super::{error::OrderError, shared::OrderService};
use crate::{
    model::{CancelOrder, CancelTarget, Order, Standing},
    store::{self, CancelRefusal},
};

impl OrderService {
    /// Gives an order up and answers it as it stands then: cancelled, rejected, or confirmed where it was too late. An
    /// order of whose key nothing is known is cancelled too: its row fences off a request that comes late.
    ///
    /// # Errors
    /// When there is no order of the id, a key is another request's, there are too many orders under way, or the outcome
    /// is not known in time.
    pub async fn cancel(&self, command: &CancelOrder) -> Result<Answer<Order>, OrderError> {
        let cancelled = self.cancel_admitted(command).await;
        cancelled.inspect_err(|error| self.parts().metrics.failed(error))
    }

    async fn cancel_admitted(&self, command: &CancelOrder) -> Result<Answer<Order>, OrderError> {
        let _place = self.parts().admission.admit()?;
        let deadline = self.parts().deadline();
        let id = self.target(command);
        let in_time = deadline.bound(self.cancel_within(id, command, deadline)).await;
        in_time.unwrap_or_else(|elapsed| Err(OrderError::unknown(id, elapsed)))
    }

    async fn cancel_within(
        &self,
        id: OrderId,
        command: &CancelOrder,
        deadline: Deadline,
    ) -> Result<Answer<Order>, OrderError> {
        let parts = self.parts();
        // The order's own key cannot name the cancellation. Not remembered: the key is the order's.
        if parts.shop.may_name(&command.keyed.key, id) {
            return Err(OrderError::KeyReused);
        }
        // not remembered either: it proves nothing
        if matches!(command.target, CancelTarget::Order(_)) {
            let known = store::exists(&parts.database, id).await.map_err(OrderError::NotNow)?;
            known.then_some(()).ok_or(OrderError::NotFound(id))?;
        }
        let first_sweep_ms = parts.settings.first_sweep_ms();
        let opened = store::open_cancellation(&parts.database, &parts.shop, command, first_sweep_ms).await;
        let Answer { value, replayed } = opened.map_err(|error| OrderError::of_cancellation(id, error))?;
        match value {
            Err(CancelRefusal::KeyOfOrder) => Err(OrderError::KeyReused),
            Ok(id) => Ok(Answer { value: self.give_up(id, &command.target, deadline).await?, replayed }),
        }
    }

    /// Refuses what is pending, and obeys what stands: a decision that was made before is the order's.
    async fn give_up(
        &self,
        id: OrderId,
        target: &CancelTarget,
        deadline: Deadline,
    ) -> Result<Order, OrderError> {
        let database = &self.parts().database;
        let standing = match target {
            CancelTarget::Key(key) => store::standing_under(database, key).await,
            CancelTarget::Order(_) => store::standing(database, id).await,
        };
        match standing.map_err(|error| OrderError::of_step(id, error))? {
            Some(Standing::Decided { order, .. }) => Ok(order),
            Some(Standing::Pending(pending)) => {
                let deduction = self.refuse(&pending, deadline).await?;
                self.project(&pending, &deduction).await
            }
            // no row could be made: the key that was to be given up names another request, not an order
            None => Err(OrderError::KeyReused),
        }
    }

    /// The order that a cancellation names.
    pub(crate) fn target(&self, command: &CancelOrder) -> OrderId {
        match &command.target {
            CancelTarget::Key(key) => self.shop().order_id(key),
            CancelTarget::Order(id) => *id,
        }
    }
}
