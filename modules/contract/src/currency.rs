//! The shop's currency and the places it has.

use std::{fmt, str::FromStr};

/// An ISO 4217 currency with decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    currency: iso_currency::Currency,
    places: u32,
}

/// Why a text is no currency that can be sold in.
#[derive(Debug, thiserror::Error)]
#[error("must be an ISO 4217 code in capitals such as EUR, of a currency that prices can be in")]
pub struct CurrencyError;

impl Currency {
    /// Decimal places of an amount: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn places(self) -> u32 {
        self.places
    }

    pub fn code(self) -> &'static str {
        self.currency.code()
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let currency = iso_currency::Currency::from_code(text).ok_or(CurrencyError)?;
        let places = currency.exponent().ok_or(CurrencyError)?;
        Ok(Self { currency, places: places.into() })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
