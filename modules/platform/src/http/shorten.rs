//! What is told of a caller's own words.

/// Characters of a name or a message that are told; a caller may send a million.
const MOST: usize = 200;

/// The text, or its beginning.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
