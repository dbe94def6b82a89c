//! An order: the intent that it began as, and what the decision made of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    /// A function of `key`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub key: String,
    /// Null where the order was given up before any request of it arrived: it matches every request.
    pub request_hash: Option<Vec<u8>>,
    /// The merged lines, as JSON; null as the hash is.
    pub request: Option<String>,
    /// `pending`, `confirmed`, `rejected` or `cancelled`.
    pub status: String,
    /// Of a rejected one `lines` or `total_out_of_range`, of a cancelled one `given_up`.
    pub cause: Option<String>,
    /// Of a rejected or cancelled one: the reasons, as JSON.
    pub refusals: Option<String>,
    /// Of a confirmed one.
    pub total_minor: Option<i64>,
    pub created_at: DateTimeUtc,
    /// The deduction's time; null while pending.
    pub decided_at: Option<DateTimeUtc>,
    /// From then on it is refused instead of decided.
    pub decide_by: DateTimeUtc,
    /// When the sweeper looks at it next; null once decided.
    pub next_try_at: Option<DateTimeUtc>,
    /// How often the sweeper has tried.
    pub tries: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
