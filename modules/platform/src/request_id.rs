//! The id under which logs, answers and downstream calls know one request.

use std::{fmt, future::Future};

use uuid::Uuid;

/// Header that carries the id in both directions.
pub const HEADER: &str = "x-request-id";

/// An id of 1 to 64 characters of `[A-Za-z0-9._-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

tokio::task_local! {
    static CURRENT: RequestId;
}

impl RequestId {
    /// A fresh id.
    pub fn generate() -> Self {
        Self(Uuid::now_v7().simple().to_string())
    }

    /// The caller's id where it is well formed: it goes into logs and headers as it is.
    pub fn accept(text: &str) -> Option<Self> {
        let well_formed = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        well_formed.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Runs `work` under this id. A task spawned inside does not inherit it: scope it again.
pub async fn scope<F: Future>(id: RequestId, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// The id of the request being served, or a fresh one outside of any.
pub fn current() -> RequestId {
    CURRENT.try_with(Clone::clone).unwrap_or_else(|_| RequestId::generate())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_ids_that_could_break_a_log_line_or_header() {
        assert!(RequestId::accept("till-4.2026_11").is_some());
        for bad in ["", "a b", "a\nb", "é", &"x".repeat(65)] {
            assert_eq!(RequestId::accept(bad), None, "{bad:?}");
        }
    }
}
