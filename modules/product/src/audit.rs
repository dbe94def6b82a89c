//! What an audit asks of the product database: I1 to I4 by themselves, and the decisions to compare orders with.

use contract::{
    Quantity,
    audit::{Invariant, Violation},
};
use platform::database::{Database, StoreError};
use uuid::Uuid;

use crate::{
    model::{BadLevel, BadMovement, Decision},
    store::audit,
};

/// Reads the product database, and never writes. Ranges go from after a key up to and with another.
pub struct ProductAudit {
    database: Database,
}

impl ProductAudit {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// I1, and the end of I2: each product's stock row, in one snapshot with its last movement.
    ///
    /// # Errors
    /// When the database fails; so for all of these.
    pub async fn levels(&self, after: Uuid, last: Uuid) -> Result<Vec<Violation>, StoreError> {
        let bad = audit::bad_levels(&self.database, after, last).await?;
        let strays = audit::strays(&self.database, after, last).await?;
        Ok(bad.iter().flat_map(level_violations).chain(strays.into_iter().map(stray_violation)).collect())
    }

    /// The chain of I2, and I4. Movements are only ever added at a chain's end, so what follows from what holds at any time.
    pub async fn ledger(&self, after: (Uuid, i64), last: (Uuid, i64)) -> Result<Vec<Violation>, StoreError> {
        let bad = audit::bad_movements(&self.database, after, last).await?;
        Ok(bad.iter().map(movement_violation).collect())
    }

    /// The decisions about the orders of a range, and where I3 does not hold of them: what each took is read with it in one
    /// snapshot.
    pub async fn decisions(
        &self,
        after: Uuid,
        last: Uuid,
    ) -> Result<(Vec<Decision>, Vec<Violation>), StoreError> {
        let decisions = audit::decisions(&self.database, after, last).await?;
        let violations = decisions.iter().filter_map(taking_violation).collect();
        Ok((decisions, violations))
    }

    /// The orders of a range whose decision is held.
    pub async fn held(&self, after: Uuid, last: Uuid) -> Result<Vec<Uuid>, StoreError> {
        audit::held(&self.database, after, last).await
    }

    /// Where the first so many products of a range end, and how many they are.
    pub async fn nth_product(
        &self,
        range: (Uuid, Uuid),
        rows: u64,
    ) -> Result<Option<(Uuid, u64)>, StoreError> {
        audit::nth_product(&self.database, range, rows).await
    }

    /// Where a range of this many movements ends, and how many it has.
    pub async fn nth_movement(
        &self,
        after: (Uuid, i64),
        rows: u64,
    ) -> Result<Option<((Uuid, i64), u64)>, StoreError> {
        audit::nth_movement(&self.database, after, rows).await
    }

    /// Where the first so many decisions of a range end, and how many they are.
    pub async fn nth_decision(
        &self,
        range: (Uuid, Uuid),
        rows: u64,
    ) -> Result<Option<(Uuid, u64)>, StoreError> {
        audit::nth_decision(&self.database, range, rows).await
    }
}

fn stray_violation((id, is_bare): (Uuid, bool)) -> Violation {
    let detail = match is_bare {
        true => "it has no stock row",
        false => "it is archived in one of its two rows, and not in the other",
    };
    Violation { invariant: Invariant::Ledger, id, detail: detail.to_owned() }
}

fn level_violations(bad: &BadLevel) -> Vec<Violation> {
    let mut violations = Vec::new();
    let id = bad.product_id;
    let quantity = Quantity::from_milli(bad.quantity_milli);
    if bad.policy == "deny" && bad.quantity_milli < 0 {
        let detail = format!("stock is {quantity}, and its policy is deny");
        violations.push(Violation { invariant: Invariant::Floor, id, detail });
    }
    if bad.ledger_milli.unwrap_or_default() != bad.quantity_milli
        || (bad.seq > 0 && bad.ledger_milli.is_none())
    {
        let ledger = bad.ledger_milli.map(|milli| Quantity::from_milli(milli).to_string());
        let ledger = ledger.unwrap_or_else(|| "nothing".to_owned());
        let detail = format!("stock is {quantity} after movement {}, and the ledger says {ledger}", bad.seq);
        violations.push(Violation { invariant: Invariant::Ledger, id, detail });
    }
    if violations.is_empty() {
        let detail = format!("there are movements after {}, which stock takes for the last", bad.seq);
        violations.push(Violation { invariant: Invariant::Ledger, id, detail });
    }
    violations
}

fn movement_violation(bad: &BadMovement) -> Violation {
    match bad.is_orphan {
        true => Violation {
            invariant: Invariant::Covered,
            id: bad.order_id.unwrap_or(bad.product_id),
            detail: format!("movement {} of product {} has no decision", bad.seq, bad.product_id),
        },
        false => Violation {
            invariant: Invariant::Ledger,
            id: bad.product_id,
            detail: format!(
                "movement {} does not add up, or does not follow from the one before it",
                bad.seq
            ),
        },
    }
}

fn taking_violation(decision: &Decision) -> Option<Violation> {
    let expected = if decision.is_held { decision.due.as_str() } else { "" };
    let differs = decision.taken != expected;
    let is = if decision.is_held { "held" } else { "refused" };
    differs.then(|| Violation {
        invariant: Invariant::Taken,
        id: decision.order_id,
        detail: format!(
            "it is {is}, moved {}, and should have moved {}",
            moved(&decision.taken),
            moved(expected)
        ),
    })
}

/// What was moved, as people read it.
fn moved(taken: &str) -> String {
    let one = |part: &str| {
        let (product, milli) = part.split_once(':')?;
        let quantity = Quantity::from_milli(milli.parse().ok()?);
        Some(format!("{quantity} of product {}", Uuid::parse_str(product).ok()?))
    };
    let parts = taken.split(',').filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| one(part).unwrap_or_else(|| part.to_owned())).collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}
