//! What a product becomes when its catalogue fields are replaced.

use chrono::{DateTime, Utc};

use super::{command::Replacement, product::Product, refusal::Refusal};

impl Product {
    /// Itself with other catalogue fields, as its next version.
    ///
    /// # Errors
    /// When the caller knows another version, or the stock on hand does not allow the policy.
    pub fn replaced(self, replacement: &Replacement, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let mut catalogue = replacement.catalogue.clone();
        if replacement.keeps_policy {
            catalogue.stock_policy = self.catalogue.stock_policy;
        }
        let changed = Self { catalogue, ..self.next_version(replacement.versions.as_deref(), now)? };
        match changed.catalogue.stock_policy.allows_level(changed.stock) {
            true => Ok(changed),
            false => Err(Refusal::StockNegative { quantity: changed.stock }),
        }
    }

    /// Itself, about to be changed.
    ///
    /// # Errors
    /// When `versions` says which ones the caller accepts to change, and this is none of them.
    pub fn next_version(self, versions: Option<&[i64]>, now: DateTime<Utc>) -> Result<Self, Refusal> {
        if versions.is_some_and(|versions| !versions.contains(&self.version)) {
            return Err(Refusal::VersionMismatch { current: self.version });
        }
        Ok(Self { version: self.version + 1, updated_at: now, ..self })
    }
}
