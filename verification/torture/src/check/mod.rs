//! Checks what the clients were told against what the databases hold. Shares no code with the services: SQL and arithmetic
//! are its own.

mod books;
mod changes;
mod claims;
mod database;
mod ledger;
mod orders;
mod reads;

use std::collections::BTreeMap;

use books::Books;
use claims::Claims;
pub use database::Connection;

use crate::{history::History, shop::Shop};

/// More of a rule are counted, but not shown.
const SHOWN: usize = 20;

/// What was found, by rule.
#[derive(Default)]
pub struct Findings {
    pub violations: BTreeMap<&'static str, (u64, Vec<String>)>,
    pub counts: BTreeMap<&'static str, u64>,
    unchecked: Vec<String>,
}

impl Findings {
    pub fn violation(&mut self, rule: &'static str, detail: String) {
        let (count, shown) = self.violations.entry(rule).or_default();
        *count += 1;
        if shown.len() < SHOWN {
            shown.push(detail);
        }
    }

    /// Something that holds or not, nobody knows: such a run is not clean.
    pub fn could_not_check(&mut self, why: String) {
        self.unchecked.push(why);
    }

    pub fn unchecked(&self) -> &[String] {
        &self.unchecked
    }

    pub fn total(&self) -> u64 {
        self.violations.values().map(|(count, _)| count).sum()
    }

    fn demand(&mut self, holds: bool, rule: &'static str, detail: impl FnOnce() -> String) {
        if !holds {
            self.violation(rule, detail());
        }
    }

    fn count(&mut self, what: &'static str, by: u64) {
        *self.counts.entry(what).or_default() += by;
    }
}

/// Reads the history and both databases, and compares them.
///
/// # Errors
/// When one of them cannot be read.
pub async fn check(shop: &Shop, history: &History, findings: &mut Findings) -> anyhow::Result<()> {
    let claims = Claims::read(history)?;
    let books = Books::read(&shop.product, &shop.order).await?;
    for stray in &books.strays {
        findings.violation("every row belongs to one that is there", stray.clone());
    }
    orders::check_told(&claims, &books, findings);
    orders::check_all(&claims, &books, findings);
    reads::check(&claims, &books, findings);
    changes::check(&claims, &books, findings);
    ledger::check(&claims, &books, findings);
    Ok(())
}

/// Keys and ids of sales that were told, evenly chosen.
///
/// # Errors
/// When the history cannot be read.
pub fn told_sales(history: &History, count: usize) -> anyhow::Result<Vec<(String, Option<uuid::Uuid>)>> {
    let claims = Claims::read(history)?;
    let told: Vec<(String, Option<uuid::Uuid>)> = claims.sales().filter_map(claims::told_order).collect();
    let step = told.len().div_ceil(count).max(1);
    Ok(told.into_iter().step_by(step).collect())
}
