//! How products are found.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::product::StockPolicy;

/// Characters of a word that are looked at.
const MAX_WORD: usize = 64;

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

/// The words of a text, folded: runs of letters and digits, without case, accents and ligatures, so that "creme brulee"
/// finds "Crème Brûlée", and "GROSSE" finds "Große".
///
/// Folded is what Unicode decomposes by compatibility (NFKD), less the accents of U+0300 to U+036F, and the few letters
/// that it does not decompose.
pub fn search_words(text: &str) -> Vec<String> {
    let is_accent = |character: &char| ('\u{300}'..='\u{36f}').contains(character);
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|character| !is_accent(character)).flat_map(char::to_lowercase) {
        match plain(character) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(character),
        }
    }
    // composed again, or the marks of other scripts would end a word
    let folded: String = folded.nfc().collect();
    folded
        .split(|character: char| !character.is_alphanumeric())
        .filter(|run| !run.is_empty())
        .map(|run| run.chars().take(MAX_WORD).collect())
        .collect()
}

/// How a letter that Unicode does not decompose is written without its stroke or ligature.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(search_words("Flat-White 0.3l"), ["flat", "white", "0", "3l"]);
        assert!(search_words(" %_' ").is_empty());
    }

    #[test]
    fn folds_case_accents_and_ligatures() {
        for (written, typed) in [
            ("Crème Brûlée", "creme BRULEE"),
            ("Große Straße", "GROSSE STRASSE"),
            ("Smørrebrød", "smorrebrod"),
            ("Œufs à l’ancienne", "oeufs a l'ancienne"),
            ("Żółć Łódź", "zolc lodz"),
            ("ﬁne ½ ②", "FINE 1 2 2"),
            ("Ｃｏｌａ", "cola"),
            ("ΜΟΥΣΑΚΆΣ", "μουσακας"),
            ("İstanbul ıhlamur", "istanbul IHLAMUR"),
            ("Cafe\u{301}", "caf\u{e9}"),
        ] {
            assert_eq!(search_words(written), search_words(typed), "{written}");
        }
    }

    #[test]
    fn other_scripts_keep_their_marks() {
        assert_eq!(search_words("ガーリック 김치 นมสด"), ["ガーリック", "김치", "นมสด"]);
    }

    proptest! {
        #[test]
        fn a_word_is_found_again(text in any::<String>()) {
            for word in search_words(&text) {
                prop_assert!(word.chars().count() <= MAX_WORD && word.chars().all(char::is_alphanumeric));
                prop_assert_eq!(search_words(&word), [word.clone()]);
            }
        }
    }
}
