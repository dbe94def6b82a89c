//! Stock on hand: count, adjust, deduct, and the ledger behind it.

use contract::{ProductId, Quantity};
use platform::{
    database::remembered::Stop,
    idempotency::{Answer, Keyed},
};

use super::{ProductError, ProductService, catalogue::live, moves::Move};
use crate::{
    model::{Adjustment, Movement, Product, Reason, Refusal, StockCount, StockLevel},
    store::{self, Entry},
};

impl ProductService {
    /// Stock on hand.
    ///
    /// # Errors
    /// When there is no such product, or its stock is not tracked.
    pub async fn stock(&self, id: ProductId) -> Result<StockLevel, ProductError> {
        let product = self.get(id, false).await?;
        if !product.catalogue.stock_policy.is_tracked() {
            return Err(Refusal::Untracked.into());
        }
        Ok(StockLevel { product_id: id, quantity: product.stock, seq: product.seq })
    }

    /// Sets stock to what was counted; with `as_of` what moved since that movement is kept.
    ///
    /// # Errors
    /// When the level is not the expected one, or the result would be below the floor.
    pub async fn count(
        &self,
        request: &Keyed,
        id: ProductId,
        count: &StockCount,
    ) -> Result<Answer<StockLevel>, ProductError> {
        let counted = self
            .change(request, async |transaction| {
                let product = live(store::lock(transaction, id).await?, id)?;
                if count.expected_quantity.is_some_and(|expected| expected != product.stock) {
                    let stale = Refusal::StaleCount { quantity: product.stock, seq: product.seq };
                    return Err(Stop::Refused(stale));
                }
                let counted_level = match count.as_of {
                    None => product.stock,
                    Some(seq) => store::level_at(transaction, id, seq)
                        .await?
                        .ok_or(Stop::Refused(Refusal::UnknownSeq { latest: product.seq }))?,
                };
                let change = Quantity::from_milli(count.quantity.milli() - counted_level.milli());
                let after = product.level_after(change).map_err(Stop::Refused)?;
                Ok(store::append(transaction, &product, after, Entry::of(Reason::Count)).await?)
            })
            .await?;
        Ok(counted.map(|movement| level(id, &movement)))
    }

    /// Moves stock by hand.
    ///
    /// # Errors
    /// When stock would go below the floor.
    pub async fn adjust(
        &self,
        request: &Keyed,
        id: ProductId,
        adjustment: &Adjustment,
    ) -> Result<Answer<Movement>, ProductError> {
        let note = adjustment.note.clone();
        let entry = Entry { note, ..Entry::of(adjustment.reason.in_ledger()) };
        self.move_by(request, id, adjustment.quantity, entry).await
    }

    /// Takes stock of one product, without an order.
    ///
    /// # Errors
    /// When stock would go below the floor.
    pub async fn deduct(
        &self,
        request: &Keyed,
        id: ProductId,
        quantity: Quantity,
    ) -> Result<Answer<StockLevel>, ProductError> {
        let change = Quantity::from_milli(-quantity.milli());
        let deducted = self.move_by(request, id, change, Entry::of(Reason::Deduct)).await?;
        Ok(deducted.map(|movement| level(id, &movement)))
    }

    /// Up to `limit` entries of the ledger before `before`, newest first; those of an archived product too.
    ///
    /// # Errors
    /// When there is no such product.
    pub async fn movements(
        &self,
        id: ProductId,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<Movement>, ProductError> {
        let Product { id, .. } = self.get(id, true).await?;
        Ok(store::movements(self.database.reader(), id, before, limit).await?)
    }

    async fn move_by(
        &self,
        request: &Keyed,
        product: ProductId,
        change: Quantity,
        entry: Entry,
    ) -> Result<Answer<Movement>, ProductError> {
        self.move_once(Move { request: request.clone(), product, change, entry }).await
    }
}

fn level(product_id: ProductId, movement: &Movement) -> StockLevel {
    StockLevel { product_id, quantity: movement.after, seq: movement.seq }
}
