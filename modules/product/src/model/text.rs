//! Texts that people type: trimmed, not empty, bounded, without control characters.

/// Why a text is not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TextFault {
    #[error("must not be empty")]
    Empty,
    #[error("may have at most {0} characters")]
    TooLong(usize),
    #[error("must not contain control characters")]
    Control,
}

/// Checks a text of at most `max` characters.
pub fn parse_text(text: &str, max: usize) -> Result<String, TextFault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextFault::Empty);
    }
    if text.chars().count() > max {
        return Err(TextFault::TooLong(max));
    }
    if text.chars().any(char::is_control) {
        return Err(TextFault::Control);
    }
    Ok(text.to_owned())
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
        assert_eq!(parse_text("a\0b", 20), Err(TextFault::Control));
    }
}
