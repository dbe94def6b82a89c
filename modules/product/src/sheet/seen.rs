//! What lines of the file are about, so that no two are about the same.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
};

use crate::model::{ImportLine, LineFault, Subject};

/// Most lines of a file: what is kept of each is small, and yet it is kept of each.
pub const MAX_LINES: usize = 1_000_000;

/// The line of each SKU, id and barcode, by a keyed hash of 64 bits: some 50 bytes a line. That two of a million differ and
/// have the same hash happens once in 30 million runs, and the next run hashes otherwise.
#[derive(Default)]
pub struct Seen {
    lines: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Seen {
    /// Takes a line in; answers what an earlier one is about already.
    pub fn note(&mut self, line: &ImportLine) -> Vec<LineFault> {
        let field = match line.subject {
            Subject::Sku(_) => "sku",
            Subject::Id(_) => "id",
        };
        let barcode = line.barcode().map(|barcode| ("barcode", self.hasher.hash_one(("barcode", barcode))));
        let names = [Some((field, self.hash(&line.subject))), barcode];
        let number = u32::try_from(line.number).unwrap_or(u32::MAX);
        let mut faults = Vec::new();
        for (field, hash) in names.into_iter().flatten() {
            let first = *self.lines.entry(hash).or_insert(number);
            if first != number {
                faults.push(line.fault(Some(field), format!("stands in line {first} already")));
            }
        }
        faults
    }

    /// The line that is about a product.
    pub fn line_of(&self, subject: &Subject) -> Option<u64> {
        self.lines.get(&self.hash(subject)).copied().map(u64::from)
    }

    fn hash(&self, subject: &(impl Hash + ?Sized)) -> u64 {
        self.hasher.hash_one(("subject", subject))
    }
}
