//! Pages of the catalogue, in the order in which products were made.

use contract::ProductId;
use platform::database::StoreError;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    SelectTwo, sea_query::Expr,
};

use super::{
    row::to_product,
    words::{self, is_archived},
};
use crate::{
    entity::{product, stock},
    model::{Product, ProductFilter},
};

/// Up to `limit` products after `after`.
pub async fn list(
    connection: &impl ConnectionTrait,
    filter: &ProductFilter,
    after: Option<ProductId>,
    limit: u64,
) -> Result<Vec<Product>, StoreError> {
    let search = words::Search {
        words: &filter.words,
        archived: filter.archived,
        after: after.map(|after| after.0),
        enough: is_about_words_alone(filter).then_some(limit),
    };
    let words = search.condition(connection).await?;
    let rows = page(filter, words, after, limit).all(connection).await?;
    rows.into_iter().map(to_product).collect()
}

fn page(
    filter: &ProductFilter,
    words: Condition,
    after: Option<ProductId>,
    limit: u64,
) -> SelectTwo<product::Entity, stock::Entity> {
    use {product::Column::Id, stock::Column::ProductId as StockId};
    // said of both tables, or PostgreSQL merges them from the beginning of the other one
    let later = after.map(|after| Condition::all().add(Id.gt(after.0)).add(StockId.gt(after.0)));
    let page = product::Entity::find()
        .find_also_related(stock::Entity)
        .filter(words)
        .filter(catalogue_condition(filter))
        .filter(stock_condition(filter))
        .filter(Condition::all().add_option(later))
        .limit(limit);
    // in the order of the rows that the filter is about: their index brings the page in its order
    match is_about_stock(filter) && !is_about_catalogue(filter) {
        true => page.order_by_asc(StockId),
        false => page.order_by_asc(Id),
    }
}

fn is_about_stock(filter: &ProductFilter) -> bool {
    filter.stock_policy.is_some() || filter.low_stock == Some(true) || filter.flagged == Some(true)
}

fn is_about_catalogue(filter: &ProductFilter) -> bool {
    !filter.words.is_empty()
        || [&filter.sku, &filter.barcode, &filter.category].into_iter().any(Option::is_some)
}

fn is_about_words_alone(filter: &ProductFilter) -> bool {
    let of_catalogue = [&filter.sku, &filter.barcode, &filter.category].into_iter().all(Option::is_none);
    of_catalogue
        && filter.stock_policy.is_none()
        && [filter.low_stock, filter.flagged].into_iter().all(|wanted| wanted.is_none())
}

/// Whether there is any product at all.
pub async fn any_product(connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
    Ok(product::Entity::find().limit(1).one(connection).await?.is_some())
}

fn catalogue_condition(filter: &ProductFilter) -> Condition {
    use product::Column::{Barcode, Category, Sku};
    let mut condition = Condition::all().add(is_archived(product::Entity, filter.archived));
    for (column, wanted) in [(Sku, &filter.sku), (Barcode, &filter.barcode), (Category, &filter.category)] {
        condition = condition.add_option(wanted.as_ref().map(|wanted| column.eq(wanted.as_str())));
    }
    condition
}

fn stock_condition(filter: &ProductFilter) -> Condition {
    use stock::Column::{Flagged, Low, Policy};
    let mut condition = Condition::all();
    if is_about_stock(filter) {
        // elsewhere PostgreSQL would take the two marks for two chances, and expect few of what is archived
        condition = condition.add(is_archived(stock::Entity, filter.archived));
    }
    condition = condition.add_option(filter.stock_policy.map(|policy| Policy.eq(policy.as_str())));
    for (mark, wanted) in [(Low, filter.low_stock), (Flagged, filter.flagged)] {
        let marked = Expr::col((stock::Entity, mark));
        condition = condition.add_option(wanted.map(|wanted| if wanted { marked } else { marked.not() }));
    }
    condition
}
