//! Query parameters; unknown ones are refused by name.

use platform::{
    http::{Limit, Sound},
    problem::{ErrorKind, Place, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::model::{ProductFilter, StockPolicy, parse_text, search_words};

/// Characters of a filter.
const MAX_FILTER: usize = 200;
/// Words of a search: each is a condition of its own.
const MAX_WORDS: usize = 16;

/// Which products to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListProductsQuery {
    /// Words of the name, the last one as a prefix.
    #[param(max_length = 200)]
    search: Option<String>,
    #[param(max_length = 200)]
    sku: Option<String>,
    #[param(max_length = 200)]
    barcode: Option<String>,
    #[param(max_length = 200)]
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
    /// The filters, checked.
    ///
    /// # Errors
    /// A 400 that names the parameter that cannot be looked for.
    pub fn filter(&self) -> Result<ProductFilter, Problem> {
        let text = |name: &str, value: &Option<String>| {
            let checked = value.as_deref().map(|value| parse_text(value, MAX_FILTER)).transpose();
            checked.map_err(|fault| refuse(name, fault.to_string()))
        };
        let words = search_words(text("search", &self.search)?.as_deref().unwrap_or_default());
        if self.search.is_some() && !(1..=MAX_WORDS).contains(&words.len()) {
            return Err(refuse("search", format!("must have 1 to {MAX_WORDS} words of letters or digits")));
        }
        Ok(ProductFilter {
            words,
            sku: text("sku", &self.sku)?,
            barcode: text("barcode", &self.barcode)?,
            category: text("category", &self.category)?,
            stock_policy: self.stock_policy,
            low_stock: self.low_stock,
            flagged: self.flagged,
            archived: self.archived.unwrap_or_default(),
        })
    }
}

fn refuse(parameter: &str, detail: String) -> Problem {
    Problem::fault(ErrorKind::Malformed, Place::Query(parameter.to_owned()), detail)
}

impl Sound for ProductFilter {
    fn is_sound(&self) -> bool {
        let is_word = |word: &String| !word.is_empty() && word.chars().all(char::is_alphanumeric);
        let is_text = |text: &String| parse_text(text, MAX_FILTER).as_ref() == Ok(text);
        self.words.len() <= MAX_WORDS
            && self.words.iter().all(|word| is_word(word) && is_text(word))
            && [&self.sku, &self.barcode, &self.category].into_iter().flatten().all(is_text)
    }
}

impl Sound for LedgerOf {
    fn is_sound(&self) -> bool {
        true
    }
}
