//! Prices.

use contract::{Currency, Money};

/// A currency of each number of places.
const CURRENCIES: [&str; 4] = ["JPY", "EUR", "KWD", "CLF"];

/// What is read is within bounds, is written with the currency's places, and is read back as itself.
pub fn try_money(text: &str) {
    for code in CURRENCIES {
        let currency: Currency = code.parse().expect("the currency is known");
        let Ok(price) = Money::parse_price(text, currency) else {
            continue;
        };
        assert!((0..=Money::MAX_PRICE_MINOR).contains(&price.minor()), "{text:?} is read as {price:?}");
        let written = price.format(currency);
        let places = written.split_once('.').map_or(0, |(_, places)| places.len());
        assert_eq!(places, currency.places() as usize, "{text:?} is written as {written:?}");
        let again = Money::parse_price(&written, currency).ok();
        assert_eq!(again, Some(price), "{text:?} is written as {written:?}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn holds_at_the_bounds() {
        for text in
            ["0", "-0", "0.00", "100000000000", "1000000000.00", "10000000.0000", "7", "1e3", "", "-1"]
        {
            super::try_money(text);
        }
    }
}
