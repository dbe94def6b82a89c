//! How names are found by their words.

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
