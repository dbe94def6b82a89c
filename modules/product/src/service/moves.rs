//! Moves of stock by hand and single deductions, of which those that are asked for at the same time share a transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use contract::{ProductId, Quantity};
use platform::{
    database::{
        Database, DatabaseTransaction, GroupWork, StoreError,
        remembered::{self, Outcome, Remembered},
    },
    idempotency::{Answer, Keyed},
};

use super::{
    ProductError, ProductService,
    lanes::{unless_raced, without_what_is_held},
    shelf::Shelf,
};
use crate::{
    model::{Movement, Refusal},
    store::{Entry, Held},
};

/// A change of one product's stock.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) request: Keyed,
    pub(super) product: ProductId,
    pub(super) change: Quantity,
    pub(super) entry: Entry,
}

/// Writes moves.
pub(super) struct Moves {
    pub(super) database: Database,
    pub(super) held: Held,
}

/// What a key stands for, and whether it did so before.
type Settled = (Remembered, bool);

impl ProductService {
    /// Makes the move once a key, and tells its repeats what the first was told.
    pub(super) async fn move_once(&self, asked: Move) -> Result<Answer<Movement>, ProductError> {
        let hash = asked.request.hash;
        let (Remembered { hash: stands, answer }, replayed) = self.moves.ask(asked).await?;
        if stands != hash {
            return Err(ProductError::KeyReused);
        }
        let outcome: Outcome<Movement, Refusal> =
            serde_json::from_str(&answer).map_err(|error| unreadable(&error))?;
        match outcome {
            Ok(value) => Ok(Answer { value, replayed }),
            Err(value) => Err(ProductError::Refused(Answer { value, replayed })),
        }
    }
}

impl GroupWork for Moves {
    type Ask = Move;
    /// Nothing where another transaction holds the product.
    type Answer = Option<Settled>;

    async fn write(&self, moves: Arc<[Move]>) -> Result<Vec<Option<Settled>>, StoreError> {
        let (database, held, asked) = (self.database.clone(), self.held, moves.clone());
        let (mut new, stood) = without_what_is_held(held, async move |held| {
            let (database, asked) = (database.clone(), asked.clone());
            unless_raced(remembered::is_key_race, async move || {
                let asked = asked.clone();
                database.write(async move |transaction| move_all(transaction, &asked, held).await).await
            })
            .await
        })
        .await?;
        let mut repeats = BTreeMap::new();
        let settled = moves.iter().map(|asked| {
            let key = asked.request.key.as_str();
            if let Some(made) = new.remove(key) {
                repeats.insert(key, made.clone());
                return Some((made, false));
            }
            repeats.get(key).or_else(|| stood.get(key)).map(|stands| (stands.clone(), true))
        });
        Ok(settled.collect())
    }
}

/// What these keys stand for from now on, and what those of them stood for that were used before.
async fn move_all(
    transaction: &DatabaseTransaction,
    moves: &[Move],
    held: Held,
) -> Result<(BTreeMap<String, Remembered>, BTreeMap<String, Remembered>), StoreError> {
    let products: BTreeSet<ProductId> = moves.iter().map(|asked| asked.product).collect();
    let mut shelf = Shelf::lock(transaction, products, held).await?;
    // later than the locks: what was done before them is seen
    let stood = remembered::find_all(transaction, moves.iter().map(|asked| &asked.request.key)).await?;
    let mut new = BTreeMap::new();
    for Move { request, product, change, entry } in moves {
        let key = request.key.as_str();
        // a key that is there twice is one
        let is_known = stood.contains_key(key) || new.contains_key(key);
        if !is_known && shelf.knows(*product) {
            // a refusal has moved nothing, and is remembered as what was done is
            let outcome: Outcome<Movement, Refusal> = shelf.change(*product, *change, entry.clone());
            let answer = serde_json::to_string(&outcome).map_err(|error| unreadable(&error))?;
            new.insert(key.to_owned(), Remembered { hash: request.hash, answer });
        }
    }
    remembered::remember_all(transaction, &new).await?;
    shelf.write(transaction).await?;
    Ok((new, stood))
}

fn unreadable(error: &serde_json::Error) -> StoreError {
    StoreError::corrupt(format!("a remembered answer cannot be read or written: {error}"))
}
