//! The decision about an order, written once and never changed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deductions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    /// `held` or `refused`.
    pub outcome: String,
    /// Null where an order was given up of which no request ever arrived: it matches every request.
    pub request_hash: Option<Vec<u8>>,
    /// Of a held one.
    pub total_minor: Option<i64>,
    /// Of a refused one: `lines`, `total_out_of_range` or `given_up`.
    pub cause: Option<String>,
    /// Of a refused one: the reasons, as JSON.
    pub refusals: Option<String>,
    pub decided_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
