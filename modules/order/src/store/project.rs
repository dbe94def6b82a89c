//! S3: an order becomes what its deduction says, once.

use contract::OrderId;
use platform::database::{Database, StoreError};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::row::{GIVEN_UP, LINES, TOTAL_OUT_OF_RANGE, unreadable};
use crate::{
    entity::{order, order_line},
    model::{Order, OrderLine, OrderState, OrderStatus, Rejection},
};

/// Writes the decided order in one transaction; only from `pending`. Answers whether it was this call that did.
pub async fn project(database: &Database, decided: &Order) -> Result<bool, StoreError> {
    let change = decided_columns(decided)?;
    database
        .write(async |transaction| {
            let updated = order::Entity::update_many()
                .set(change.clone())
                .filter(order::Column::Id.eq(decided.id.0))
                .filter(order::Column::Status.eq(OrderStatus::Pending.as_str()))
                .exec(transaction)
                .await?;
            if updated.rows_affected == 0 {
                return Ok(false);
            }
            if let OrderState::Confirmed { lines, .. } = &decided.state {
                insert_lines(transaction, decided.id, lines).await?;
            }
            Ok(true)
        })
        .await
}

fn decided_columns(decided: &Order) -> Result<order::ActiveModel, StoreError> {
    let (total_minor, cause, refusals) = match &decided.state {
        OrderState::Pending => return Err(StoreError::corrupt("a pending order is no decision")),
        OrderState::Confirmed { total, .. } => (Some(total.minor()), None, None),
        OrderState::Rejected { rejection: Rejection::Lines(refusals), .. } => {
            (None, Some(LINES), Some(serde_json::to_string(refusals).map_err(unreadable)?))
        }
        OrderState::Rejected { rejection: Rejection::TotalOutOfRange, .. } => {
            (None, Some(TOTAL_OUT_OF_RANGE), Some("[]".to_owned()))
        }
        OrderState::Cancelled { .. } => (None, Some(GIVEN_UP), Some("[]".to_owned())),
    };
    Ok(order::ActiveModel {
        status: Set(decided.status().as_str().to_owned()),
        decided_at: Set(decided.decided_at()),
        next_try_at: Set(None),
        total_minor: Set(total_minor),
        cause: Set(cause.map(str::to_owned)),
        refusals: Set(refusals),
        ..Default::default()
    })
}

async fn insert_lines(
    transaction: &DatabaseTransaction,
    id: OrderId,
    lines: &[OrderLine],
) -> Result<(), StoreError> {
    let rows = lines.iter().zip(0..).map(|(line, line_no)| order_line::ActiveModel {
        order_id: Set(id.0),
        line_no: Set(line_no),
        product_id: Set(line.product_id.0),
        name: Set(line.name.clone()),
        sku: Set(line.sku.clone()),
        quantity_milli: Set(line.quantity.milli()),
        unit_price_minor: Set(line.unit_price.minor()),
        total_minor: Set(line.total.minor()),
        flagged: Set(line.flagged),
    });
    order_line::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    Ok(())
}
