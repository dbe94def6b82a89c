//! The ledger: what moved, and the level that follows from it.

use contract::{OrderId, ProductId, Quantity};
use platform::{clock, database::StoreError};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::row::to_movement;
use crate::{
    entity::{movement, stock},
    model::{Movement, Product, Reason},
};

/// Why stock moves.
#[derive(Clone, Debug)]
pub struct Entry {
    pub reason: Reason,
    pub order_id: Option<OrderId>,
    pub note: Option<String>,
}

impl Entry {
    pub fn of(reason: Reason) -> Self {
        Self { reason, order_id: None, note: None }
    }
}

/// Moves the stock of a product that this transaction has locked to `after`, and writes the movement.
pub async fn append(
    transaction: &DatabaseTransaction,
    product: &Product,
    after: Quantity,
    entry: Entry,
) -> Result<Movement, StoreError> {
    let movement = next_movement(product, after, entry);
    movement::Entity::insert(movement_row(product.id, &movement)).exec_without_returning(transaction).await?;
    let level = stock::ActiveModel {
        product_id: Set(product.id.0),
        quantity_milli: Set(after.milli()),
        seq: Set(movement.seq),
        ..Default::default()
    };
    stock::Entity::update(level).exec_without_returning(transaction).await?;
    Ok(movement)
}

/// What moves the stock of a product, as it stands, to `after`.
pub fn next_movement(product: &Product, after: Quantity, entry: Entry) -> Movement {
    Movement {
        seq: product.seq + 1,
        reason: entry.reason,
        quantity: Quantity::from_milli(after.milli() - product.stock.milli()),
        before: product.stock,
        after,
        order_id: entry.order_id,
        note: entry.note,
        at: clock::now(),
    }
}

pub(super) fn movement_row(product: ProductId, movement: &Movement) -> movement::ActiveModel {
    movement::ActiveModel {
        product_id: Set(product.0),
        seq: Set(movement.seq),
        reason: Set(movement.reason.as_str().to_owned()),
        quantity_milli: Set(movement.quantity.milli()),
        before_milli: Set(movement.before.milli()),
        after_milli: Set(movement.after.milli()),
        order_id: Set(movement.order_id.map(|order| order.0)),
        note: Set(movement.note.clone()),
        at: Set(movement.at),
    }
}

/// The level after movement `seq`: nothing before the first, `None` where there is no such movement.
pub async fn level_at(
    connection: &impl ConnectionTrait,
    product: ProductId,
    seq: i64,
) -> Result<Option<Quantity>, StoreError> {
    if seq == 0 {
        return Ok(Some(Quantity::ZERO));
    }
    let row = movement::Entity::find_by_id((product.0, seq)).one(connection).await?;
    Ok(row.map(|row| Quantity::from_milli(row.after_milli)))
}

/// Up to `limit` movements before `before`, newest first.
pub async fn movements(
    connection: &impl ConnectionTrait,
    product: ProductId,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Movement>, StoreError> {
    let mut query = movement::Entity::find().filter(movement::Column::ProductId.eq(product.0));
    if let Some(before) = before {
        query = query.filter(movement::Column::Seq.lt(before));
    }
    let rows = query.order_by_desc(movement::Column::Seq).limit(limit).all(connection).await?;
    rows.into_iter().map(to_movement).collect()
}
