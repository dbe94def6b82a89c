//! S2, the only decision point of a sale, and giving an order up. Whatever comes first is written once and stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use contract::{DecideLine, Deduction, OrderId, ProductId, RefusalCause, Verdict};
use platform::{
    clock,
    database::{Database, DatabaseTransaction, GroupWork, StoreError},
    idempotency::RequestHash,
};

use super::{
    ProductError, ProductService,
    lanes::{unless_raced, without_what_is_held},
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

/// Writes decisions.
pub(super) struct Decisions {
    pub(super) database: Database,
    pub(super) held: Held,
}

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
            let stored =
                fresh(order, hash, Verdict::Refused { cause: RefusalCause::GivenUp, lines: Vec::new() });
            store::insert_deductions(transaction, [&stored]).await?;
            Ok::<_, StoreError>(stored)
        };
        let refuse = async || self.database.write(given_up).await;
        of_this_request(unless_raced(store::is_deduction_race, refuse).await?, hash)
    }
}

impl GroupWork for Decisions {
    type Ask = Question;
    /// Nothing where another transaction holds one of its products.
    type Answer = Option<StoredDeduction>;

    async fn write(&self, questions: Arc<[Question]>) -> Result<Vec<Option<StoredDeduction>>, StoreError> {
        let (database, held, asked) = (self.database.clone(), self.held, questions.clone());
        let decided = without_what_is_held(held, async move |held| {
            let (database, asked) = (database.clone(), asked.clone());
            unless_raced(store::is_deduction_race, async move || {
                let asked = asked.clone();
                database.write(async move |transaction| decide_all(transaction, &asked, held).await).await
            })
            .await
        })
        .await?;
        Ok(questions.iter().map(|question| decided.get(&question.order).cloned()).collect())
    }
}

/// The decisions about these orders, those that stood already among them: each with what those before it leave.
async fn decide_all(
    transaction: &DatabaseTransaction,
    questions: &[Question],
    held: Held,
) -> Result<BTreeMap<OrderId, StoredDeduction>, StoreError> {
    let lines = questions.iter().flat_map(|question| &question.lines);
    let products: BTreeSet<ProductId> = lines.map(|line| line.product_id).collect();
    let mut shelf = Shelf::lock(transaction, products, held).await?;
    // later than the locks: what was decided before them is seen
    let orders: BTreeSet<OrderId> = questions.iter().map(|question| question.order).collect();
    let mut decided = store::find_deductions(transaction, orders).await?;
    let mut new = BTreeMap::new();
    for question in questions {
        // an order that is there twice is one
        let is_decided = decided.contains_key(&question.order) || new.contains_key(&question.order);
        if !is_decided && question.lines.iter().all(|line| shelf.knows(line.product_id)) {
            new.insert(question.order, decide(question, &mut shelf)?);
        }
    }
    store::insert_deductions(transaction, new.values()).await?;
    shelf.write(transaction).await?;
    decided.append(&mut new);
    Ok(decided)
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
