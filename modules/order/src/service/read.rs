//! Reading orders and their history.

use contract::OrderId;

use super::{error::OrderError, shared::OrderService};
use crate::{
    model::{Order, OrderFilter, Position},
    store,
};

impl OrderService {
    /// The order of this id.
    ///
    /// # Errors
    /// When there is none, or the database cannot be read.
    pub async fn get(&self, id: OrderId) -> Result<Order, OrderError> {
        let order = store::find(&self.parts().database, id).await?;
        order.ok_or(OrderError::NotFound(id))
    }

    /// The history, newest first: up to `limit` orders after `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(
        &self,
        filter: &OrderFilter,
        after: Option<Position>,
        limit: u64,
    ) -> Result<Vec<Order>, OrderError> {
        Ok(store::list(&self.parts().database, filter, after, limit).await?)
    }
}
