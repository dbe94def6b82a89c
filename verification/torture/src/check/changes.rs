//! What was told about changes of catalogue and stock.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::{
    Findings,
    books::{Books, Movement, Product},
    claims::{Claim, Claims, amount},
};
use crate::history::What;

const ONCE: &str = "a change that was told happened, once, as it was told";
const REFUSED: &str = "a change that was refused took nothing";

/// How many changes of a kind a product must have, and may have.
#[derive(Default)]
struct Bounds {
    told: i64,
    unknown: i64,
}

#[derive(Default)]
struct Tallies {
    counts: HashMap<Uuid, Bounds>,
    versions: HashMap<Uuid, Bounds>,
    prices: HashMap<Uuid, BTreeSet<i64>>,
}

pub fn check(claims: &Claims, books: &Books, findings: &mut Findings) {
    let by_sku = by_sku(books, findings);
    let mut tallies = Tallies::default();
    for claim in claims.all() {
        check_change(claim, books, &by_sku, &mut tallies, findings);
    }
    check_tallies(&tallies, books, findings);
    for order in books.orders.values() {
        for line in &order.lines {
            let had = tallies.prices.get(&line.product).is_some_and(|prices| prices.contains(&line.price));
            findings.demand(had, "nothing is sold at a price that it never had", || {
                format!("{}: {line:?}", order.id)
            });
        }
    }
}

fn by_sku<'a>(books: &'a Books, findings: &mut Findings) -> HashMap<&'a str, Uuid> {
    let mut by_sku = HashMap::new();
    for (id, product) in &books.products {
        let Some(sku) = &product.sku else { continue };
        if by_sku.insert(sku.as_str(), *id).is_some() {
            findings.violation(ONCE, format!("two products have the SKU {sku}"));
        }
    }
    by_sku
}

fn check_change(
    claim: &Claim,
    books: &Books,
    by_sku: &HashMap<&str, Uuid>,
    tallies: &mut Tallies,
    findings: &mut Findings,
) {
    let told = claim.told().find(|told| (200..=299).contains(&told.status));
    let body = told.map(|told| told.body());
    // 404 and 409 are final for a key
    let refused = claim.told().any(|told| matches!(told.status, 404 | 409)) || claim.changed_nothing();
    let check_rows = |product: &Uuid, fits: &dyn Fn(&Movement) -> bool, findings: &mut Findings| {
        let movements = books.products.get(product).map_or(&[][..], |product| &product.movements);
        let rows: Vec<&Movement> = movements.iter().filter(|movement| fits(movement)).collect();
        check_movements(claim, &rows, body.as_ref(), refused, findings);
    };
    match &claim.what {
        What::Create { sku, price, .. } => {
            let product = by_sku.get(sku.as_str()).copied();
            if let Some(product) = product {
                tallies.prices.entry(product).or_default().insert(*price);
            }
            let told = body.as_ref().map(|body| body["id"].as_str().and_then(|id| id.parse().ok()));
            findings.demand(told.is_none_or(|told| told == product), ONCE, || {
                format!("{} made {sku}", claim.key)
            });
            findings.demand(!refused || product.is_none(), REFUSED, || format!("{} made {sku}", claim.key));
        }
        What::Adjust { product, quantity, reason } => {
            let fits = |movement: &Movement| movement.note.as_deref() == Some(&claim.key);
            check_rows(product, &fits, findings);
            let is_as_asked =
                |movement: &Movement| movement.quantity == *quantity && movement.reason == *reason;
            check_rows(product, &|movement| fits(movement) && is_as_asked(movement), findings);
        }
        What::Deduct { product, quantity } => {
            let fits = |movement: &Movement| movement.reason == "deduct" && movement.quantity == -quantity;
            check_rows(product, &fits, findings);
        }
        What::Count { product, quantity, as_of } => {
            tally(tallies.counts.entry(*product).or_default(), body.is_some(), refused);
            if let (Some(body), Some(product)) = (&body, books.products.get(product)) {
                let fits = is_counted(product, body, *quantity, *as_of);
                findings.demand(fits, ONCE, || format!("{} was told {body}", claim.key));
            }
        }
        What::Reprice { product, price, .. } => {
            tallies.prices.entry(*product).or_default().insert(*price);
            tally(tallies.versions.entry(*product).or_default(), body.is_some(), refused);
        }
        What::Archive { product } => {
            tally(tallies.versions.entry(*product).or_default(), told.is_some(), refused);
            let archived = books.products.get(product).is_some_and(|product| product.archived);
            findings.demand(told.is_none() || archived, ONCE, || format!("{} archived {product}", claim.key));
        }
        What::Sale { .. } | What::Reuse { .. } | What::Cancel { .. } | What::Read { .. } => return,
    }
    for told in claim.told().filter(|told| !matches!(told.status, 200..=299 | 404 | 409)) {
        findings.violation(
            "no clerk is told that a right request is wrong",
            format!("{}: {}", claim.key, told.says()),
        );
    }
}

