//! Stock and its ledger: sold and on hand is what was there at first and what came.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    Findings,
    books::{Books, Product},
    claims::Claims,
};
use crate::history::What;

/// What the clerks asked for.
struct Asked<'a> {
    /// By SKU.
    opening: HashMap<&'a str, i64>,
    /// Product and quantity, of which no two are the same.
    deductions: HashSet<(Uuid, i64)>,
}

impl<'a> Asked<'a> {
    fn of(claims: &'a Claims) -> Self {
        let mut asked = Self { opening: HashMap::new(), deductions: HashSet::new() };
        for claim in claims.all() {
            match &claim.what {
                What::Create { sku, stock, .. } => {
                    asked.opening.insert(sku, *stock);
                }
                What::Deduct { product, quantity } => {
                    asked.deductions.insert((*product, *quantity));
                }
                _ => {}
            }
        }
        asked
    }
}

pub fn check(claims: &Claims, books: &Books, findings: &mut Findings) {
    let mut sold = HashMap::<Uuid, i64>::new();
    for line in books.orders.values().flat_map(|order| &order.lines) {
        *sold.entry(line.product).or_default() += line.quantity;
    }
    let asked = Asked::of(claims);
    for (id, product) in &books.products {
        check_chain(*id, product, findings);
        check_movements_known(*id, product, &asked, claims, findings);
        if product.policy == "untracked" {
            findings
                .demand(product.movements.is_empty(), "what is not tracked has no ledger", || id.to_string());
            continue;
        }
        let opening = product.sku.as_deref().and_then(|sku| asked.opening.get(sku)).copied();
        let by_hand = product
            .movements
            .iter()
            .filter(|movement| movement.order.is_none() && movement.reason != "opening");
        let by_hand: i64 = by_hand.map(|movement| movement.quantity).sum();
        let sold = sold.get(id).copied().unwrap_or_default();
        let fits = opening.is_some_and(|opening| opening + by_hand == product.quantity + sold);
        findings.demand(fits, "sold and on hand is opening and received", || {
            format!(
                "{id}: opening {opening:?}, moved by hand {by_hand}, sold {sold}, on hand {}",
                product.quantity
            )
        });
    }
}

fn check_chain(id: Uuid, product: &Product, findings: &mut Findings) {
    let (mut seq, mut level) = (0, 0);
    for movement in &product.movements {
        let follows = movement.seq == seq + 1
            && movement.before == level
            && movement.after == level + movement.quantity;
        findings.demand(follows, "the ledger is a chain", || format!("{id} after movement {seq}"));
        let above = product.policy != "deny" || movement.after >= 0;
        findings.demand(above, "no stock was below its floor at any time", || {
            format!("{id} at movement {}: {}", movement.seq, movement.after)
        });
        (seq, level) = (movement.seq, movement.after);
    }
    findings.count("movements", product.movements.len() as u64);
    let fits = product.seq == seq && product.quantity == level;
    findings.demand(fits, "stock is the ledger's last level", || {
        format!("{id}: {} after {}, the ledger says {level} after {seq}", product.quantity, product.seq)
    });
}

/// Each was asked for; sales are compared with their orders, and counts with how many were asked for.
fn check_movements_known(
    id: Uuid,
    product: &Product,
    asked: &Asked,
    claims: &Claims,
    findings: &mut Findings,
) {
    for movement in &product.movements {
        let is_known = match movement.reason.as_str() {
            "opening" => movement.seq == 1,
            "receive" | "waste" | "correct" => {
                let claim = movement.note.as_deref().and_then(|note| claims.get(note));
                claim.is_some_and(|claim| matches!(&claim.what, What::Adjust { product, quantity, .. } if *product == id && *quantity == movement.quantity))
            }
            "deduct" => asked.deductions.contains(&(id, -movement.quantity)),
            "sale" => movement.order.is_some(),
            reason => reason == "count",
        };
        findings.demand(is_known, "nothing moves that nobody asked to", || {
            format!("{id} at movement {}: {} {}", movement.seq, movement.reason, movement.quantity)
        });
    }
}
