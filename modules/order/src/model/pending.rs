//! A pending order, and what a deduction makes of it: a function of the deduction alone, whoever writes it.

use chrono::{DateTime, SubsecRound, Utc};
use contract::{
    DecideRequest, Deduction, DeductionLine, Money, OrderId, Quantity, RefusalCause, RefuseRequest, Verdict,
};
use platform::idempotency::RequestHash;

use super::{
    order::{Order, OrderLine, OrderState},
    place::OrderRequest,
    rejection::Rejection,
};

/// An order that is not decided in this database yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingOrder {
    pub id: OrderId,
    pub key: String,
    pub request: Option<OrderRequest>,
    /// Absent as the request is.
    pub hash: Option<RequestHash>,
    pub created_at: DateTime<Utc>,
    /// By the database's clock, when it was read.
    pub past_decide_by: bool,
}

/// What the database says about an order that somebody wants decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Pending(PendingOrder),
    Decided { order: Order, hash: Option<RequestHash> },
}

/// A deduction that cannot be this order's: a fault of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("the deduction is another order's")]
    OtherOrder,
    #[error("stock is held for an order without a request")]
    NoRequest,
    #[error("the deduction's lines are not what was asked for")]
    OtherLines,
    #[error("a line's total does not follow from its price and quantity")]
    LineTotal,
    #[error("the total is not the sum of the lines")]
    Total,
}

impl PendingOrder {
    /// The question of S2, or `None` where the order may only be refused: nobody knows what was wanted, or it is too
    /// late.
    pub fn question(&self) -> Option<DecideRequest> {
        match (&self.request, self.hash, self.past_decide_by) {
            (Some(request), Some(hash), false) => {
                Some(DecideRequest { request_hash: hash.to_hex(), lines: request.decide_lines() })
            }
            (Some(_) | None, Some(_) | None, _) => None,
        }
    }

    /// The question that gives the order up.
    pub fn refusal(&self) -> RefuseRequest {
        RefuseRequest { request_hash: self.hash.map(|hash| hash.to_hex()) }
    }

    /// The order as this deduction decides it.
    ///
    /// # Errors
    /// When the deduction cannot be this order's.
    pub fn decided_by(&self, deduction: &Deduction) -> Result<Order, Misfit> {
        if deduction.order_id != self.id {
            return Err(Misfit::OtherOrder);
        }
        // as the databases keep it, so that what is answered equals what is read back
        let decided_at = deduction.decided_at.trunc_subsecs(6);
        let state = match &deduction.verdict {
            Verdict::Held { lines, total_minor } => {
                self.check_held(lines, *total_minor)?;
                let lines = lines.iter().map(order_line).collect();
                OrderState::Confirmed { decided_at, lines, total: Money::from_minor(*total_minor) }
            }
            Verdict::Refused { cause: RefusalCause::GivenUp, .. } => OrderState::Cancelled { decided_at },
            Verdict::Refused { cause: RefusalCause::TotalOutOfRange, .. } => {
                OrderState::Rejected { decided_at, rejection: Rejection::TotalOutOfRange }
            }
            Verdict::Refused { cause: RefusalCause::Lines, lines } => {
                OrderState::Rejected { decided_at, rejection: Rejection::Lines(lines.clone()) }
            }
        };
        Ok(Order {
            id: self.id,
            key: self.key.clone(),
            request: self.request.clone(),
            created_at: self.created_at,
            state,
        })
    }

    fn check_held(&self, lines: &[DeductionLine], total_minor: i64) -> Result<(), Misfit> {
        let request = self.request.as_ref().ok_or(Misfit::NoRequest)?;
        let mut asked: Vec<_> =
            request.lines.iter().map(|line| (line.product_id, line.quantity_milli)).collect();
        let mut held: Vec<_> = lines.iter().map(|line| (line.product_id, line.quantity_milli)).collect();
        asked.sort_unstable();
        held.sort_unstable();
        if asked != held {
            return Err(Misfit::OtherLines);
        }
        let follows = |line: &DeductionLine| {
            let total = Money::from_minor(line.unit_price_minor)
                .line_total(Quantity::from_milli(line.quantity_milli));
            total == Some(Money::from_minor(line.total_minor))
        };
        if !lines.iter().all(follows) {
            return Err(Misfit::LineTotal);
        }
        let sum = Money::sum(lines.iter().map(|line| Money::from_minor(line.total_minor)));
        if sum == Some(Money::from_minor(total_minor)) { Ok(()) } else { Err(Misfit::Total) }
    }
}

