//! Quantities: an integer of thousandths.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use crate::amount::{NotADecimal, RawAmount, parse_decimal};

/// Thousandths of a piece, kilogram, metre or hour. Written as a JSON number with at most 3 places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i64);

/// Why a text is no quantity.
#[derive(Debug, thiserror::Error)]
pub enum QuantityError {
    #[error(transparent)]
    NotADecimal(#[from] NotADecimal),
    #[error("may have at most 3 decimal places")]
    TooManyPlaces,
    #[error("must be between -{most} and {most}")]
    OutOfRange { most: i64 },
    #[error("must be more than 0")]
    NotPositive,
    #[error("must not be negative")]
    Negative,
    #[error("must not be 0")]
    Zero,
}

impl Quantity {
    /// Largest quantity of one request, in thousandths.
    pub const MAX_MILLI: i64 = 1_000_000_000;
    /// Furthest that stock may be from 0, in thousandths.
    pub const MAX_LEVEL_MILLI: i64 = 1_000_000_000_000_000;
    pub const ZERO: Self = Self(0);

    pub const fn from_milli(milli: i64) -> Self {
        Self(milli)
    }

    pub const fn milli(self) -> i64 {
        self.0
    }

    /// Reads a quantity of at most 10⁹ thousandths either way. A number within 10⁻⁹ of three places is taken as that: a
    /// client's 0.1 + 0.2.
    ///
    /// # Errors
    /// When the text is no plain decimal, has more places, or is out of bounds.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        Self::parse_within(text, Self::MAX_MILLI)
    }

    fn parse_within(text: &str, max_milli: i64) -> Result<Self, QuantityError> {
        let amount = parse_decimal(text)?;
        let rounded = amount.round_dp_with_strategy(3, RoundingStrategy::MidpointAwayFromZero);
        if (amount - rounded).abs() > Decimal::new(1, 9) {
            return Err(QuantityError::TooManyPlaces);
        }
        let milli = rounded.checked_mul(Decimal::ONE_THOUSAND).and_then(|milli| milli.to_i64());
        match milli {
            Some(milli) if milli.abs() <= max_milli => Ok(Self(milli)),
            _ => Err(QuantityError::OutOfRange { most: max_milli / 1000 }),
        }
    }

    /// Reads a level as it was answered, which sums of many quantities may have led to: up to 10¹⁵ thousandths.
    ///
    /// # Errors
    /// As [`Quantity::parse`].
    pub fn parse_level(text: &str) -> Result<Self, QuantityError> {
        Self::parse_within(text, Self::MAX_LEVEL_MILLI)
    }

    /// What is sold or taken.
    ///
    /// # Errors
    /// As [`Quantity::parse`], and when it is not above 0.
    pub fn parse_positive(text: &str) -> Result<Self, QuantityError> {
        Self::parse(text)?.only_if(|quantity| quantity.0 > 0, QuantityError::NotPositive)
    }

    /// What is counted.
    ///
    /// # Errors
    /// As [`Quantity::parse`], and when it is below 0.
    pub fn parse_count(text: &str) -> Result<Self, QuantityError> {
        Self::parse(text)?.only_if(|quantity| quantity.0 >= 0, QuantityError::Negative)
    }

    /// What changes by, up or down.
    ///
    /// # Errors
    /// As [`Quantity::parse`], and when it is 0.
    pub fn parse_change(text: &str) -> Result<Self, QuantityError> {
        Self::parse(text)?.only_if(|quantity| quantity.0 != 0, QuantityError::Zero)
    }

    fn only_if(self, holds: impl Fn(&Self) -> bool, otherwise: QuantityError) -> Result<Self, QuantityError> {
        if holds(&self) { Ok(self) } else { Err(otherwise) }
    }
}

/// The shortest decimal, as [`Serialize`] writes it.
impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, thousandths) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        let places = format!(".{thousandths:03}");
        write!(formatter, "{sign}{whole}{}", places.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_i64(self.0 / 1000),
            // the nearest double prints as the shortest text that reads back as it: these three places
            _ => serializer.serialize_f64(self.0 as f64 / 1000.0),
        }
    }
}

