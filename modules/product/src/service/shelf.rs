//! Products that a transaction has locked, as what it has done so far leaves them.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ProductId, Quantity};
use platform::database::{DatabaseTransaction, StoreError};

use crate::{
    model::{Movement, Product, Refusal},
    store::{self, Entry, Held},
};

pub(super) struct Shelf {
    held: Held,
    on_sale: BTreeMap<ProductId, Product>,
    archived: BTreeSet<ProductId>,
    moved: Vec<(ProductId, Movement)>,
}

impl Shelf {
    /// Locks the products and reads them then.
    pub(super) async fn lock(
        transaction: &DatabaseTransaction,
        ids: impl IntoIterator<Item = ProductId>,
        held: Held,
    ) -> Result<Self, StoreError> {
        let locked = store::lock_all(transaction, ids, held).await?;
        let (archived, on_sale): (BTreeMap<_, _>, _) =
            locked.into_iter().partition(|(_, product)| product.archived);
        Ok(Self { held, on_sale, archived: archived.into_keys().collect(), moved: Vec::new() })
    }

    /// Whether all that is known of this product is known here: another transaction may hold it.
    pub(super) fn knows(&self, id: ProductId) -> bool {
        self.held == Held::Wait || self.on_sale.contains_key(&id) || self.archived.contains(&id)
    }

    pub(super) fn on_sale(&self) -> &BTreeMap<ProductId, Product> {
        &self.on_sale
    }

    /// Moves the stock of a product.
    ///
    /// # Errors
    /// When it is not on sale, or its stock does not allow it; then nothing has moved.
    pub(super) fn change(
        &mut self,
        id: ProductId,
        change: Quantity,
        entry: Entry,
    ) -> Result<Movement, Refusal> {
        let product = self.on_sale.get_mut(&id).ok_or(Refusal::NotFound(id))?;
        let after = product.level_after(change)?;
        let movement = store::next_movement(product, after, entry);
        (product.stock, product.seq) = (movement.after, movement.seq);
        self.moved.push((id, movement.clone()));
        Ok(movement)
    }

    /// Writes what has moved.
    pub(super) async fn write(self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        store::append_all(transaction, &self.moved).await
    }
}
