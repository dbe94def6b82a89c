//! Request bodies, and what they ask once every field is checked. All faults of value are told at once.

use contract::{
    Currency, Quantity, RawAmount,
    schema::{CountedLevel, CountedQuantity, PositiveQuantity, Price, QuantityChange, SignedLevel},
};
use platform::problem::{Faults, Problem};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Number;
use utoipa::ToSchema;

use crate::model::{
    Adjustment, AdjustmentReason, FieldFaults, Fields, NewProduct, Replacement, StockCount, StockPolicy,
    parse_text,
};

const MAX_NOTE: usize = 500;

/// A new product.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": "Flat white", "price": "3.80", "sku": "FW-1", "barcode": "5901234123457", "category": "coffee",
    "stock": 40, "stockPolicy": "deny", "reorderLevel": 5
}))]
pub struct NewProductBody {
    /// 1 to 200 characters.
    #[schema(max_length = 200)]
    name: String,
    /// In the shop's currency, with no more places than it has; 0 to 10¹¹ minor units.
    #[schema(value_type = Price)]
    price: RawAmount,
    /// Up to 64 characters, unique among products that are not archived.
    #[schema(max_length = 64)]
    sku: Option<String>,
    /// Up to 64 characters, unique among products that are not archived.
    #[schema(max_length = 64)]
    barcode: Option<String>,
    /// Up to 100 characters.
    #[schema(max_length = 100)]
    category: Option<String>,
    /// What is there at first, 0 when left out.
    #[schema(value_type = Option<CountedQuantity>)]
    stock: Option<RawAmount>,
    /// `deny` when left out.
    stock_policy: Option<StockPolicy>,
    /// At or below it the product is low on stock.
    #[schema(value_type = Option<CountedQuantity>)]
    reorder_level: Option<RawAmount>,
}

/// The catalogue fields of a product; what is left out is emptied, but for the stock policy, which stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": "Flat white", "price": "3.90", "sku": "FW-1", "category": "coffee", "stockPolicy": "deny", "reorderLevel": 5
}))]
pub struct ProductBody {
    /// 1 to 200 characters.
    #[schema(max_length = 200)]
    name: String,
    /// In the shop's currency, with no more places than it has; 0 to 10¹¹ minor units.
    #[schema(value_type = Price)]
    price: RawAmount,
    /// Up to 64 characters, unique among products that are not archived.
    #[schema(max_length = 64)]
    sku: Option<String>,
    /// Up to 64 characters, unique among products that are not archived.
    #[schema(max_length = 64)]
    barcode: Option<String>,
    /// Up to 100 characters.
    #[schema(max_length = 100)]
    category: Option<String>,
    /// Stays as it is when left out.
    stock_policy: Option<StockPolicy>,
    /// At or below it the product is low on stock.
    #[schema(value_type = Option<CountedQuantity>)]
    reorder_level: Option<RawAmount>,
}

/// A count of the shelf.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "quantity": 38, "expectedQuantity": 40 }))]
pub struct StockCountBody {
    /// What was counted.
    #[schema(value_type = CountedLevel)]
    quantity: RawAmount,
    /// Change stock only if it is this much now.
    #[schema(value_type = Option<SignedLevel>)]
    expected_quantity: Option<RawAmount>,
    /// The movement's `seq` after which the shelf was counted: what was sold since is kept.
    #[serde(default, deserialize_with = "read_seq")]
    #[schema(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    as_of: Option<i64>,
}

/// Stock moved by hand.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "quantity": -2, "reason": "waste", "note": "dropped" }))]
pub struct AdjustmentBody {
    /// By how much stock changes: above 0 for `receive`, below 0 for `waste`.
    #[schema(value_type = QuantityChange)]
    quantity: RawAmount,
    reason: AdjustmentReason,
    /// Up to 500 characters.
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// Stock of one product taken.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "quantity": 1 }))]
pub struct DeductBody {
    /// More than 0.
    #[schema(value_type = PositiveQuantity)]
    quantity: RawAmount,
}

impl ProductBody {
    pub fn check(self, currency: Currency, versions: Option<Vec<i64>>) -> Result<Replacement, Problem> {
        let mut faults = FieldFaults::default();
        let catalogue = self.fields().check(currency, &mut faults);
        let keeps_policy = self.stock_policy.is_none();
        finish(in_body(faults), catalogue.map(|catalogue| Replacement { catalogue, keeps_policy, versions }))
    }

