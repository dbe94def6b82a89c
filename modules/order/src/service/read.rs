//! Reading orders and their history.

use contract::OrderId;

use super::{error::OrderError, shared::OrderService};
use crate::{
    model::{Order, OrderFilter, OrderPage, Position},
    store,
};

impl OrderService {
    /// The order of this id.
    ///
    /// # Errors
    /// When there is none, or the database cannot be read.
    pub async fn get(&self, id: OrderId) -> Result<Order, OrderError> {
        store::find(&self.parts().database, id)
            .await?
            .ok_or(OrderError::NotFound(id))
    }

    /// A page of the history, newest first: up to `limit` orders after `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(
        &self,
        filter: &OrderFilter,
        after: Option<Position>,
        limit: usize,
    ) -> Result<OrderPage, OrderError> {
        // one more than wanted tells whether there is another page
        let mut orders =
            store::list(&self.parts().database, filter, after, limit as u64 + 1).await?;
        let more = orders.len() > limit;
        orders.truncate(limit);
        let last = orders.last().filter(|_| more);
        let next = last.map(|order| Position {
            created_at: order.created_at,
            id: order.id,
        });
        Ok(OrderPage { orders, next })
    }
}
