//! What the module does, each change in one transaction.

mod api;
mod catalogue;
mod decision;
mod error;
mod import;
mod stock;

use contract::Shop;
use platform::database::Database;

pub use error::ProductError;
pub use import::{ImportStop, Tally};

/// The product module; cheap to clone.
#[derive(Clone)]
pub struct ProductService {
    database: Database,
    shop: Shop,
}

impl ProductService {
    pub fn new(database: Database, shop: Shop) -> Self {
        Self { database, shop }
    }

    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Closes the database's pools, for a command that is through.
    pub async fn close(self) {
        if let Err(error) = self.database.close().await {
            tracing::debug!(error = %error, "the product database did not close well");
        }
    }
}
