//! Pages of the catalogue, in the order in which products were made.

use contract::ProductId;
use platform::database::StoreError;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, SelectTwo, sea_query::Expr,
};

use super::row::to_product;
use crate::{
    entity::{product, stock},
    model::{Product, ProductFilter, StockPolicy},
};

/// Up to `limit` products after `after`.
pub async fn list(
    connection: &impl ConnectionTrait,
    filter: &ProductFilter,
    after: Option<ProductId>,
    limit: u64,
) -> Result<Vec<Product>, StoreError> {
    let mut query = product::Entity::find().filter(catalogue_condition(filter));
    if let Some(after) = after {
        query = query.filter(product::Column::Id.gt(after.0));
    }
    let rows =
        with_stock(query, filter).order_by_asc(product::Column::Id).limit(limit).all(connection).await?;
    rows.into_iter().map(to_product).collect()
}

/// Whether there is any product at all.
pub async fn any_product(connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
    Ok(product::Entity::find().limit(1).one(connection).await?.is_some())
}

fn catalogue_condition(filter: &ProductFilter) -> Condition {
    use product::Column::{Archived, Barcode, Category, SearchWords, Sku};
    let mut condition = Condition::all().add(Archived.eq(filter.archived));
    for (column, wanted) in [(Sku, &filter.sku), (Barcode, &filter.barcode), (Category, &filter.category)] {
        condition = condition.add_option(wanted.as_ref().map(|wanted| column.eq(wanted.as_str())));
    }
    if let Some((last, whole)) = filter.words.split_last() {
        // words are letters and digits alone, so there is nothing to escape
        condition = condition.add(SearchWords.contains(format!(" {last}")));
        for word in whole {
            condition = condition.add(SearchWords.contains(format!(" {word} ")));
        }
    }
    condition
}

fn with_stock(
    query: Select<product::Entity>,
    filter: &ProductFilter,
) -> SelectTwo<product::Entity, stock::Entity> {
    use stock::Column::{Policy, QuantityMilli};
    let mut condition = Condition::all();
    if let Some(policy) = filter.stock_policy {
        condition = condition.add(Policy.eq(policy.as_str()));
    }
    if let Some(low) = filter.low_stock {
        let is_low = Condition::all()
            .add(Policy.ne(StockPolicy::Untracked.as_str()))
            .add(product::Column::ReorderLevelMilli.is_not_null())
            .add(Expr::col(QuantityMilli).lte(Expr::col(product::Column::ReorderLevelMilli)));
        condition = condition.add(if low { is_low } else { is_low.not() });
    }
    if let Some(flagged) = filter.flagged {
        let is_flagged = Condition::all().add(Policy.eq(StockPolicy::Flag.as_str())).add(QuantityMilli.lt(0));
        condition = condition.add(if flagged { is_flagged } else { is_flagged.not() });
    }
    query.find_also_related(stock::Entity).filter(condition)
}