fn order_line(line: &DeductionLine) -> OrderLine {
    OrderLine {
        product_id: line.product_id,
        name: line.name.clone(),
        sku: line.sku.clone(),
        quantity: Quantity::from_milli(line.quantity_milli),
        unit_price: Money::from_minor(line.unit_price_minor),
        total: Money::from_minor(line.total_minor),
        flagged: line.flagged,
    }
}

#[cfg(test)]
mod tests {
    use contract::ProductId;
    use uuid::Uuid;

    use super::*;
    use crate::model::{OrderStatus, PlaceOrder, RequestedLine};

    fn pending() -> PendingOrder {
        let product_id = ProductId(Uuid::from_u128(7));
        let line =
            RequestedLine { product_id, quantity_milli: 1500, expected_unit_price_minor: None, item: 0 };
        let command = PlaceOrder::new(vec![line]).unwrap();
        PendingOrder {
            id: OrderId(Uuid::from_u128(1)),
            key: "0123456789abcdef".into(),
            request: Some(command.request),
            hash: Some(command.hash),
            created_at: platform::clock::now(),
            past_decide_by: false,
        }
    }

    fn held(change: impl Fn(&mut DeductionLine), total_minor: i64) -> Deduction {
        let mut line = DeductionLine {
            product_id: ProductId(Uuid::from_u128(7)),
            name: "Beans".into(),
            sku: None,
            quantity_milli: 1500,
            unit_price_minor: 333,
            total_minor: 500,
            flagged: false,
            tracked: true,
        };
        change(&mut line);
        let verdict = Verdict::Held { lines: vec![line], total_minor };
        Deduction { order_id: OrderId(Uuid::from_u128(1)), decided_at: platform::clock::now(), verdict }
    }

    #[test]
    fn the_status_is_a_function_of_the_deduction() {
        let refused =
            |cause| Deduction { verdict: Verdict::Refused { cause, lines: vec![] }, ..held(|_| {}, 500) };
        let status = |deduction| pending().decided_by(&deduction).unwrap().status();
        assert_eq!(status(held(|_| {}, 500)), OrderStatus::Confirmed);
        assert_eq!(status(refused(RefusalCause::Lines)), OrderStatus::Rejected);
        assert_eq!(status(refused(RefusalCause::TotalOutOfRange)), OrderStatus::Rejected);
        assert_eq!(status(refused(RefusalCause::GivenUp)), OrderStatus::Cancelled);
    }

    #[test]
    fn a_deduction_that_does_not_fit_is_not_taken() {
        let misfit = |deduction| pending().decided_by(&deduction).unwrap_err();
        assert_eq!(misfit(held(|line| line.quantity_milli = 1000, 500)), Misfit::OtherLines);
        assert_eq!(misfit(held(|line| line.total_minor = 499, 499)), Misfit::LineTotal);
        assert_eq!(misfit(held(|_| {}, 501)), Misfit::Total);
        let other = Deduction { order_id: OrderId(Uuid::from_u128(2)), ..held(|_| {}, 500) };
        assert_eq!(misfit(other), Misfit::OtherOrder);
        let fence = PendingOrder { request: None, hash: None, ..pending() };
        assert_eq!(fence.decided_by(&held(|_| {}, 500)), Err(Misfit::NoRequest));
    }

    #[test]
    fn is_only_refused_when_late_or_without_request() {
        let hash = pending().hash.map(|hash| hash.to_hex());
        assert_eq!(pending().question().map(|question| question.request_hash), hash);
        assert_eq!(pending().refusal().request_hash, hash);
        assert!(PendingOrder { past_decide_by: true, ..pending() }.question().is_none());
        let fence = PendingOrder { request: None, hash: None, ..pending() };
        assert!(fence.question().is_none() && fence.refusal().request_hash.is_none());
    }
}
