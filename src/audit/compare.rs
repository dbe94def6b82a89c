//! An order held against its decision: I5, I7, I8 and I10.

use contract::{
    Shop,
    audit::{Invariant, SoldLine, Violation},
};
use order::model::AuditedOrder;
use platform::idempotency::IdempotencyKey;
use product::model::Decision;

/// What does not hold. The order was read first: a decision that it follows from stood before, and stands.
pub fn compare(order: &AuditedOrder, decision: Option<&Decision>, shop: &Shop) -> Vec<Violation> {
    let mut violations = Violations { order, found: Vec::new() };
    violations.check_key(shop);
    violations.check_hashes(decision);
    if order.status != "pending" {
        violations.check_status(decision);
    }
    if let ("confirmed", Some(decision)) = (order.status.as_str(), decision) {
        violations.check_lines(decision);
    }
    // each side's lines sum to its total, and so equal lines make equal totals
    if let Some(detail) = totals(&order.lines, order.total_minor, "the order") {
        violations.add(Invariant::Totals, detail);
    }
    violations.found
}

/// The same sums, of a decision by itself.
pub fn check_decision_totals(decision: &Decision) -> Vec<Violation> {
    let sums = totals(&decision.lines, decision.total_minor, "the decision");
    sums.map(|detail| Violation { invariant: Invariant::Totals, id: decision.order_id, detail })
        .into_iter()
        .collect()
}

struct Violations<'a> {
    order: &'a AuditedOrder,
    found: Vec<Violation>,
}

impl Violations<'_> {
    fn add(&mut self, invariant: Invariant, detail: String) {
        self.found.push(Violation { invariant, id: self.order.id, detail });
    }

    fn check_key(&mut self, shop: &Shop) {
        let key = IdempotencyKey::parse(&self.order.key);
        if !key.is_ok_and(|key| shop.may_name(&key, self.order.id.into())) {
            self.add(Invariant::Keyed, format!("its id is not that of its key {}", self.order.key));
        }
    }

    fn check_hashes(&mut self, decision: Option<&Decision>) {
        let decided = decision.and_then(|decision| decision.hash.as_ref());
        if let (Some(asked), Some(decided)) = (&self.order.hash, decided)
            && asked != decided
        {
            self.add(Invariant::Keyed, "it was decided for another request than it holds".to_owned());
        }
    }

    fn check_status(&mut self, decision: Option<&Decision>) {
        let status = &self.order.status;
        let Some(decision) = decision else {
            return self.add(Invariant::Decided, format!("it is {status}, and there is no decision"));
        };
        let decided = match (decision.is_held, decision.cause.as_deref()) {
            (true, _) => "confirmed",
            (false, Some("given_up")) => "cancelled",
            (false, _) => "rejected",
        };
        if status != decided || self.order.cause != decision.cause {
            let cause = decision.cause.as_deref().map(|cause| format!(" ({cause})")).unwrap_or_default();
            self.add(
                Invariant::Decided,
                format!("it is {status}, and its decision makes it {decided}{cause}"),
            );
        }
    }

    fn check_lines(&mut self, decision: &Decision) {
        let (here, there) = (&self.order.lines, &decision.lines);
        let lines = here.len().max(there.len());
        if let Some(number) = (0..lines).find(|number| here.get(*number) != there.get(*number)) {
            let [here, there] = [here, there].map(|lines| match lines.get(number) {
                Some(line) => line.to_string(),
                None => "nothing".to_owned(),
            });
            let detail = format!("its line {} is {here}; in its decision it is {there}", number + 1);
            self.add(Invariant::Lines, detail);
        }
    }
}

fn totals(lines: &[SoldLine], total: Option<i64>, whose: &str) -> Option<String> {
    if let Some(line) = lines.iter().find(|line| !line.adds_up()) {
        return Some(format!("a line of {whose} does not add up: {line}"));
    }
    let sum: i128 = lines.iter().map(|line| i128::from(line.total_minor)).sum();
    let differs = total.is_some_and(|total| i128::from(total) != sum);
    let total = total.unwrap_or_default();
    differs.then(|| format!("the lines of {whose} sum to {sum}, its total is {total} (minor units)"))
}
