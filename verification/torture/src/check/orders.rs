//! What was told about sales, and what became of every order.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::{
    Findings,
    books::{Books, Line, Order},
    claims::{Claim, Claims, Try, amount},
};
use crate::history::{Item, What};

/// Every 201 exists once with what it said; every 409 took nothing; a key that was told nothing has nothing half.
pub fn check_told(claims: &Claims, books: &Books, findings: &mut Findings) {
    let mut cancelled = HashSet::new();
    for claim in claims.all() {
        match &claim.what {
            What::Sale { items } => check_sale(claim, items, books, findings),
            What::Reuse { .. } => check_reuse(claim, books, findings),
            What::Cancel { sale } => {
                cancelled.insert(sale.as_str());
                check_cancellation(claim, sale, books, findings);
            }
            _ => {}
        }
    }
    for claim in claims.sales().filter(|claim| claim.changed_nothing()) {
        let is_there = books.orders.contains_key(&claim.key) && !cancelled.contains(claim.key.as_str());
        findings.demand(!is_there, "a request that was told to have changed nothing has no order", || {
            claim.key.clone()
        });
    }
    let given_up = books.orders.iter().filter(|(_, order)| order.status == "cancelled");
    for (key, _) in given_up {
        findings.demand(cancelled.contains(key.as_str()), "only who was asked to gives an order up", || {
            key.clone()
        });
    }
}

fn check_sale(claim: &Claim, items: &[Item], books: &Books, findings: &mut Findings) {
    findings.count("sales asked for", 1);
    let order = books.orders.get(&claim.key);
    if !claim.is_told() {
        findings.count("never told", 1);
        let became = order.map_or("never told, and nothing there", |order| match order.status.as_str() {
            "confirmed" => "never told, and sold",
            _ => "never told, and not sold",
        });
        findings.count(became, 1);
    }
    for told in claim.told() {
        let wrong = match (told.status, order) {
            (201, Some(order)) => wrong_sold(told, order, items),
            (409, Some(order)) => wrong_refused(told, order),
            (201 | 409, None) => Some("but there is no such order".to_owned()),
            _ => Some("which no till should be told".to_owned()),
        };
        if let Some(wrong) = wrong {
            let rule = if told.status == 201 {
                "every 201 exists with what it said"
            } else {
                "every 409 took nothing"
            };
            findings.violation(
                rule,
                format!("{} was told {} at {} µs, {wrong}", claim.key, told.says(), told.told_at),
            );
        }
    }
}

fn wrong_sold(told: &Try, order: &Order, items: &[Item]) -> Option<String> {
    let body = told.body();
    if order.status != "confirmed" || body["status"] != "confirmed" {
        return Some(format!("but it is {}", order.status));
    }
    if body["id"] != order.id.to_string() || amount(&body["total"], 2) != order.total {
        return Some(format!(
            "but id or total are another: told {body}, kept {} {:?}",
            order.id, order.total
        ));
    }
    let mut lines: Vec<Line> = body["items"].as_array()?.iter().filter_map(told_line).collect();
    let mut kept = order.lines.clone();
    lines.sort();
    kept.sort();
    if lines != kept {
        return Some(format!("but the lines are others: told {lines:?}, kept {kept:?}"));
    }
    let mut wanted = BTreeMap::<Uuid, i64>::new();
    for item in items {
        *wanted.entry(item.product).or_default() += item.quantity;
    }
    let sold: BTreeMap<Uuid, i64> = kept.iter().map(|line| (line.product, line.quantity)).collect();
    if wanted != sold {
        return Some(format!("but other things were asked for: {wanted:?}, sold {sold:?}"));
    }
    let expected = items.iter().filter_map(|item| Some((item.product, item.price?)));
    let mut dearer = expected
        .filter(|(product, price)| !kept.iter().any(|line| line.product == *product && line.price == *price));
    dearer.next().map(|(product, price)| format!("but {product} was expected to cost {price}"))
}

fn told_line(item: &Value) -> Option<Line> {
    Some(Line {
        product: item["productId"].as_str()?.parse().ok()?,
        quantity: amount(&item["quantity"], 3)?,
        price: amount(&item["unitPrice"], 2)?,
        total: amount(&item["total"], 2)?,
    })
}

fn wrong_refused(told: &Try, order: &Order) -> Option<String> {
    let is_cancelled = told.code.as_deref() == Some("order_cancelled");
    let status = if is_cancelled { "cancelled" } else { "rejected" };
    if order.status != status {
        return Some(format!("but it is {}", order.status));
    }
    (told.body()["orderId"] != order.id.to_string()).then(|| format!("but its id is {}", order.id))
}

