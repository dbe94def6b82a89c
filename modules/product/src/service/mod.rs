//! What the module does, each change in one transaction.

mod api;
mod catalogue;
mod decision;
mod error;
mod import;
mod lanes;
mod moves;
mod shelf;
mod stock;

use contract::Shop;
use decision::Decisions;
use lanes::Lanes;
use moves::Moves;
use platform::database::Database;

pub use error::ProductError;
pub use import::{ImportStop, Tally};

/// The product module; cheap to clone.
#[derive(Clone)]
pub struct ProductService {
    database: Database,
    shop: Shop,
    decisions: Lanes<Decisions>,
    moves: Lanes<Moves>,
}

impl ProductService {
    pub fn new(database: Database, shop: Shop) -> Self {
        let (decisions, moves) = (Lanes::new(&database), Lanes::new(&database));
        Self { database, shop, decisions, moves }
    }

    /// Decisions and moves are written by the thread that calls from now on, unless another writes them.
    pub fn begin_groups(&self) {
        self.decisions.begin();
        self.moves.begin();
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
