//! Text in a cell that a spreadsheet would take for a formula: written behind a `'`, and read without it.

use std::borrow::Cow;

/// What a spreadsheet may run when a cell begins with it.
const RUN: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The text as it is written: behind one more `'` where it, or it behind some of these, would be run.
pub fn neutralised(text: &str) -> Cow<'_, str> {
    match is_run(text.trim_start_matches('\'')) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text that was written so.
pub fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_run(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

fn is_run(text: &str) -> bool {
    text.starts_with(RUN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_run_stands_behind_a_quote_and_what_stood_there_behind_two() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("-5", "'-5"),
            ("'=1", "''=1"),
            ("''@x", "'''@x"),
            ("'t Hoen", "'t Hoen"),
            ("Tea = leaves", "Tea = leaves"),
            ("'", "'"),
            ("", ""),
        ] {
            assert_eq!((neutralised(text).as_ref(), plain(cell)), (cell, text));
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_no_cell_would_run(text in "'{0,3}[=+@a-]?\\PC*") {
            let cell = neutralised(&text);
            prop_assert_eq!(plain(&cell), text.as_str());
            prop_assert!(!is_run(&cell));
        }
    }
}
