//! What the module does, each change in one transaction.

mod api;
mod catalogue;
mod decision;
mod error;
mod import;
mod lanes;
mod lookups;
mod moves;
mod shelf;
mod stock;

use contract::Shop;
use decision::Decisions;
use lanes::Lanes;
use lookups::Lookups;
use moves::Moves;
use platform::database::{Database, Groups};

pub use error::ProductError;
pub use import::{ImportStop, Tally};

/// The product module; cheap to clone.
#[derive(Clone)]
pub struct ProductService {
    database: Database,
    shop: Shop,
    decisions: Lanes<Decisions>,
    moves: Lanes<Moves>,
    lookups: Groups<Lookups>,
}

impl ProductService {
    pub fn new(database: Database, shop: Shop) -> Self {
        let (decisions, moves) = (Lanes::new(&database), Lanes::new(&database));
        let lookups = database.in_groups(Lookups);
        Self { database, shop, decisions, moves, lookups }
    }

    /// Decisions, moves and lookups are served by the thread that calls from now on, unless another serves them.
    pub fn begin_groups(&self) {
        self.decisions.begin();
        self.moves.begin();
        self.lookups.begin();
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
