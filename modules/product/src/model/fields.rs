//! The fields of a product as somebody spelled them, and the rules of value that they must hold: the same for a request
//! and for a line of a file.

use std::fmt;

use contract::{Currency, Money, Quantity};

use super::{
    product::{Catalogue, StockPolicy},
    text::parse_text,
};

const MAX_NAME: usize = 200;
const MAX_CODE: usize = 64;
const MAX_CATEGORY: usize = 100;

/// Not yet checked; what is `None` was left out.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a> {
    pub name: &'a str,
    pub price: &'a str,
    pub sku: Option<&'a str>,
    pub barcode: Option<&'a str>,
    pub category: Option<&'a str>,
    pub stock_policy: Option<StockPolicy>,
    pub reorder_level: Option<&'a str>,
}

/// A value that is not taken: of which field, as it is spelled on the wire, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    pub field: &'static str,
    pub detail: String,
}

/// Every fault, so that whoever sent the values learns all of them at once.
#[derive(Debug, Default)]
pub struct FieldFaults(pub Vec<FieldFault>);

impl FieldFaults {
    /// The value, or `None` after noting why there is none.
    pub fn check<T>(&mut self, field: &'static str, result: Result<T, impl fmt::Display>) -> Option<T> {
        result.map_err(|fault| self.0.push(FieldFault { field, detail: fault.to_string() })).ok()
    }

    fn text(&mut self, field: &'static str, text: Option<&str>, max: usize) -> Option<String> {
        text.and_then(|text| self.check(field, parse_text(text, max)))
    }
}

impl Fields<'_> {
    /// The catalogue fields, or `None` after noting what is wrong with them.
    pub fn check(&self, currency: Currency, faults: &mut FieldFaults) -> Option<Catalogue> {
        let name = faults.check("name", parse_text(self.name, MAX_NAME));
        let price = faults.check("price", Money::parse_price(self.price, currency));
        let sku = faults.text("sku", self.sku, MAX_CODE);
        let barcode = faults.text("barcode", self.barcode, MAX_CODE);
        let category = faults.text("category", self.category, MAX_CATEGORY);
        let reorder_level = self.reorder_level.map(Quantity::parse_count);
        let reorder_level = reorder_level.and_then(|level| faults.check("reorderLevel", level));
        let stock_policy = self.stock_policy.unwrap_or_default();
        Some(Catalogue { name: name?, price: price?, sku, barcode, category, stock_policy, reorder_level })
    }

    /// The stock that a new product opens with, if any is named.
    ///
    /// # Errors
    /// When it is no count, or the product keeps no stock.
    pub fn opening(&self, stock: Option<&str>) -> Result<Option<Quantity>, FieldFault> {
        let fault = |detail: String| FieldFault { field: "stock", detail };
        if self.stock_policy == Some(StockPolicy::Untracked) && stock.is_some() {
            return Err(fault("must be left out for an untracked product: no stock is kept of it".into()));
        }
        stock.map(Quantity::parse_count).transpose().map_err(|error| fault(error.to_string()))
    }
}
