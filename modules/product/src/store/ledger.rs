//! The ledger: what moved, and the level that follows from it.

use std::collections::BTreeMap;

use contract::{OrderId, ProductId, Quantity};
use platform::{
    clock,
    database::{Column, Kind, Rows, StoreError, Writes},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Value,
};

use super::row::to_movement;
use crate::{
    entity::movement,
    model::{Movement, Product, Reason},
};

const LEVEL: [Column; 3] = [
    Column::new("product_id", Kind::Uuid),
    Column::new("quantity_milli", Kind::BigInt),
    Column::new("seq", Kind::BigInt),
];

const MOVEMENT: [Column; 9] = [
    Column::new("product_id", Kind::Uuid),
    Column::new("seq", Kind::BigInt),
    Column::new("reason", Kind::Text),
    Column::new("quantity_milli", Kind::BigInt),
    Column::new("before_milli", Kind::BigInt),
    Column::new("after_milli", Kind::BigInt),
    Column::optional("order_id", Kind::Uuid),
    Column::optional("note", Kind::Text),
    Column::new("at", Kind::Time),
];

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
    let moved = (product.id, next_movement(product, after, entry));
    let mut writes = Writes::to(transaction.get_database_backend());
    append_all(&mut writes, std::slice::from_ref(&moved));
    writes.execute(transaction).await?;
    Ok(moved.1)
}

/// Writes movements of products that this transaction has locked, and the levels that they lead to. Those of one product
/// follow each other.
pub fn append_all(writes: &mut Writes, moved: &[(ProductId, Movement)]) {
    insert_movements(writes, moved.iter().map(|(product, movement)| (*product, movement)));
    let last: BTreeMap<ProductId, &Movement> =
        moved.iter().map(|(product, movement)| (*product, movement)).collect();
    let mut levels = Rows::of(&LEVEL);
    for (product, movement) in last {
        levels.push([product.0.into(), movement.after.milli().into(), movement.seq.into()]);
    }
    writes.add(levels, |levels| {
        format!(
            "UPDATE stock SET quantity_milli = level.quantity_milli, seq = level.seq FROM {levels} AS level \
             WHERE stock.product_id = level.product_id AND {}",
            levels.has("product_id", "stock.product_id")
        )
    });
}

/// Writes movements alone; the levels are for the caller.
pub(super) fn insert_movements<'a>(
    writes: &mut Writes,
    moved: impl Iterator<Item = (ProductId, &'a Movement)>,
) {
    let mut movements = Rows::of(&MOVEMENT);
    for (product, movement) in moved {
        movements.push(movement_cells(product, movement));
    }
    writes.insert("movements", movements);
}

fn movement_cells(product: ProductId, movement: &Movement) -> [Value; 9] {
    [
        product.0.into(),
        movement.seq.into(),
        movement.reason.as_str().into(),
        movement.quantity.milli().into(),
        movement.before.milli().into(),
        movement.after.milli().into(),
        movement.order_id.map(|order| order.0).into(),
        movement.note.clone().into(),
        movement.at.into(),
    ]
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
