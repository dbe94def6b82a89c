//! What makes a repeat recognisable: the caller's key, and a hash of what was asked.

use std::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use sha2::{Digest, Sha256};

/// Header by which a caller names a request, so that a repeat of it changes nothing twice.
pub const HEADER: &str = "idempotency-key";
/// Header that marks the answer to a repeat.
pub const REPLAYED_HEADER: &str = "idempotent-replayed";

/// Goes into every hash; raised when the meaning of "the same request" changes.
const HASH_VERSION: &str = "1";

/// A caller's key: 16 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// Why a text is no key.
#[derive(Debug, thiserror::Error)]
#[error("must be 16 to 255 visible ASCII characters without spaces; a UUID is best")]
pub struct NotAKey;

impl IdempotencyKey {
    pub const LENGTH: RangeInclusive<usize> = 16..=255;
    /// The same rule for the API description.
    pub const PATTERN: &str = "^[!-~]*$";

    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        match Self::LENGTH.contains(&text.len()) && visible {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAKey),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for IdempotencyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// SHA-256 over version, operation and parsed command; equal for requests that ask the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHash([u8; 32]);

impl RequestHash {
    /// Hashes a parsed command, never the bytes that came in. `operation` is method and route with its ids.
    ///
    /// # Errors
    /// When the command cannot be written as JSON, which a command made of strings and integers always can.
    pub fn of(operation: &str, command: &impl Serialize) -> Result<Self, serde_json::Error> {
        let command = serde_json::to_vec(command)?;
        let mut hasher = Sha256::new();
        for part in [HASH_VERSION.as_bytes(), operation.as_bytes(), &command] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Ok(Self(hasher.finalize().into()))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Lower-case hexadecimal, as it travels between roles.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`RequestHash::to_hex`] wrote; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Reads a stored hash; `None` when it is not 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// A request that changes something: its key and what it asks.
#[derive(Clone, Debug)]
pub struct Keyed {
    pub key: IdempotencyKey,
    pub hash: RequestHash,
}

/// An answer, and whether it is the one that an earlier request of the same key got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    pub value: T,
    pub replayed: bool,
}

impl<T> Answer<T> {
    /// The answer to a first request.
    pub fn fresh(value: T) -> Self {
        Self { value, replayed: false }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { value: change(self.value), replayed: self.replayed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_keys_of_16_to_255_visible_characters() {
        assert!(IdempotencyKey::parse("0123456789abcdef").is_ok());
        for bad in ["short", "0123456789 abcdef", "0123456789abcdé!", &"x".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn hash_travels_as_hexadecimal() {
        let hash = RequestHash::of("POST /a", &"x").unwrap();
        assert_eq!(RequestHash::from_hex(&hash.to_hex()), Some(hash));
        for bad in ["", "00", &"é".repeat(32), &"g".repeat(64)] {
            assert_eq!(RequestHash::from_hex(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn hash_tells_operation_and_command_apart() {
        let hash = |operation, command: &str| RequestHash::of(operation, &command).unwrap();
        assert_eq!(hash("POST /a", "x"), hash("POST /a", "x"));
        assert_ne!(hash("POST /a", "x"), hash("POST /b", "x"));
        assert_ne!(hash("POST /a", "x"), hash("POST /a", "y"));
    }
}
