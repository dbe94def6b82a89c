//! What the module does, each change in one transaction.

mod api;
mod catalogue;
mod decision;
mod error;
mod stock;

use contract::Shop;
use platform::database::Database;

pub use error::ProductError;

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
}
