//! How products are found.

use serde::{Deserialize, Serialize};

use super::product::StockPolicy;

/// Which products a list shows; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductFilter {
    /// Words of the name, the last one as a prefix.
    pub words: Vec<String>,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub category: Option<String>,
    pub stock_policy: Option<StockPolicy>,
    /// At or below the reorder level.
    pub low_stock: Option<bool>,
    /// Sold below 0 under the policy `flag`.
    pub flagged: Option<bool>,
    /// The archived ones, instead of the others.
    pub archived: bool,
}

/// The words of a text in small letters: runs of letters and digits.
pub fn search_words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(search_words("Flat-White 0.3l (Große)"), ["flat", "white", "0", "3l", "große"]);
        assert!(search_words(" %_' ").is_empty());
    }
}