fn check_reuse(claim: &Claim, books: &Books, findings: &mut Findings) {
    let order = books.orders.get(claim.key.trim_start_matches("reuse-"));
    for told in claim.told() {
        // an order that was given up before it arrived matches every request
        let fenced = told.status == 409
            && told.code.as_deref() == Some("order_cancelled")
            && order.is_some_and(|order| order.status == "cancelled");
        findings.demand(
            fenced || told.code.as_deref() == Some("key_reused"),
            "a key stands for one request",
            || format!("{} was told {}", claim.key, told.says()),
        );
    }
}

fn check_cancellation(claim: &Claim, sale: &str, books: &Books, findings: &mut Findings) {
    let order = books.orders.get(sale);
    for told in claim.told() {
        let fits = match (told.status, order) {
            (200, Some(order)) => order.status != "confirmed" && told.body()["status"] == *order.status,
            (409, Some(order)) => {
                order.status == "confirmed" && told.code.as_deref() == Some("already_confirmed")
            }
            _ => false,
        };
        findings.demand(fits, "a cancellation is told what holds", || {
            let status = order.map_or("not there", |order| &order.status);
            format!("{} was told {} {}, the order is {status}", claim.key, told.says(), told.body())
        });
    }
}

/// Every order is decided, once, and took what its decision says.
pub fn check_all(claims: &Claims, books: &Books, findings: &mut Findings) {
    let mut taken = HashMap::<Uuid, Vec<(Uuid, i64)>>::new();
    for (id, product) in &books.products {
        for movement in &product.movements {
            if let Some(order) = movement.order {
                taken.entry(order).or_default().push((*id, movement.quantity));
            }
        }
    }
    let ids: HashSet<Uuid> = books.orders.values().map(|order| order.id).collect();
    for order in taken.keys().chain(books.deductions.keys()).filter(|order| !ids.contains(order)) {
        findings.violation("every sale in the product database has its order", order.to_string());
    }
    for (key, order) in &books.orders {
        findings.demand(claims.get(key).is_some(), "no order that nobody asked for", || key.clone());
        let taken = taken.remove(&order.id).unwrap_or_default();
        if let Some(wrong) = wrong_order(order, taken, books) {
            findings.violation(
                "an order is what was decided and taken",
                format!("{key} ({}): {wrong}", order.id),
            );
        }
        let counted = match order.status.as_str() {
            "confirmed" => "orders sold",
            "rejected" => "orders refused",
            "cancelled" => "orders given up",
            _ => "orders undecided",
        };
        findings.count(counted, 1);
    }
}

fn wrong_order(order: &Order, mut taken: Vec<(Uuid, i64)>, books: &Books) -> Option<String> {
    let Some(deduction) = books.deductions.get(&order.id) else {
        return Some(format!("it is {}, and there is no decision", order.status));
    };
    let (outcome, given_up) = (deduction.outcome.as_str(), deduction.cause.as_deref() == Some("given_up"));
    match (order.status.as_str(), outcome) {
        ("confirmed", "held") => {}
        ("rejected", "refused") if !given_up => {}
        ("cancelled", "refused") if given_up => {}
        (status, _) => {
            return Some(format!("it is {status}, and the decision is {outcome} ({:?})", deduction.cause));
        }
    }
    if order.lines != deduction.lines || order.total != deduction.total {
        return Some("its lines are not the decision's".to_owned());
    }
    let total: i64 = order.lines.iter().map(|line| line.total).sum();
    if order.total.is_some_and(|kept| kept != total) {
        return Some(format!("its lines sum to {total}, not to {:?}", order.total));
    }
    let exact = |line: &Line| (i128::from(line.price) * i128::from(line.quantity) + 500) / 1000;
    if let Some(line) = order.lines.iter().find(|line| exact(line) != i128::from(line.total)) {
        return Some(format!("a line is not price times quantity: {line:?}"));
    }
    let is_tracked =
        |line: &&Line| books.products.get(&line.product).is_none_or(|product| product.policy != "untracked");
    let mut due: Vec<(Uuid, i64)> =
        order.lines.iter().filter(is_tracked).map(|line| (line.product, -line.quantity)).collect();
    due.sort_unstable();
    taken.sort_unstable();
    (due != taken).then(|| format!("it took {taken:?} instead of {due:?}"))
}