    fn fields(&self) -> Fields<'_> {
        Fields {
            name: &self.name,
            price: &self.price.0,
            sku: self.sku.as_deref(),
            barcode: self.barcode.as_deref(),
            category: self.category.as_deref(),
            stock_policy: self.stock_policy,
            reorder_level: text(self.reorder_level.as_ref()),
        }
    }
}

impl NewProductBody {
    pub fn check(self, currency: Currency) -> Result<NewProduct, Problem> {
        let body = ProductBody {
            name: self.name,
            price: self.price,
            sku: self.sku,
            barcode: self.barcode,
            category: self.category,
            stock_policy: self.stock_policy,
            reorder_level: self.reorder_level,
        };
        let mut faults = FieldFaults::default();
        let opening = body.fields().opening(text(self.stock.as_ref()));
        let stock = opening.map_err(|fault| faults.0.push(fault)).unwrap_or_default();
        let catalogue = body.fields().check(currency, &mut faults);
        finish(in_body(faults), catalogue.map(|catalogue| NewProduct { catalogue, stock }))
    }
}

impl StockCountBody {
    pub fn check(self) -> Result<StockCount, Problem> {
        let mut faults = Faults::default();
        let quantity = faults.check("/quantity", Quantity::parse_level(&self.quantity.0));
        if quantity.is_some_and(|quantity| quantity < Quantity::ZERO) {
            faults.add("/quantity", "must not be negative");
        }
        let expected = self.expected_quantity.as_ref();
        let expected_quantity =
            expected.and_then(|amount| faults.check("/expectedQuantity", Quantity::parse_level(&amount.0)));
        if self.as_of.is_some_and(|seq| seq < 0) {
            faults.add("/asOf", "must not be negative");
        }
        let as_of = self.as_of;
        finish(faults, quantity.map(|quantity| StockCount { quantity, expected_quantity, as_of }))
    }
}

impl AdjustmentBody {
    pub fn check(self) -> Result<Adjustment, Problem> {
        let mut faults = Faults::default();
        let quantity = faults.check("/quantity", Quantity::parse_change(&self.quantity.0));
        if quantity.is_some_and(|quantity| !self.reason.allows(quantity)) {
            faults.add(
                "/quantity",
                "must be more than 0 to receive and less than 0 for waste; correct goes either way",
            );
        }
        let note = self.note.and_then(|note| faults.check("/note", parse_text(&note, MAX_NOTE)));
        let reason = self.reason;
        finish(faults, quantity.map(|quantity| Adjustment { quantity, reason, note }))
    }
}

impl DeductBody {
    pub fn check(self) -> Result<Quantity, Problem> {
        let mut faults = Faults::default();
        let quantity = faults.check("/quantity", Quantity::parse_positive(&self.quantity.0));
        finish(faults, quantity)
    }
}

/// A whole number as JSON has it: 234.0 is one, too.
fn read_seq<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let text = number.to_string();
    let whole = text.strip_suffix(".0").unwrap_or(&text);
    whole.parse().map(Some).map_err(|_| D::Error::custom("must be a whole number"))
}

fn text(amount: Option<&RawAmount>) -> Option<&str> {
    amount.map(|amount| amount.0.as_str())
}

/// Faults of fields, each at its place in the body.
fn in_body(found: FieldFaults) -> Faults {
    let mut faults = Faults::default();
    for fault in found.0 {
        faults.add(format!("/{}", fault.field), fault.detail);
    }
    faults
}

/// A value is missing only where a fault was noted.
fn finish<T>(faults: Faults, value: Option<T>) -> Result<T, Problem> {
    match (faults.is_empty(), value) {
        (true, Some(value)) => Ok(value),
        _ => Err(faults.into_problem()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_is_named_by_any_whole_number() {
        let read = |seq: &str| {
            let body = format!(r#"{{"quantity":1,"asOf":{seq}}}"#);
            serde_json::from_str::<StockCountBody>(&body).map(|body| body.as_of).ok()
        };
        assert_eq!(read("234"), Some(Some(234)));
        assert_eq!(read("234.0"), Some(Some(234)));
        assert_eq!(read("null"), Some(None));
        assert_eq!(read("9223372036854775807"), Some(Some(i64::MAX)));
        for bad in ["234.5", "9223372036854775808", "\"1\"", "true", "[1]"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let body: StockCountBody = serde_json::from_str(r#"{"quantity":1}"#).unwrap();
        assert_eq!(body.as_of, None);
    }
}
