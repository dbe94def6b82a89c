//! Between rows and what the module talks about.

use contract::{LineRefusal, Money, Quantity};
use platform::{database::StoreError, idempotency::RequestHash};

use crate::{
    entity::{order, order_line},
    model::{Order, OrderLine, OrderRequest, OrderState, OrderStatus, PendingOrder, Rejection},
};

/// Causes, as they are stored.
pub const LINES: &str = "lines";
pub const TOTAL_OUT_OF_RANGE: &str = "total_out_of_range";
pub const GIVEN_UP: &str = "given_up";

pub fn status(row: &order::Model) -> Result<OrderStatus, StoreError> {
    OrderStatus::from_stored(&row.status)
        .ok_or_else(|| StoreError::corrupt(format!("unknown order status {}", row.status)))
}

/// An order of its rows; `lines` are those of a confirmed one.
pub fn to_order(row: order::Model, lines: Vec<OrderLine>) -> Result<Order, StoreError> {
    let half = || StoreError::corrupt(format!("order {} is half decided", row.id));
    let decided_at = || row.decided_at.ok_or_else(half);
    let state = match status(&row)? {
        OrderStatus::Pending => OrderState::Pending,
        OrderStatus::Confirmed => {
            let total = row.total_minor.map(Money::from_minor).ok_or_else(half)?;
            OrderState::Confirmed { decided_at: decided_at()?, lines, total }
        }
        OrderStatus::Rejected => {
            OrderState::Rejected { decided_at: decided_at()?, rejection: rejection(&row)? }
        }
        OrderStatus::Cancelled => OrderState::Cancelled { decided_at: decided_at()? },
    };
    Ok(Order {
        id: row.id.into(),
        request: request(row.request.as_deref())?,
        key: row.key,
        created_at: row.created_at,
        state,
    })
}

/// A pending order of its row.
pub fn to_pending(row: order::Model, past_decide_by: bool) -> Result<PendingOrder, StoreError> {
    Ok(PendingOrder {
        id: row.id.into(),
        request: request(row.request.as_deref())?,
        hash: hash(&row)?,
        key: row.key,
        created_at: row.created_at,
        past_decide_by,
    })
}

/// A line of its row.
pub fn to_line(row: order_line::Model) -> OrderLine {
    OrderLine {
        product_id: row.product_id.into(),
        name: row.name,
        sku: row.sku,
        quantity: Quantity::from_milli(row.quantity_milli),
        unit_price: Money::from_minor(row.unit_price_minor),
        total: Money::from_minor(row.total_minor),
        flagged: row.flagged,
    }
}

/// The hash of the request; `None` where no request ever arrived.
pub fn hash(row: &order::Model) -> Result<Option<RequestHash>, StoreError> {
    let read = |bytes| {
        RequestHash::from_slice(bytes)
            .ok_or_else(|| StoreError::corrupt("a stored request hash is not 32 bytes long"))
    };
    row.request_hash.as_deref().map(read).transpose()
}

fn rejection(row: &order::Model) -> Result<Rejection, StoreError> {
    match (row.cause.as_deref(), row.refusals.as_deref()) {
        (Some(LINES), Some(refusals)) => {
            let refusals: Vec<LineRefusal> = serde_json::from_str(refusals).map_err(unreadable)?;
            Ok(Rejection::Lines(refusals))
        }
        (Some(TOTAL_OUT_OF_RANGE), _) => Ok(Rejection::TotalOutOfRange),
        (cause, _) => Err(StoreError::corrupt(format!("order {} was rejected for {cause:?}", row.id))),
    }
}

fn request(text: Option<&str>) -> Result<Option<OrderRequest>, StoreError> {
    text.map(|text| serde_json::from_str(text).map_err(unreadable)).transpose()
}

pub fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::corrupt(format!("an order's JSON cannot be read or written: {error}"))
}
