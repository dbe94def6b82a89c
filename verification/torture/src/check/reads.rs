//! An order that is read after it was told never says less.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Findings,
    books::Books,
    claims::{Claims, Try, amount},
};
use crate::history::What;

pub fn check(claims: &Claims, books: &Books, findings: &mut Findings) {
    let known = known_since(claims);
    for claim in claims.all() {
        let What::Read { sale, .. } = &claim.what else { continue };
        for read in claim.told() {
            findings.count("reads", 1);
            let body = shown(read);
            let status = body["status"].as_str();
            if known.get(sale.as_str()).is_some_and(|since| *since < read.asked_at) {
                let is_decided = status.is_some_and(|status| status != "pending");
                findings.demand(is_decided, "an order read after its answer never says less", || {
                    format!("{sale} was told, and read later at {} µs: {} {body}", read.asked_at, read.says())
                });
            }
            let order = books.orders.get(sale.as_str());
            let stays = match status {
                None | Some("pending") => true,
                Some(status) => order
                    .is_some_and(|order| order.status == status && amount(&body["total"], 2) == order.total),
            };
            findings.demand(stays, "what was read stays so", || format!("{sale} was read as {body}"));
        }
    }
}

/// From when on somebody knows that an order is decided.
fn known_since(claims: &Claims) -> HashMap<&str, u64> {
    let mut known = HashMap::<&str, u64>::new();
    for claim in claims.all() {
        let (sale, decides): (&str, fn(&Try) -> bool) = match &claim.what {
            What::Sale { .. } => (&claim.key, |told| matches!(told.status, 201 | 409)),
            What::Cancel { sale } => (sale, |told| matches!(told.status, 200 | 409)),
            What::Read { sale, .. } => {
                (sale, |told| shown(told)["status"].as_str().is_some_and(|status| status != "pending"))
            }
            _ => continue,
        };
        for told in claim.told().filter(|told| decides(told)) {
            let since = known.entry(sale).or_insert(u64::MAX);
            *since = told.told_at.min(*since);
        }
    }
    known
}

/// The order: by itself, or as the only one of a list.
fn shown(read: &Try) -> Value {
    let body = read.body();
    match body.get("status") {
        Some(_) => body,
        None => body["items"].get(0).cloned().unwrap_or_default(),
    }
}
