//! `pos audit`: what must always hold of a shop, checked across both databases, live or stopped.
//!
//! It is sound beside a running shop by its order of reading. I5 and I7: the order first, then its decision, for a decision
//! comes before its projection and never changes. I6: the decision first, then its order, for an intent comes before its
//! decision and is never deleted. I1 to I4: one snapshot a batch. A suspect is read again before it is called a violation.

mod compare;
mod passes;
mod report;
mod tally;

use std::time::Duration;

use contract::Shop;
use order::OrderAudit;
use platform::database::StoreError;
use product::ProductAudit;

pub use report::{json, table};
pub use tally::{Progress, Tally};

/// A shop that is audited.
pub struct Audited {
    pub product: ProductAudit,
    pub order: OrderAudit,
    pub shop: Shop,
    /// How long a batch may take: a database that is frozen, or behind a broken wire, says nothing at all.
    pub patience: Duration,
}

/// That a batch may take: two ends, two of them counted again, and two readings done twice. With as many for their connections.
pub const STATEMENTS_A_BATCH: u64 = 16;

/// Checks everything.
///
/// # Errors
/// When a database fails: what was found by then proves nothing.
pub async fn audit(shop: &Audited, progress: &impl Progress) -> Result<Tally, StoreError> {
    // side by side: each waits for a database for the most part, and no one's figures are another's
    let of_orders = async |half| {
        let mut tally = Tally::default();
        passes::orders(shop, half, &mut tally, progress).await?;
        Ok::<_, StoreError>(tally)
    };
    let [lower, upper] = passes::halves(shop).await;
    let (stock, lower, upper, decisions) = tokio::join!(
        async {
            let mut tally = Tally::default();
            passes::levels(shop, &mut tally, progress).await?;
            passes::ledger(shop, &mut tally, progress).await?;
            Ok::<_, StoreError>(tally)
        },
        of_orders(lower),
        of_orders(upper),
        async {
            let mut tally = Tally::default();
            passes::decisions(shop, &mut tally, progress).await?;
            passes::overdue(shop, &mut tally).await?;
            Ok::<_, StoreError>(tally)
        },
    );
    Ok(stock?.and(lower?).and(upper?).and(decisions?))
}
