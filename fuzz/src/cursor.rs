//! Marks of pages.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use contract::ProductId;
use platform::{
    cursor::{decode, encode},
    http::{Position, Sound},
};
use serde::{Deserialize, Serialize};

/// A filter such as the lists have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Filter {
    text: Option<String>,
    switch: Option<bool>,
}

impl Sound for Filter {
    fn is_sound(&self) -> bool {
        self.text.as_ref().is_none_or(|text| !text.contains('\0'))
    }
}

type Mark = Position<Filter, ProductId>;

/// What is read can be written, and is read back as itself; a list goes on only where both parts are sound. The text is
/// tried as it comes, and as what a forged cursor holds.
pub fn try_cursor(text: &str) {
    try_one(text);
    try_one(&BASE64_URL_SAFE_NO_PAD.encode(text));
}

fn try_one(cursor: &str) {
    let opened = Mark::open(Filter::default(), Some(cursor));
    let Ok(mark) = decode::<Mark>(cursor) else {
        assert!(opened.is_err(), "{cursor:?} is opened and cannot be read");
        return;
    };
    let written = encode(&mark).expect("a position can be written");
    let again: Mark =
        decode(&written).unwrap_or_else(|_| panic!("{written:?} was written and cannot be read"));
    assert_eq!((&again.filter, again.after), (&mark.filter, mark.after), "{cursor:?}");
    match opened {
        Ok((filter, after)) => {
            assert!(filter.is_sound(), "{cursor:?}");
            assert_eq!((filter, after), (mark.filter, Some(mark.after)), "{cursor:?}");
        }
        Err(_) => assert!(!mark.filter.is_sound(), "{cursor:?} is sound and refused"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn holds_for_cursors_and_for_what_is_none() {
        let id = "01a21020-d281-73b0-b9fe-4f7b15138479";
        for text in [
            String::new(),
            "e30".into(),
            format!(r#"{{"filter":{{"text":"x","switch":null}},"after":"{id}"}}"#),
            format!(r#"{{"filter":{{"text":"\u0000"}},"after":"{id}"}}"#),
            format!(r#"[[null,true],"{id}"]"#),
        ] {
            super::try_cursor(&text);
        }
    }
}
