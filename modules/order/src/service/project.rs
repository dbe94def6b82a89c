//! S3: the order becomes what its deduction says, and only then is anybody told.

use contract::Deduction;
use platform::database::StoreError;

use super::{error::OrderError, shared::OrderService};
use crate::{
    model::{Order, PendingOrder, Standing},
    store,
};

impl OrderService {
    /// S3: writes the decision into the order, only from `pending`; where another was first, answers what stands. Once
    /// it has answered, whoever reads the order reads this.
    ///
    /// # Errors
    /// When it is not known whether it was written, or the deduction is not this order's.
    pub async fn project(&self, pending: &PendingOrder, deduction: &Deduction) -> Result<Order, OrderError> {
        let id = pending.id;
        let decided =
            pending.decided_by(deduction).map_err(|cause| OrderError::Misfit { order: id, cause })?;
        let database = &self.parts().database;
        let failed = |error| OrderError::of_step(id, error);
        if self.parts().projections.ask(decided.clone()).await.map_err(failed)? {
            self.parts().metrics.decided(&decided);
            return Ok(decided);
        }
        match store::standing(database, id).await.map_err(failed)? {
            Some(Standing::Decided { order, .. }) => Ok(order),
            Some(Standing::Pending(_)) | None => {
                Err(StoreError::corrupt(format!("order {id} could not be decided and is not")).into())
            }
        }
    }
}
