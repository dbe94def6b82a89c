//! What was checked and found so far.

use std::collections::BTreeMap;

use contract::audit::{Invariant, Violation};

/// Violations of one invariant that are kept and shown; more are only counted.
pub const SHOWN: usize = 100;

/// Told how far a pass is.
pub trait Progress {
    /// `rows` more of this invariant's kind were checked.
    fn checked(&self, of: Invariant, rows: u64);
}

/// Rows checked and violations found, for each invariant.
#[derive(Debug, Default)]
pub struct Tally {
    found: BTreeMap<Invariant, Found>,
}

/// Of one invariant.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub checked: u64,
    pub violations: u64,
    /// The first of them.
    pub shown: Vec<Violation>,
}

impl Tally {
    /// This many rows were checked against it.
    pub fn checked(&mut self, invariant: Invariant, rows: u64) {
        self.found.entry(invariant).or_default().checked += rows;
    }

    pub fn found(&mut self, violation: Violation) {
        let found = self.found.entry(violation.invariant).or_default();
        found.violations += 1;
        if found.shown.len() < SHOWN {
            found.shown.push(violation);
        }
    }

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        for (invariant, found) in other.found {
            let here = self.found.entry(invariant).or_default();
            here.checked += found.checked;
            here.violations += found.violations;
            let room = SHOWN - here.shown.len();
            here.shown.extend(found.shown.into_iter().take(room));
        }
        self
    }

    pub fn of(&self, invariant: Invariant) -> Found {
        self.found.get(&invariant).cloned().unwrap_or_default()
    }

    pub fn is_clean(&self) -> bool {
        self.found.values().all(|found| found.violations == 0)
    }
}
