//! Amounts as they were written: a decimal string or a JSON number, never by way of binary floating point.

use std::{borrow::Cow, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;
/// Longest text that is looked at: more than any amount within bounds needs, also with the noise of a client's floats.
const MAX_LENGTH: usize = 64;

/// The text of an amount, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAmount(pub String);

/// A text that is no plain decimal.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be a plain decimal number such as 12.50, without exponent, spaces or signs other than a leading minus"
)]
pub struct NotADecimal;

impl<'de> Deserialize<'de> for RawAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.bytes().next() {
            Some(b'"') => {
                let text: Cow<str> = serde_json::from_str(text).map_err(D::Error::custom)?;
                Ok(Self(text.into_owned()))
            }
            Some(b'-' | b'0'..=b'9') => Ok(Self(text.to_owned())),
            _ => Err(D::Error::custom("invalid type: expected a decimal string or a number")),
        }
    }
}

/// Reads `-?digits[.digits]`.
///
/// # Errors
/// Anything else: an exponent, a plus sign, `NaN`, hexadecimal, more than 64 characters.
pub fn parse_decimal(text: &str) -> Result<Decimal, NotADecimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > MAX_LENGTH || !digits(whole) || !digits(fraction) {
        return Err(NotADecimal);
    }
    Decimal::from_str(text).map_err(|_| NotADecimal)
}
