//! Products that a transaction has locked, as what it has done so far leaves them.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ProductId, Quantity};
use platform::database::Writes;

use crate::{
    model::{Movement, Product, Refusal},
    store::{self, Entry, Locked},
};

pub(super) struct Shelf {
    on_sale: BTreeMap<ProductId, Product>,
    /// Of which another transaction knows more.
    held_by_others: BTreeSet<ProductId>,
    moved: Vec<(ProductId, Movement)>,
}

impl Shelf {
    /// With what was locked.
    pub(super) fn of(Locked { mut products, held_by_others }: Locked) -> Self {
        products.retain(|_, product| !product.archived);
        Self { on_sale: products, held_by_others, moved: Vec::new() }
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
    pub(super) fn write(self, writes: &mut Writes) {
        store::append_all(writes, &self.moved);
    }
}
