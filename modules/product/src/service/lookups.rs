//! Products are read by their ids in groups: whoever asks at the same time shares a statement and its way to the database.

use std::sync::Arc;

use contract::ProductId;
use platform::database::{Database, ErrorClass, GroupWork, StoreError};

use crate::{model::Product, store};

/// Reads products by their ids.
pub(super) struct Lookups(pub(super) Database);

impl GroupWork for Lookups {
    type Ask = ProductId;
    type Answer = Option<Product>;

    const HAS_ADMISSION: bool = false;
    const LOST: ErrorClass = ErrorClass::Broken;

    async fn run(&self, ids: Arc<[ProductId]>) -> Result<Vec<Option<Product>>, StoreError> {
        let find = store::find_all(self.0.backend(), ids.iter().copied());
        let found = store::found(&self.0.read_grouped(find).await?)?;
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }
}
