//! Why an order was rejected, told so that its caller can mend it.

use contract::{Code, LineRefusal, LineRefusalCause, Money, ProductId, Quantity};

use super::place::OrderRequest;

/// Why an order was rejected, as the product module decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// One or more lines could not be sold.
    Lines(Vec<LineRefusal>),
    /// The total is beyond what can be kept.
    TotalOutOfRange,
}

/// One reason, at its place in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub pointer: String,
    pub product_id: ProductId,
    pub kind: ReasonKind,
}

/// What kept a line from being sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonKind {
    Shortage { requested: Quantity, available: Quantity },
    Unavailable,
    PriceChanged { expected: Money, current: Money },
}

impl Rejection {
    /// The code of the whole: what takes a person longest to mend comes first.
    pub fn code(&self) -> Code {
        let Self::Lines(refusals) = self else {
            return Code::TotalOutOfRange;
        };
        let any =
            |wanted: fn(&LineRefusalCause) -> bool| refusals.iter().any(|refusal| wanted(&refusal.cause));
        if any(|cause| matches!(cause, LineRefusalCause::Shortage { .. })) {
            return Code::InsufficientStock;
        }
        match any(|cause| matches!(cause, LineRefusalCause::Unavailable)) {
            true => Code::ProductUnavailable,
            false => Code::PriceChanged,
        }
    }

    /// Each line's reason, with the place of its product in the request.
    pub fn reasons(&self, request: Option<&OrderRequest>) -> Vec<Reason> {
        let Self::Lines(refusals) = self else {
            return Vec::new();
        };
        refusals
            .iter()
            .map(|refusal| Reason {
                pointer: request.map_or_else(String::new, |request| request.pointer(refusal.product_id)),
                product_id: refusal.product_id,
                kind: kind(&refusal.cause),
            })
            .collect()
    }
}

fn kind(cause: &LineRefusalCause) -> ReasonKind {
    match cause {
        LineRefusalCause::Shortage { requested_milli, available_milli } => ReasonKind::Shortage {
            requested: Quantity::from_milli(*requested_milli),
            available: Quantity::from_milli(*available_milli),
        },
        LineRefusalCause::Unavailable => ReasonKind::Unavailable,
        LineRefusalCause::PriceChanged { expected_minor, current_minor } => ReasonKind::PriceChanged {
            expected: Money::from_minor(*expected_minor),
            current: Money::from_minor(*current_minor),
        },
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_shortage_names_the_whole_before_what_is_gone_and_what_costs_more() {
        let refusal = |cause| LineRefusal { product_id: ProductId(Uuid::nil()), cause };
        let shortage = refusal(LineRefusalCause::Shortage { requested_milli: 2, available_milli: 1 });
        let unavailable = refusal(LineRefusalCause::Unavailable);
        let price = refusal(LineRefusalCause::PriceChanged { expected_minor: 1, current_minor: 2 });
        let code =
            |refusals: &[&LineRefusal]| Rejection::Lines(refusals.iter().copied().cloned().collect()).code();
        assert_eq!(code(&[&price, &unavailable, &shortage]), Code::InsufficientStock);
        assert_eq!(code(&[&price, &unavailable]), Code::ProductUnavailable);
        assert_eq!(code(&[&price]), Code::PriceChanged);
        assert_eq!(Rejection::TotalOutOfRange.code(), Code::TotalOutOfRange);
    }
}
