//! The id under which all services know one request: W3C trace context, `traceparent`.

use std::{fmt, future::Future};

use uuid::Uuid;

/// Header that carries it from role to role.
pub const HEADER: &str = "traceparent";
/// Header that goes with it, and means nothing without it.
pub const STATE_HEADER: &str = "tracestate";

/// `VERSION-TRACE-PARENT-FLAGS`, in lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent(String);

tokio::task_local! {
    static CURRENT: TraceParent;
}

impl TraceParent {
    /// Starts a trace.
    pub fn generate() -> Self {
        let (trace, parent) = (Uuid::new_v4().simple(), Uuid::new_v4().as_u64_pair().0);
        Self(format!("00-{trace}-{parent:016x}-01"))
    }

    /// The caller's where it is well formed. A later version may bring more after the flags.
    pub fn accept(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let version = digits(parts.next()?, 2)?;
        let trace = digits(parts.next()?, 32)?;
        let parent = digits(parts.next()?, 16)?;
        digits(parts.next()?, 2)?;
        let more = parts.next().is_some();
        let known = version != "ff" && (version != "00" || !more);
        let named = [trace, parent].iter().all(|id| id.bytes().any(|digit| digit != b'0'));
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        (known && named && printable && text.len() <= 255).then(|| Self(text.to_owned()))
    }

    /// The part that every service of a request shares.
    pub fn trace_id(&self) -> &str {
        self.0.split('-').nth(1).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn digits(part: &str, count: usize) -> Option<&str> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (part.len() == count && part.bytes().all(lower)).then_some(part)
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Runs `work` as part of this trace. A task spawned inside does not inherit it.
pub async fn scope<F: Future>(parent: TraceParent, work: F) -> F::Output {
    CURRENT.scope(parent, work).await
}

/// The trace of the request being served, or a fresh one outside of any.
pub fn current() -> TraceParent {
    CURRENT.try_with(Clone::clone).unwrap_or_else(|_| TraceParent::generate())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_on_what_is_well_formed() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = TraceParent::accept(given).unwrap();
        assert_eq!(parent.as_str(), given);
        assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more-to-come";
        assert!(TraceParent::accept(later).is_some());
    }

    #[test]
    fn refuses_what_is_not() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-a b",
        ] {
            assert_eq!(TraceParent::accept(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_started_is_well_formed() {
        let started = TraceParent::generate();
        assert_eq!(TraceParent::accept(started.as_str()), Some(started));
    }
}
