//! The closed list of codes by which a caller tells failures apart.

use platform::problem::{ErrorKind, OVERLOADED, Problem};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Not readable as a request: no JSON, bad query, path or header.
    Malformed,
    /// No such thing, or no such route.
    NotFound,
    /// The path is served with other methods; see Allow.
    MethodNotAllowed,
    /// The state does not allow it.
    Conflict,
    /// Less is available than was asked for.
    InsufficientStock,
    /// The product does not exist or is archived.
    ProductUnavailable,
    /// The price is not the expected one.
    PriceChanged,
    /// Another product has this SKU.
    DuplicateSku,
    /// Another product has this barcode.
    DuplicateBarcode,
    /// The stock is not what the count expected.
    StaleCount,
    /// The policy cannot become `deny` while stock is below 0.
    StockNegative,
    /// The product's stock is not tracked.
    StockUntracked,
    /// The stock would leave the range that can be kept.
    StockOutOfRange,
    /// The total is beyond what can be kept.
    TotalOutOfRange,
    /// The order was confirmed and cannot be given up.
    AlreadyConfirmed,
    /// The order was cancelled.
    OrderCancelled,
    /// If-Match names another version.
    VersionMismatch,
    /// The body is longer than allowed.
    TooLarge,
    /// The body must be JSON.
    UnsupportedMediaType,
    /// Readable, but the content is wrong; see errors.
    Invalid,
    /// The Idempotency-Key was used for another request.
    KeyReused,
    /// More requests than one caller may make; nothing happened.
    RateLimited,
    /// Path, parameters and headers are longer or more than allowed.
    HeadTooLarge,
    /// A fault on our side.
    Internal,
    /// More requests than can be served; nothing happened.
    Overloaded,
    /// The outcome is not known yet: repeat with the same key.
    OutcomeUnknown,
    /// Something this needs is away; nothing happened.
    Unavailable,
    /// A read took too long.
    TimedOut,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 28] = [
        Self::Malformed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::InsufficientStock,
        Self::ProductUnavailable,
        Self::PriceChanged,
        Self::DuplicateSku,
        Self::DuplicateBarcode,
        Self::StaleCount,
        Self::StockNegative,
        Self::StockUntracked,
        Self::StockOutOfRange,
        Self::TotalOutOfRange,
        Self::AlreadyConfirmed,
        Self::OrderCancelled,
        Self::VersionMismatch,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::KeyReused,
        Self::RateLimited,
        Self::HeadTooLarge,
        Self::Internal,
        Self::Overloaded,
        Self::OutcomeUnknown,
        Self::Unavailable,
        Self::TimedOut,
    ];

    /// The code as it is on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::InsufficientStock => "insufficient_stock",
            Self::ProductUnavailable => "product_unavailable",
            Self::PriceChanged => "price_changed",
            Self::DuplicateSku => "duplicate_sku",
            Self::DuplicateBarcode => "duplicate_barcode",
            Self::StaleCount => "stale_count",
            Self::StockNegative => "stock_negative",
            Self::StockUntracked => "stock_untracked",
            Self::StockOutOfRange => "stock_out_of_range",
            Self::TotalOutOfRange => "total_out_of_range",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::OrderCancelled => "order_cancelled",
            Self::VersionMismatch => "version_mismatch",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Invalid => "invalid",
            Self::KeyReused => "key_reused",
            Self::RateLimited => "rate_limited",
            Self::HeadTooLarge => "head_too_large",
            Self::Internal => "internal",
            Self::Overloaded => OVERLOADED,
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
        }
    }

    /// The class that decides the status.
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::Malformed => ErrorKind::Malformed,
            Self::NotFound => ErrorKind::NotFound,
            Self::MethodNotAllowed => ErrorKind::MethodNotAllowed,
            Self::Conflict
            | Self::InsufficientStock
            | Self::ProductUnavailable
            | Self::PriceChanged
            | Self::DuplicateSku
            | Self::DuplicateBarcode
            | Self::StaleCount
            | Self::StockNegative
            | Self::StockUntracked
            | Self::StockOutOfRange
            | Self::TotalOutOfRange
            | Self::AlreadyConfirmed
            | Self::OrderCancelled => ErrorKind::Conflict,
            Self::VersionMismatch => ErrorKind::PreconditionFailed,
            Self::TooLarge => ErrorKind::TooLarge,
            Self::UnsupportedMediaType => ErrorKind::UnsupportedMediaType,
            Self::Invalid | Self::KeyReused => ErrorKind::Unprocessable,
            Self::RateLimited => ErrorKind::TooManyRequests,
            Self::HeadTooLarge => ErrorKind::HeadTooLarge,
            Self::Internal => ErrorKind::Internal,
            Self::Overloaded | Self::OutcomeUnknown | Self::Unavailable => ErrorKind::Unavailable,
            Self::TimedOut => ErrorKind::TimedOut,
        }
    }

    /// A problem with this code.
    pub fn problem(self, detail: impl Into<String>) -> Problem {
        Problem::with_code(self.kind(), self.as_str(), detail)
    }

    /// The answer when nothing was done: it can simply be asked again.
    pub fn not_now(self, detail: impl Into<String>) -> Problem {
        self.problem(detail).member("outcome", "none").retry_after(1)
    }

    /// The answer when nobody knows yet: the same key finds out.
    pub fn unknown(detail: impl Into<String>) -> Problem {
        Self::OutcomeUnknown.problem(detail).member("outcome", "unknown").retry_after(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_on_the_wire_is_the_name_in_the_document() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn every_kind_has_its_general_code_in_the_list() {
        for code in Code::ALL {
            let general = code.kind().code();
            assert!(Code::ALL.iter().any(|code| code.as_str() == general), "{general}");
        }
    }
}