fn tally(bounds: &mut Bounds, told: bool, refused: bool) {
    bounds.told += i64::from(told);
    bounds.unknown += i64::from(!told && !refused);
}

fn check_movements(
    claim: &Claim,
    rows: &[&Movement],
    body: Option<&Value>,
    refused: bool,
    findings: &mut Findings,
) {
    let seqs: Vec<i64> = rows.iter().map(|movement| movement.seq).collect();
    findings.demand(seqs.len() <= 1, ONCE, || format!("{} has the movements {seqs:?}", claim.key));
    if refused && body.is_none() {
        findings.demand(seqs.is_empty(), REFUSED, || format!("{} has the movements {seqs:?}", claim.key));
    }
    let Some(body) = body else { return };
    // an adjustment is told its movement, a deduction the level after it
    let level = |movement: &Movement| match body.get("after") {
        Some(after) => amount(after, 3) == Some(movement.after),
        None => amount(&body["quantity"], 3) == Some(movement.after),
    };
    let fits = rows.first().is_some_and(|movement| body["seq"] == movement.seq && level(movement));
    findings.demand(fits, ONCE, || format!("{} was told {body}, and has the movements {seqs:?}", claim.key));
}

fn is_counted(product: &Product, body: &Value, counted: i64, as_of: Option<i64>) -> bool {
    let find = |seq: i64| product.movements.iter().find(|movement| movement.seq == seq);
    let Some(movement) = body["seq"].as_i64().and_then(find) else { return false };
    let level = match as_of {
        None => Some(movement.before),
        Some(0) => Some(0),
        Some(seq) => find(seq).map(|movement| movement.after),
    };
    movement.reason == "count"
        && amount(&body["quantity"], 3) == Some(movement.after)
        && level.is_some_and(|level| movement.quantity == counted - level)
}

fn check_tallies(tallies: &Tallies, books: &Books, findings: &mut Findings) {
    let within = |bounds: Option<&Bounds>, number: i64| {
        let (told, unknown) = bounds.map_or((0, 0), |bounds| (bounds.told, bounds.unknown));
        (told..=told + unknown).contains(&number)
    };
    for (id, product) in &books.products {
        let counts = product.movements.iter().filter(|movement| movement.reason == "count").count();
        let counts = i64::try_from(counts).unwrap_or(i64::MAX);
        findings.demand(within(tallies.counts.get(id), counts), ONCE, || {
            format!("{id} was counted {counts} times")
        });
        let edits = product.version - 1;
        findings.demand(within(tallies.versions.get(id), edits), ONCE, || {
            format!("{id} was changed {edits} times")
        });
        let asked = tallies.prices.get(id).is_some_and(|prices| prices.contains(&product.price));
        findings
            .demand(asked, "a price is one that was asked for", || format!("{id} costs {}", product.price));
    }
    let made: HashSet<&Uuid> = books.products.keys().collect();
    for product in tallies.prices.keys().filter(|product| !made.contains(product)) {
        findings.violation(ONCE, format!("product {product} was told, and is not there"));
    }
}