/// Reads what [`Serialize`] wrote; requests of the public come as [`RawAmount`], so that every fault can be told at once.
impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount = RawAmount::deserialize(deserializer)?;
        let decimal = parse_decimal(&amount.0).map_err(D::Error::custom)?;
        let milli = decimal.checked_mul(Decimal::ONE_THOUSAND).and_then(|milli| milli.round().to_i64());
        milli
            .map(Self)
            .ok_or_else(|| D::Error::custom(QuantityError::OutOfRange { most: Self::MAX_LEVEL_MILLI / 1000 }))
    }
}

impl PartialSchema for Quantity {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("A number with at most 3 decimal places."))
            .into()
    }
}

impl ToSchema for Quantity {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_numbers_and_strings_to_three_places() {
        let milli = |text| Quantity::parse(text).map(Quantity::milli).ok();
        assert_eq!(milli("2"), Some(2000));
        assert_eq!(milli("0.35"), Some(350));
        assert_eq!(milli("-1.5"), Some(-1500));
        assert_eq!(milli("0.30000000000000004"), Some(300));
        assert_eq!(milli("0.2999999999999999889"), Some(300));
        assert_eq!(milli("1000000"), Some(Quantity::MAX_MILLI));
        assert_eq!(milli("-1000000"), Some(-Quantity::MAX_MILLI));
        assert_eq!((milli("0.100000001"), milli("0.100000002")), (Some(100), None));
        for bad in ["0.0001", "0.3001", "1000000.001", "1e3", "1000000000000000000", "NaN", "", "--1", "0x1"]
        {
            assert_eq!(milli(bad), None, "{bad:?}");
        }
        assert!(Quantity::parse_positive("0").is_err() && Quantity::parse_positive("-1").is_err());
        assert!(Quantity::parse_count("0").is_ok() && Quantity::parse_count("-1").is_err());
        assert!(Quantity::parse_change("-1").is_ok() && Quantity::parse_change("0").is_err());
    }

    #[test]
    fn a_level_may_be_what_many_requests_made_of_it() {
        let milli = |text| Quantity::parse_level(text).map(Quantity::milli);
        assert_eq!(milli("1000000000000").ok(), Some(Quantity::MAX_LEVEL_MILLI));
        assert_eq!(milli("-1000000000000").ok(), Some(-Quantity::MAX_LEVEL_MILLI));
        assert!(milli("1000000000000.001").is_err());
    }

    #[test]
    fn says_how_much_it_may_be() {
        let fault = Quantity::parse("1000001").unwrap_err().to_string();
        assert_eq!(fault, "must be between -1000000 and 1000000");
        let fault = serde_json::from_str::<Quantity>("10000000000000000").unwrap_err().to_string();
        assert!(fault.starts_with("must be between -1000000000000 and 1000000000000"), "{fault}");
    }

    #[test]
    fn writes_the_shortest_number() {
        let json = |milli| {
            let text = serde_json::to_string(&Quantity(milli)).unwrap();
            assert_eq!(Quantity(milli).to_string(), text);
            text
        };
        assert_eq!(json(2000), "2");
        assert_eq!(json(350), "0.35");
        assert_eq!(json(-1), "-0.001");
        assert_eq!(json(0), "0");
    }

    proptest! {
        #[test]
        fn json_is_read_back_as_it_was(milli in -1_000_000_000_000_000_i64..1_000_000_000_000_000) {
            let text = serde_json::to_string(&Quantity(milli)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Quantity>(&text).unwrap().milli(), milli, "{}", text);
            prop_assert_eq!(Quantity(milli).to_string(), text);
        }

        #[test]
        fn float_noise_of_sums_is_taken_off(tenths in prop::collection::vec(1..100_u32, 1..20)) {
            let sum: f64 = tenths.iter().map(|tenth| f64::from(*tenth) / 10.0).sum();
            let expected = i64::from(tenths.iter().sum::<u32>()) * 100;
            prop_assert_eq!(Quantity::parse(&sum.to_string()).unwrap().milli(), expected);
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Quantity::parse(&text);
        }
    }
}
