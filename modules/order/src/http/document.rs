//! Orders, as they are on the wire.

use chrono::{DateTime, Utc};
use contract::{Code, Currency, Money, OrderId, ProblemDocument, ProductId, Quantity};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Order, OrderLine, OrderState, OrderStatus, ReasonKind, Rejection, RequestedLine};

/// An order. Only `pending` ever changes; what was answered once stays.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDocument {
    id: OrderId,
    /// The Idempotency-Key that the order was placed under.
    key: String,
    status: OrderStatus,
    /// What was sold; while nothing is, what was asked for. Empty where the order was given up before it arrived.
    items: Vec<OrderItemDocument>,
    /// Of a confirmed order, else null.
    #[schema(required, example = "7.60")]
    total: Option<String>,
    #[schema(example = "EUR")]
    currency: &'static str,
    created_at: DateTime<Utc>,
    /// Null while pending.
    #[schema(required)]
    decided_at: Option<DateTime<Utc>>,
    /// Of a rejected order.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<RejectionDocument>,
}

/// A line. Sold: with name and prices of that moment. Not sold: what was asked for.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderItemDocument {
    #[schema(value_type = ProductId)]
    product_id: uuid::Uuid,
    /// Sold lines only.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Sold lines of a product that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<String>,
    #[schema(example = 2)]
    quantity: Quantity,
    /// Sold lines only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "3.80")]
    unit_price: Option<String>,
    /// Sold lines only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "7.60")]
    total: Option<String>,
    /// Lines that are not sold, where the caller named a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_unit_price: Option<String>,
    /// There, and true, where stock went below zero under the stock policy `flag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    flagged: Option<bool>,
}

/// A page of the history.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPageDocument {
    pub items: Vec<OrderDocument>,
    /// Null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Why an order was rejected.
#[derive(Serialize, ToSchema)]
pub struct RejectionDocument {
    code: Code,
    #[serde(flatten)]
    reasons: ReasonsDocument,
}

/// What kept each line from being sold; lists that are empty are left out.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReasonsDocument {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub shortages: Vec<ShortageDocument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unavailable: Vec<UnavailableDocument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub price_changes: Vec<PriceChangeDocument>,
}

/// Less is there than was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShortageDocument {
    /// The first item of the request that named the product.
    #[schema(example = "/items/0")]
    pointer: String,
    product_id: ProductId,
    #[schema(example = 2)]
    requested: Quantity,
    #[schema(example = 1)]
    available: Quantity,
}

/// The product does not exist, or is archived.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnavailableDocument {
    #[schema(example = "/items/0")]
    pointer: String,
    product_id: ProductId,
}

/// The price is not the one that was expected.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceChangeDocument {
    #[schema(example = "/items/0")]
    pointer: String,
    product_id: ProductId,
    #[schema(example = "3.80")]
    expected_unit_price: String,
    #[schema(example = "3.90")]
    current_unit_price: String,
}

/// A problem about an order that was not sold, with the reasons.
#[derive(ToSchema)]
#[expect(dead_code, reason = "shows in the API description what `refused_problem` writes")]
pub struct RefusedOrder {
    #[serde(flatten)]
    problem: ProblemDocument,
    #[serde(flatten)]
    reasons: ReasonsDocument,
}

impl OrderDocument {
    pub fn of(order: &Order, currency: Currency) -> Self {
        let requested = || {
            let lines = order.request.iter().flat_map(|request| &request.lines);
            lines.map(|line| OrderItemDocument::requested(line, currency)).collect()
        };
        let (items, total, rejection) = match &order.state {
            OrderState::Confirmed { lines, total, .. } => {
                let items = lines.iter().map(|line| OrderItemDocument::sold(line, currency)).collect();
                (items, Some(total.format(currency)), None)
            }
            OrderState::Rejected { rejection, .. } => {
                let reasons = ReasonsDocument::of(order, rejection, currency);
                (requested(), None, Some(RejectionDocument { code: rejection.code(), reasons }))
            }
            OrderState::Pending | OrderState::Cancelled { .. } => (requested(), None, None),
        };
        Self {
            id: order.id,
            key: order.key.clone(),
            status: order.status(),
            items,
            total,
            currency: currency.code(),
            created_at: order.created_at,
            decided_at: order.decided_at(),
            rejection,
        }
    }
}

impl OrderItemDocument {
    fn sold(line: &OrderLine, currency: Currency) -> Self {
        Self {
            product_id: line.product_id.0,
            name: Some(line.name.clone()),
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: Some(line.unit_price.format(currency)),
            total: Some(line.total.format(currency)),
            flagged: line.flagged.then_some(true),
            expected_unit_price: None,
        }
    }

    fn requested(line: &RequestedLine, currency: Currency) -> Self {
        Self {
            product_id: line.product_id.0,
            quantity: line.quantity(),
            expected_unit_price: line.expected_unit_price().map(|price| price.format(currency)),
            ..Self::default()
        }
    }
}

impl ReasonsDocument {
    pub fn of(order: &Order, rejection: &Rejection, currency: Currency) -> Self {
        let money = |amount: Money| amount.format(currency);
        let mut document = Self::default();
        for reason in rejection.reasons(order.request.as_ref()) {
            let (pointer, product_id) = (reason.pointer, reason.product_id);
            match reason.kind {
                ReasonKind::Shortage { requested, available } => {
                    document.shortages.push(ShortageDocument { pointer, product_id, requested, available });
                }
                ReasonKind::Unavailable => {
                    document.unavailable.push(UnavailableDocument { pointer, product_id });
                }
                ReasonKind::PriceChanged { expected, current } => {
                    document.price_changes.push(PriceChangeDocument {
                        pointer,
                        product_id,
                        expected_unit_price: money(expected),
                        current_unit_price: money(current),
                    });
                }
            }
        }
        document
    }
}
