//! Products that a transaction has locked, as what it has done so far leaves them.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ProductId, Quantity};
use platform::database::{DatabaseTransaction, StoreError, Writes};

use crate::{
    model::{Movement, Product, Refusal},
    store::{self, Entry, Held},
};

pub(super) struct Shelf {
    on_sale: BTreeMap<ProductId, Product>,
    /// Of which another transaction knows more.
    held_by_others: BTreeSet<ProductId>,
    moved: Vec<(ProductId, Movement)>,
}

impl Shelf {
    /// Locks the products and reads them then.
    pub(super) async fn lock(
        transaction: &DatabaseTransaction,
        ids: impl IntoIterator<Item = ProductId>,
        held: Held,
    ) -> Result<Self, StoreError> {
        let ids: Vec<ProductId> = ids.into_iter().collect();
        let mut on_sale = store::lock_all(transaction, ids.iter().copied(), held).await?;
        let missing: Vec<ProductId> = ids.into_iter().filter(|id| !on_sale.contains_key(id)).collect();
        let held_by_others = match held {
            Held::Skip if !missing.is_empty() => store::with_stock(transaction, missing).await?,
            Held::Skip | Held::Wait => BTreeSet::new(),
        };
        on_sale.retain(|_, product| !product.archived);
        Ok(Self { on_sale, held_by_others, moved: Vec::new() })
    }

    /// Whether it can be told here what stands of this product, if only that there is none.
    pub(super) fn knows(&self, id: ProductId) -> bool {
        !self.held_by_others.contains(&id)
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
    pub(super) fn write(self, writes: &mut Writes<'_>) {
        store::append_all(writes, &self.moved);
    }
}
