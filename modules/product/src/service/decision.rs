//! S2, the only decision point of a sale, and giving an order up. Whatever comes first is written once and stands.

use std::collections::BTreeMap;

use contract::{DecideLine, Deduction, DeductionLine, OrderId, ProductId, RefusalCause, Verdict};
use platform::database::DatabaseTransaction;
use platform::{clock, database::StoreError, idempotency::RequestHash};

use super::{ProductError, ProductService};
use crate::{
    model::{self, Product, Reason},
    store::{self, Entry, StoredDeduction},
};

/// Redos after another decision about the same order came in between; the first redo already finds it.
const RACE_TRIES: u32 = 5;

impl ProductService {
    /// Takes the stock of every line, or refuses the order; or answers what was decided before.
    ///
    /// A kill before COMMIT leaves nothing behind; after it, the repeat finds the decision.
    ///
    /// # Errors
    /// When the order was decided for another request, or the database fails.
    pub async fn decide_order(
        &self,
        order: OrderId,
        hash: RequestHash,
        lines: &[DecideLine],
    ) -> Result<Deduction, ProductError> {
        self.write_once(order, Some(hash), async |transaction| {
            let products = store::lock_all(transaction, lines.iter().map(|line| line.product_id)).await?;
            if let Some(stands) = store::find_deduction(transaction, order).await? {
                return Ok(stands);
            }
            let on_sale: BTreeMap<ProductId, Product> =
                products.into_iter().filter(|(_, product)| !product.archived).collect();
            let stored = fresh(order, Some(hash), model::decide(lines, &on_sale));
            store::insert_deduction(transaction, &stored).await?;
            if let Verdict::Held { lines, .. } = &stored.deduction.verdict {
                take(transaction, order, lines, &on_sale).await?;
            }
            Ok(stored)
        })
        .await
    }

    /// Refuses the order as given up; or answers what was decided before. The row fences late requests off. `hash` is
    /// absent when no request of it ever arrived.
    ///
    /// # Errors
    /// When the order was decided for another request, or the database fails.
    pub async fn give_up_order(
        &self,
        order: OrderId,
        hash: Option<RequestHash>,
    ) -> Result<Deduction, ProductError> {
        self.write_once(order, hash, async |transaction| {
            if let Some(stands) = store::find_deduction(transaction, order).await? {
                return Ok(stands);
            }
            let given_up = Verdict::Refused { cause: RefusalCause::GivenUp, lines: Vec::new() };
            let stored = fresh(order, hash, given_up);
            store::insert_deduction(transaction, &stored).await?;
            Ok(stored)
        })
        .await
    }

    /// Redoes the whole transaction when the plain INSERT met a decision that was committed after it was looked for.
    async fn write_once(
        &self,
        order: OrderId,
        hash: Option<RequestHash>,
        work: impl AsyncFn(&DatabaseTransaction) -> Result<StoredDeduction, StoreError>,
    ) -> Result<Deduction, ProductError> {
        let mut tries = 1;
        let stored = loop {
            match self.database.write(&work).await {
                Err(error) if store::is_deduction_race(&error) && tries < RACE_TRIES => tries += 1,
                settled => break settled?,
            }
        };
        debug_assert_eq!(stored.deduction.order_id, order);
        match (stored.hash, hash) {
            (Some(stands), Some(asked)) if stands != asked => Err(ProductError::KeyReused),
            _ => Ok(stored.deduction),
        }
    }
}

fn fresh(order_id: OrderId, hash: Option<RequestHash>, verdict: Verdict) -> StoredDeduction {
    StoredDeduction { deduction: Deduction { order_id, decided_at: clock::now(), verdict }, hash }
}

async fn take(
    transaction: &DatabaseTransaction,
    order: OrderId,
    lines: &[DeductionLine],
    products: &BTreeMap<ProductId, Product>,
) -> Result<(), StoreError> {
    for (id, change) in model::takes(lines) {
        let undecided = || StoreError::corrupt(format!("held line of {id} is not covered"));
        let product = products.get(&id).ok_or_else(undecided)?;
        let after = product.level_after(change).map_err(|_| undecided())?;
        let entry = Entry { order_id: Some(order), ..Entry::of(Reason::Sale) };
        store::append(transaction, product, after, entry).await?;
    }
    Ok(())
}
