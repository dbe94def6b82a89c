//! Quantities and levels of stock.

use contract::{Quantity, QuantityError};

type Parse = fn(&str) -> Result<Quantity, QuantityError>;

const READERS: [(Parse, i64, i64); 5] = [
    (Quantity::parse, -Quantity::MAX_MILLI, Quantity::MAX_MILLI),
    (Quantity::parse_positive, 1, Quantity::MAX_MILLI),
    (Quantity::parse_count, 0, Quantity::MAX_MILLI),
    (Quantity::parse_change, -Quantity::MAX_MILLI, Quantity::MAX_MILLI),
    (Quantity::parse_level, -Quantity::MAX_LEVEL_MILLI, Quantity::MAX_LEVEL_MILLI),
];

/// What is read is within bounds; as JSON it is read back as itself, by the same reader and by a peer's.
pub fn try_quantity(text: &str) {
    for (read, least, most) in READERS {
        let Ok(quantity) = read(text) else {
            continue;
        };
        assert!((least..=most).contains(&quantity.milli()), "{text:?} is read as {quantity:?}");
        let written = serde_json::to_string(&quantity).expect("a quantity can be written");
        assert_eq!(read(&written).ok(), Some(quantity), "{text:?} is written as {written}");
        let peer: Quantity = serde_json::from_str(&written).expect("a peer reads what was written");
        assert_eq!(peer, quantity, "{text:?} is written as {written}");
    }
    // a peer is not the public, and its text comes as it is
    if let Ok(quantity) = serde_json::from_str::<Quantity>(text)
        && quantity.milli().abs() <= Quantity::MAX_LEVEL_MILLI
    {
        let written = serde_json::to_string(&quantity).expect("a quantity can be written");
        let again: Quantity = serde_json::from_str(&written).expect("a peer reads what was written");
        assert_eq!(again, quantity, "{text:?} is written as {written}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn holds_at_the_bounds() {
        for text in [
            "0",
            "-0",
            "0.001",
            "1000000",
            "-1000000.000",
            "0.30000000000000004",
            "999999.9999999999",
            "1000000000000",
            "999999999999.999",
            "\"1.5\"",
            "1e3",
        ] {
            super::try_quantity(text);
        }
    }
}
