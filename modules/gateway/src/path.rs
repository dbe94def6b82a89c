//! Which service a path belongs to. A path that two readers could read in two ways belongs to none.

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Product,
    Order,
}

/// Why a path is not forwarded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// Dots, doubled slashes, encoded separators: refused, whatever they would lead to.
    #[error(
        "the path may not contain '.' or '..' segments, '//', '\\', or encoded '/', '\\', '.' or control characters"
    )]
    Ambiguous,
    /// No public route starts like this; `/internal` is one of these.
    #[error("there is nothing at this path")]
    Unknown,
}

impl Service {
    pub fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Order => "order",
        }
    }

    /// The service of a path as it was sent, still encoded. Whole first segments count: `/productsX` is not `/products`.
    pub fn of_path(path: &str) -> Result<Self, PathFault> {
        let rest = path.strip_prefix('/').ok_or(PathFault::Ambiguous)?;
        let mut segments: Vec<&str> = rest.split('/').collect();
        if segments.len() > 1 && segments.last() == Some(&"") {
            // a trailing slash is for the service to judge
            segments.pop();
        }
        let doubled_slash = segments.len() > 1 && segments.contains(&"");
        if doubled_slash || segments.iter().any(|segment| is_ambiguous(segment)) {
            return Err(PathFault::Ambiguous);
        }
        match segments.first().copied().unwrap_or_default() {
            "products" => Ok(Self::Product),
            "orders" => Ok(Self::Order),
            _ => Err(PathFault::Unknown),
        }
    }
}

fn is_ambiguous(segment: &str) -> bool {
    segment == "." || segment == ".." || segment.contains(['\\', ';']) || has_ambiguous_code(segment)
}

/// An encoded separator, dot, percent sign or control character.
fn has_ambiguous_code(segment: &str) -> bool {
    if !segment.contains('%') {
        return false;
    }
    let lower = segment.to_ascii_lowercase();
    let encoded = ["%2f", "%5c", "%2e", "%25"].iter().any(|sequence| lower.contains(sequence));
    // %00 to %1f and %7f
    encoded || lower.contains("%0") || lower.contains("%1") || lower.contains("%7f")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forwards_whole_first_segments_only() {
        assert_eq!(Service::of_path("/products"), Ok(Service::Product));
        assert_eq!(Service::of_path("/products/1/stock"), Ok(Service::Product));
        assert_eq!(Service::of_path("/orders/cancellations"), Ok(Service::Order));
        for unknown in ["/", "/productsX", "/Products", "/internal/deductions/1", "/metrics", "/orders%20"] {
            assert_eq!(Service::of_path(unknown), Err(PathFault::Unknown), "{unknown}");
        }
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        for path in [
            "/products/../internal/deductions/1",
            "/products/%2e%2e/internal",
            "/products/..%2finternal",
            "/products%2f..%2finternal",
            "//internal/deductions/1",
            "/products//x",
            "/products/.",
            "/products/x%5cy",
            "/products/x\\y",
            "/products/%00",
            "/products/%252e%252e/internal",
            "/products;/../internal",
            "products",
            "",
        ] {
            assert_eq!(Service::of_path(path), Err(PathFault::Ambiguous), "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_forwarded_never_names_internal_or_climbs(path in "(/(products|orders|internal|\\.\\.|\\.|%2e|%2F|a|;|))*") {
            if Service::of_path(&path).is_ok() {
                prop_assert!(path.starts_with("/products") || path.starts_with("/orders"));
                prop_assert!(!path.contains("..") && !path.contains("//") && !path.contains('%'));
            }
        }
    }
}
