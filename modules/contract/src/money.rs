//! Money: an integer of the currency's minor units.

use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::{
    amount::{NotADecimal, parse_decimal},
    currency::Currency,
    quantity::Quantity,
};

/// Minor units, such as cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

/// Why a text is no price.
#[derive(Debug, thiserror::Error)]
pub enum MoneyError {
    #[error(transparent)]
    NotADecimal(#[from] NotADecimal),
    #[error("may have at most {places} decimal places in {currency}")]
    TooManyPlaces { places: u32, currency: Currency },
    #[error("must not be negative")]
    Negative,
    #[error("must be at most {}", Money(Money::MAX_PRICE_MINOR).format(*.0))]
    TooLarge(Currency),
}

impl Money {
    /// Largest price, in minor units.
    pub const MAX_PRICE_MINOR: i64 = 100_000_000_000;

    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Reads a price: 0 to 10¹¹ minor units, with no more places than the currency has.
    ///
    /// # Errors
    /// When the text is no plain decimal, has more places, or is out of bounds.
    pub fn parse_price(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let amount = parse_decimal(text)?;
        let written_places = text.split_once('.').map_or(0, |(_, places)| places.len());
        if written_places > currency.places() as usize {
            return Err(MoneyError::TooManyPlaces { places: currency.places(), currency });
        }
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(MoneyError::Negative);
        }
        let mut minor = amount;
        minor.rescale(currency.places());
        match minor.mantissa().to_i64() {
            Some(minor) if minor <= Self::MAX_PRICE_MINOR => Ok(Self(minor)),
            _ => Err(MoneyError::TooLarge(currency)),
        }
    }

    /// The amount with exactly the currency's places, such as `12.50`.
    pub fn format(self, currency: Currency) -> String {
        let places = currency.places() as usize;
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.0.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        match places {
            0 => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{fraction}"),
        }
    }

    /// Price × quantity, rounded half away from zero to minor units; `None` beyond `i64`.
    pub fn line_total(self, quantity: Quantity) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(quantity.milli());
        let rounded = (product.abs() + 500) / 1000 * product.signum();
        i64::try_from(rounded).ok().map(Self)
    }

    /// The sum; `None` beyond `i64`.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(0_i64, |sum, amount| sum.checked_add(amount.0)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn reads_prices_in_the_places_of_the_currency() {
        let minor = |text, code| Money::parse_price(text, currency(code)).map(Money::minor).ok();
        assert_eq!(minor("12.50", "EUR"), Some(1250));
        assert_eq!(minor("12.5", "EUR"), Some(1250));
        assert_eq!(minor("12", "EUR"), Some(1200));
        assert_eq!(minor("0", "EUR"), Some(0));
        assert_eq!(minor("1200", "JPY"), Some(1200));
        assert_eq!(minor("1.234", "KWD"), Some(1234));
        assert_eq!(minor("1000000000.00", "EUR"), Some(Money::MAX_PRICE_MINOR));
        for bad in [
            "1000000000.01",
            "-0.01",
            "12.345",
            "12.500",
            "1e3",
            "NaN",
            "0x10",
            "",
            ".5",
            "5.",
            "+1",
            " 1",
            "1,50",
            "12345678901234567",
            "١٢",
            "99999999999999999999999999999999999999",
        ] {
            assert_eq!(minor(bad, "EUR"), None, "{bad:?}");
        }
        assert_eq!(minor("1.5", "JPY"), None);
    }

    #[test]
    fn rounds_lines_half_away_from_zero() {
        let total = |minor, milli| Money(minor).line_total(Quantity::from_milli(milli)).unwrap().minor();
        assert_eq!(total(380, 2000), 760);
        assert_eq!(total(333, 500), 167);
        assert_eq!(total(1, 499), 0);
        assert_eq!(total(1, 500), 1);
        assert_eq!(total(1, -500), -1);
        assert_eq!(total(0, 2500), 0, "a gift");
        assert_eq!(Money(i64::MAX).line_total(Quantity::from_milli(1001)), None);
    }

    #[test]
    fn writes_amounts_in_the_places_of_the_currency() {
        let text = |minor, code| Money::from_minor(minor).format(currency(code));
        assert_eq!(
            (text(1250, "EUR"), text(5, "EUR"), text(0, "EUR")),
            ("12.50".into(), "0.05".into(), "0.00".into())
        );
        assert_eq!((text(-5, "EUR"), text(-1250, "EUR")), ("-0.05".into(), "-12.50".into()));
        assert_eq!(
            (text(1200, "JPY"), text(-1, "JPY"), text(1234, "KWD")),
            ("1200".into(), "-1".into(), "1.234".into())
        );
    }

    #[test]
    fn sums_up_to_64_bits() {
        let sum = |amounts: &[i64]| Money::sum(amounts.iter().copied().map(Money)).map(Money::minor);
        assert_eq!(sum(&[]), Some(0));
        assert_eq!(sum(&[380, -80, 5]), Some(305));
        assert_eq!((sum(&[i64::MAX - 1, 1]), sum(&[i64::MAX, 1])), (Some(i64::MAX), None));
    }

    proptest! {
        #[test]
        fn format_and_parse_are_inverse(minor in 0..=Money::MAX_PRICE_MINOR, code in prop::sample::select(vec!["EUR", "JPY", "KWD"])) {
            let currency = currency(code);
            let text = Money(minor).format(currency);
            prop_assert_eq!(Money::parse_price(&text, currency).unwrap().minor(), minor);
        }

        #[test]
        fn line_total_is_within_half_a_minor_unit(minor in 0..=Money::MAX_PRICE_MINOR, milli in 1..=Quantity::MAX_MILLI) {
            let total = Money(minor).line_total(Quantity::from_milli(milli)).unwrap().minor();
            let exact = i128::from(minor) * i128::from(milli);
            let off = i128::from(total) * 1000 - exact;
            prop_assert!((-499..=500).contains(&off), "{off}");
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Money::parse_price(&text, currency("EUR"));
        }
    }
}
