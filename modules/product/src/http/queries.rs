//! Query parameters; unknown ones are refused by name.

use platform::http::Limit;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::model::{ProductFilter, StockPolicy, search_words};

/// Which products to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListProductsQuery {
    /// Words of the name, the last one as a prefix.
    search: Option<String>,
    sku: Option<String>,
    barcode: Option<String>,
    category: Option<String>,
    stock_policy: Option<StockPolicy>,
    /// `true`: only products at or below their reorder level.
    low_stock: Option<bool>,
    /// `true`: only products that were sold below 0 under the policy `flag`.
    flagged: Option<bool>,
    /// `true`: the archived products instead of the others.
    archived: Option<bool>,
    /// Items of a page.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    pub limit: Limit,
    /// `nextCursor` of the page before; it carries its filters.
    pub cursor: Option<String>,
}

/// Whether archived products are read too.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GetProductQuery {
    /// `true`: the product is answered also when it is archived.
    pub archived: Option<bool>,
}

/// Which part of the ledger to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMovementsQuery {
    /// Items of a page.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    pub limit: Limit,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// A ledger has no filter; its cursor belongs to a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LedgerOf(pub Option<contract::ProductId>);

impl ListProductsQuery {
    pub fn filter(&self) -> ProductFilter {
        ProductFilter {
            words: self.search.as_deref().map(search_words).unwrap_or_default(),
            sku: self.sku.clone(),
            barcode: self.barcode.clone(),
            category: self.category.clone(),
            stock_policy: self.stock_policy,
            low_stock: self.low_stock,
            flagged: self.flagged,
            archived: self.archived.unwrap_or_default(),
        }
    }
}
