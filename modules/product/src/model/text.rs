//! Texts that people type: trimmed, not empty, bounded, without what breaks lines or turns the writing round.

/// The same rule for the API description.
pub const TEXT_PATTERN: &str = r"^\s*[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]([^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069])?\s*$";

/// Why a text is not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TextFault {
    #[error("must not be empty")]
    Empty,
    #[error("may have at most {0} characters")]
    TooLong(usize),
    #[error("must not contain control characters or line breaks")]
    Control,
    #[error(
        "must not contain invisible marks that turn the direction of writing round (U+202A to U+202E, U+2066 to U+2069)"
    )]
    Direction,
}

/// Checks a text of at most `max` characters, with the space around it that is taken off.
pub fn parse_text(text: &str, max: usize) -> Result<String, TextFault> {
    if text.chars().count() > max {
        return Err(TextFault::TooLong(max));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(TextFault::Empty);
    }
    if text.chars().any(|character| character.is_control() || LINE_BREAKS.contains(&character)) {
        return Err(TextFault::Control);
    }
    if text.chars().any(is_direction_mark) {
        return Err(TextFault::Direction);
    }
    Ok(text.to_owned())
}

/// Line and paragraph separator, which Unicode does not count among the controls.
const LINE_BREAKS: [char; 2] = ['\u{2028}', '\u{2029}'];

/// Embeddings, overrides and isolates. They turn round what stands after them: on a receipt, the price. Hebrew and Arabic
/// need none of them; the plain marks (U+200E, U+200F, U+061C) and joiners turn nothing round and are taken.
fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_people_type_and_refuses_what_breaks_databases_and_terminals() {
        assert_eq!(parse_text("  Crème brûlée 🍮 ", 20).as_deref(), Ok("Crème brûlée 🍮"));
        assert_eq!(
            parse_text("'; DROP TABLE products; --", 200).as_deref(),
            Ok("'; DROP TABLE products; --")
        );
        assert_eq!(parse_text(" \t ", 20), Err(TextFault::Empty));
        assert_eq!(parse_text("éééé", 3), Err(TextFault::TooLong(3)));
        assert_eq!(parse_text("éé  ", 3), Err(TextFault::TooLong(3)));
        for control in ["a\0b", "a\nb", "\u{1b}[31m", "a\u{85}b", "a\u{2028}b"] {
            assert_eq!(parse_text(control, 20), Err(TextFault::Control), "{control:?}");
        }
        for turned in ["Tea \u{202e}00.1", "\u{2067}Tea\u{2069}", "Tea\u{202c}"] {
            assert_eq!(parse_text(turned, 20), Err(TextFault::Direction), "{turned:?}");
        }
        for text in ["قهوة تركية", "חלב 3%\u{200f}", "👩‍🍳 special", "می‌خواهم"] {
            assert_eq!(parse_text(text, 20).as_deref(), Ok(text));
        }
    }
}
