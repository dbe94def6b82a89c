//! The products that are on sale, as the clients know them.

use std::sync::Mutex;

use uuid::Uuid;

use crate::{history::Policy, lock::lock};

pub const SLOTS: usize = 40;
/// A place with next to nothing, which every till wants to sell: what comes in is sold at once.
pub const RUSH: usize = 5;

/// One for each place of the shelf; when a product is archived another one takes its place.
#[derive(Default)]
pub struct Catalogue(Mutex<Vec<Option<Known>>>);

#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub product: Uuid,
    /// Clerk and number.
    pub sku: (u32, u64),
    /// As it was told last; may be another by now.
    pub price: i64,
    /// The last movement's number, as it was told last.
    pub seq: i64,
}

/// What the product of a place is like: most have plenty, some are short.
pub fn kind(slot: usize) -> (Policy, i64) {
    match slot % 10 {
        0..=4 => (Policy::Deny, 500_000_000),
        5 | 6 => (Policy::Deny, 10_000),
        7 => (Policy::Allow, 20_000),
        8 => (Policy::Flag, 20_000),
        _ => (Policy::Untracked, 0),
    }
}

pub fn sku((clerk, number): (u32, u64)) -> String {
    format!("T-{clerk}-{number}")
}

impl Catalogue {
    pub fn get(&self, slot: usize) -> Option<Known> {
        lock(&self.0).get(slot).copied().flatten()
    }

    pub fn put(&self, slot: usize, known: Option<Known>) {
        let mut products = lock(&self.0);
        if products.len() < SLOTS {
            products.resize(SLOTS, None);
        }
        products[slot] = known;
    }

    /// Where the place still has that product.
    pub fn learn(&self, slot: usize, product: Uuid, change: impl FnOnce(&mut Known)) {
        if let Some(Some(known)) =
            lock(&self.0).get_mut(slot).filter(|known| known.is_some_and(|k| k.product == product))
        {
            change(known);
        }
    }

    /// Low places more often than high ones, so that some products are hot; mostly those with plenty, and one in ten the
    /// one that all are after.
    pub fn pick(&self, random: &mut fastrand::Rng) -> Option<Known> {
        if random.u8(..) < 24 {
            return self.get(RUSH);
        }
        let slot = (random.f64() * random.f64() * SLOTS as f64) as usize;
        let has_plenty = slot % 10 <= 4;
        let slot = if has_plenty || random.u8(..) < 110 { slot } else { slot / 10 * 10 };
        self.get(slot)
    }
}
