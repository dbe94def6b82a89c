//! S2, the only decision point of a sale, and giving an order up. Whatever comes first is written once and stands.

use std::collections::{BTreeMap, BTreeSet};

use contract::{DecideLine, Deduction, OrderId, ProductId, RefusalCause, Verdict};
use platform::{
    clock,
    database::{DatabaseTransaction, GroupTransaction, StoreError, Writes},
    idempotency::RequestHash,
};

use super::{
    ProductError, ProductService,
    lanes::{LaneWork, Written, unless_raced},
    shelf::Shelf,
};
use crate::{
    model::{self, Reason},
    store::{self, Entry, Held, StoredDeduction},
};

/// An order to be decided.
#[derive(Clone, Debug)]
pub(super) struct Question {
    order: OrderId,
    hash: RequestHash,
    lines: Vec<DecideLine>,
}

/// Decisions are written in lanes.
pub(super) enum Decisions {}

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
        let stored = self.decisions.ask(Question { order, hash, lines: lines.to_vec() }).await?;
        of_this_request(stored, Some(hash))
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
        let given_up = async |transaction: &DatabaseTransaction| {
            if let Some(stands) = store::find_deduction(transaction, order).await? {
                return Ok(stands);
            }
            let refused = Verdict::Refused { cause: RefusalCause::GivenUp, lines: Vec::new() };
            let stored = fresh(order, hash, refused);
            let mut writes = Writes::to(self.database.backend());
            store::insert_deductions(&mut writes, [&stored])?;
            writes.execute(transaction).await?;
            Ok::<_, StoreError>(stored)
        };
        let refuse = async || self.database.write(given_up).await;
        of_this_request(unless_raced(store::is_deduction_race, refuse).await?, hash)
    }
}

impl LaneWork for Decisions {
    type Ask = Question;
    type Answer = StoredDeduction;

    /// That of the order services.
    const HAS_ADMISSION: bool = true;

    fn is_race(error: &StoreError) -> bool {
        store::is_deduction_race(error)
    }

    /// Each order is decided with what those before it leave; what was decided before stands.
    async fn prepare(
        transaction: &GroupTransaction<'_>,
        questions: &[Question],
        held: Held,
    ) -> Result<Written<StoredDeduction>, StoreError> {
        let lines = questions.iter().flat_map(|question| &question.lines);
        let products: BTreeSet<ProductId> = lines.map(|line| line.product_id).collect();
        let orders: BTreeSet<OrderId> = questions.iter().map(|question| question.order).collect();
        let (locked, mut decided) = store::lock_for_orders(transaction, products, held, orders).await?;
        let mut shelf = Shelf::of(locked);
        let mut new = BTreeMap::new();
        for question in questions {
            // an order that is there twice is one
            let is_decided = decided.contains_key(&question.order) || new.contains_key(&question.order);
            if !is_decided && question.lines.iter().all(|line| shelf.knows(line.product_id)) {
                new.insert(question.order, decide(question, &mut shelf)?);
            }
        }
        let mut writes = Writes::to(transaction.backend());
        store::insert_deductions(&mut writes, new.values())?;
        shelf.write(&mut writes);
        decided.append(&mut new);
        let answers = questions.iter().map(|question| decided.get(&question.order).cloned()).collect();
        Ok((answers, writes))
    }
}

fn decide(question: &Question, shelf: &mut Shelf) -> Result<StoredDeduction, StoreError> {
    let verdict = model::decide(&question.lines, shelf.on_sale());
    if let Verdict::Held { lines, .. } = &verdict {
        for (id, change) in model::takes(lines) {
            let entry = Entry { order_id: Some(question.order), ..Entry::of(Reason::Sale) };
            let moved = shelf.change(id, change, entry);
            moved.map_err(|_| StoreError::corrupt(format!("held line of {id} is not covered")))?;
        }
    }
    Ok(fresh(question.order, Some(question.hash), verdict))
}

fn fresh(order_id: OrderId, hash: Option<RequestHash>, verdict: Verdict) -> StoredDeduction {
    StoredDeduction { deduction: Deduction { order_id, decided_at: clock::now(), verdict }, hash }
}

fn of_this_request(stored: StoredDeduction, asked: Option<RequestHash>) -> Result<Deduction, ProductError> {
    match (stored.hash, asked) {
        (Some(stands), Some(asked)) if stands != asked => Err(ProductError::KeyReused),
        _ => Ok(stored.deduction),
    }
}
