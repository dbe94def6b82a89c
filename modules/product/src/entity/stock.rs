//! Stock on hand, one row a product: the row that is locked whenever the product is sold, counted or edited.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: Uuid,
    /// `deny`, `allow`, `flag` or `untracked`; here, because the floor that the CHECK guards depends on it.
    pub policy: String,
    pub quantity_milli: i64,
    /// The last movement's number; 0 before the first.
    pub seq: i64,
    pub reorder_level_milli: Option<i64>,
    /// The product's mark once more, so that an index of what is low or flagged need not hold what is archived.
    pub archived: bool,
    /// At or below the reorder level; the database's own sum.
    pub low: bool,
    /// Sold below 0 under the policy `flag`; the database's own sum.
    pub flagged: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::product::Entity",
        from = "Column::ProductId",
        to = "super::product::Column::Id"
    )]
    Product,
}

impl Related<super::product::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Product.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
