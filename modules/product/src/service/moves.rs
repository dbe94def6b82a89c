//! Moves of stock by hand and single deductions, of which those that are asked for at the same time share a transaction.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ProductId, Quantity};
use platform::{
    database::{
        GroupTransaction, StoreError, Writes,
        remembered::{self, Outcome, Remembered},
    },
    idempotency::{Answer, Keyed},
};

use super::{
    ProductError, ProductService,
    catalogue::told,
    lanes::{LaneWork, Written},
    shelf::Shelf,
};
use crate::{
    model::{Movement, Refusal},
    store::{self, Entry, Held},
};

/// A change of one product's stock.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) request: Keyed,
    pub(super) product: ProductId,
    pub(super) change: Quantity,
    pub(super) entry: Entry,
}

/// Moves are written in lanes.
pub(super) enum Moves {}

impl ProductService {
    /// Makes the move once a key, and tells its repeats what the first was told.
    pub(super) async fn move_once(&self, asked: Move) -> Result<Answer<Movement>, ProductError> {
        let hash = asked.request.hash;
        let Answer { value: remembered, replayed } = self.moves.ask(asked).await?;
        if remembered.hash != hash {
            return Err(ProductError::KeyReused);
        }
        told(Answer { value: remembered.read()?, replayed })
    }
}

impl LaneWork for Moves {
    type Ask = Move;
    /// What the key stands for; replayed where it did so before.
    type Answer = Answer<Remembered>;

    const HAS_ADMISSION: bool = false;

    fn is_race(error: &StoreError) -> bool {
        remembered::is_key_race(error)
    }

    async fn prepare(
        transaction: &GroupTransaction<'_>,
        moves: &[Move],
        held: Held,
    ) -> Result<Written<Answer<Remembered>>, StoreError> {
        let products: BTreeSet<ProductId> = moves.iter().map(|asked| asked.product).collect();
        let keys = moves.iter().map(|asked| &asked.request.key);
        let (locked, stood) = store::lock_for_keys(transaction, products, held, keys).await?;
        let mut shelf = Shelf::of(locked);
        let (mut new, mut answers) = (BTreeMap::new(), Vec::new());
        for Move { request, product, change, entry } in moves {
            let key = request.key.as_str();
            // a key that is there twice is one
            let stands = stood.get(key).or_else(|| new.get(key)).cloned();
            answers.push(match stands {
                Some(value) => Some(Answer { value, replayed: true }),
                None if shelf.knows(*product) => {
                    // a refusal has moved nothing, and is remembered as what was done is
                    let outcome: Outcome<Movement, Refusal> = shelf.change(*product, *change, entry.clone());
                    let made = Remembered::new(request.hash, &outcome)?;
                    new.insert(key.to_owned(), made.clone());
                    Some(Answer::fresh(made))
                }
                None => None,
            });
        }
        let mut writes = Writes::to(transaction.backend());
        remembered::remember_all(&mut writes, &new);
        shelf.write(&mut writes);
        Ok((answers, writes))
    }
}
