//! What a line of a file of products does to the catalogue.

use std::fmt;

use chrono::{DateTime, Utc};
use contract::{ProductId, Quantity};

use super::{
    command::{NewProduct, Replacement},
    fields::FieldFault,
    product::Product,
    refusal::Refusal,
};

/// Which product a line is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The one with this SKU; a new one where there is none.
    Sku(String),
    /// One that has no SKU and is in the catalogue already.
    Id(ProductId),
}

impl Subject {
    /// How a line would name this product.
    pub fn of(product: &Product) -> Self {
        match &product.catalogue.sku {
            Some(sku) => Self::Sku(sku.clone()),
            None => Self::Id(product.id),
        }
    }
}

/// A line whose values are sound.
#[derive(Clone, Debug)]
pub struct ImportLine {
    /// Its number in the file, from 1.
    pub number: u64,
    pub subject: Subject,
    pub replacement: Replacement,
    /// Stock as it was named, whatever product the line turns out to be about.
    pub level: Option<Quantity>,
    /// The stock that a new product would open with, or why it cannot.
    pub opening: Result<Option<Quantity>, FieldFault>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// Its number in the file, from 1.
    pub line: u64,
    /// The column, where one is to blame.
    pub field: Option<&'static str>,
    pub detail: String,
}

impl fmt::Display for LineFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(formatter, "line {}, {field}: {}", self.line, self.detail),
            None => write!(formatter, "line {}: {}", self.line, self.detail),
        }
    }
}

/// What a line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Make(NewProduct),
    Change(Product),
    /// The product is as the line says.
    Keep,
}

impl ImportLine {
    /// Its barcode, if it names one.
    pub fn barcode(&self) -> Option<&str> {
        self.replacement.catalogue.barcode.as_deref()
    }

    /// A fault of this line.
    pub fn fault(&self, field: Option<&'static str>, detail: impl Into<String>) -> LineFault {
        LineFault { line: self.number, field, detail: detail.into() }
    }

    /// What it does where `stands` is the product that it is about.
    ///
    /// # Errors
    /// When a rule says no.
    pub fn step(&self, stands: Option<&Product>, now: DateTime<Utc>) -> Result<Step, LineFault> {
        let Some(stands) = stands else {
            return self.make().map(Step::Make);
        };
        let changed = stands.clone().replaced(&self.replacement, now).map_err(|refusal| {
            let field = matches!(refusal, Refusal::StockNegative { .. }).then_some("stockPolicy");
            self.fault(field, refusal.to_string())
        })?;
        match changed.catalogue == stands.catalogue {
            true => Ok(Step::Keep),
            false => Ok(Step::Change(changed)),
        }
    }

    fn make(&self) -> Result<NewProduct, LineFault> {
        if let Subject::Id(_) = self.subject {
            let detail = "must not be empty, unless id names a product of this catalogue that has no SKU";
            return Err(self.fault(Some("sku"), detail));
        }
        let stock = self.opening.clone();
        let stock = stock.map_err(|fault| self.fault(Some(fault.field), fault.detail))?;
        Ok(NewProduct { catalogue: self.replacement.catalogue.clone(), stock })
    }

    /// Names a stock that the product, which exists, does not have: a line of a file never moves stock.
    pub fn differs_in_stock(&self, stands: &Product) -> bool {
        self.level.is_some_and(|level| level != stands.stock) && stands.catalogue.stock_policy.is_tracked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::product::{Catalogue, StockPolicy, tests::product};

    fn line(catalogue: Catalogue, keeps_policy: bool) -> ImportLine {
        ImportLine {
            number: 7,
            subject: Subject::Sku("FW-1".into()),
            replacement: Replacement { catalogue, keeps_policy, versions: None },
            level: None,
            opening: Ok(Some(Quantity::from_milli(2000))),
        }
    }

    #[test]
    fn an_unknown_sku_is_made_with_its_stock_and_a_known_one_keeps_it() {
        let stands = product(StockPolicy::Deny, 500);
        let mut line = line(stands.catalogue.clone(), false);
        let made =
            NewProduct { catalogue: stands.catalogue.clone(), stock: Some(Quantity::from_milli(2000)) };
        assert_eq!(line.step(None, Utc::now()), Ok(Step::Make(made)));
        assert_eq!(line.step(Some(&stands), Utc::now()), Ok(Step::Keep));

        line.replacement.catalogue.name = "Flat white, large".into();
        let Ok(Step::Change(changed)) = line.step(Some(&stands), Utc::now()) else { panic!() };
        assert_eq!((changed.version, changed.stock), (2, stands.stock));
        assert_eq!(changed.catalogue.name, "Flat white, large");
    }

    #[test]
    fn a_policy_that_is_not_named_stays_and_one_that_stock_forbids_is_refused() {
        let stands = product(StockPolicy::Allow, -500);
        let mut line = line(Catalogue { stock_policy: StockPolicy::Deny, ..stands.catalogue.clone() }, true);
        assert_eq!(line.step(Some(&stands), Utc::now()), Ok(Step::Keep));

        line.replacement.keeps_policy = false;
        let fault = line.step(Some(&stands), Utc::now()).unwrap_err();
        assert_eq!((fault.line, fault.field), (7, Some("stockPolicy")));
    }

    #[test]
    fn stock_that_cannot_be_opened_with_matters_to_a_new_product_alone() {
        let stands = product(StockPolicy::Allow, -500);
        let mut line = line(stands.catalogue.clone(), false);
        let fault = FieldFault { field: "stock", detail: "must not be negative".into() };
        line.opening = Err(fault);
        assert_eq!(line.step(Some(&stands), Utc::now()), Ok(Step::Keep));
        assert_eq!(
            line.step(None, Utc::now()).unwrap_err().to_string(),
            "line 7, stock: must not be negative"
        );
    }
}
