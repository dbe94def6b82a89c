//! How amounts look on the wire, for the API description: as narrow as the checks are.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        OpenApi, RefOr, Schema,
        schema::{Object, ObjectBuilder, OneOf, OneOfBuilder, SchemaType, Type},
    },
};

/// Above 0, up to 10⁶, in thousandths; without leading zeros.
const POSITIVE: &str =
    r"([1-9][0-9]{0,5}(\.[0-9]{1,3})?|0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9])|1000000(\.0{1,3})?)";
/// 0 to 10⁶.
const COUNT: &str = r"([0-9]{1,6}(\.[0-9]{1,3})?|1000000(\.0{1,3})?)";
/// 0 to 10¹².
const LEVEL: &str = r"([0-9]{1,12}(\.[0-9]{1,3})?|1000000000000(\.0{1,3})?)";

const MOST: f64 = 1e6;
const MOST_LEVEL: f64 = 1e12;
const LEAST: f64 = 0.001;

/// Digits of the largest price, 10¹¹ minor units, but for its leading 1.
const PRICE_DIGITS: u32 = 11;
/// As many places as a currency may have; which it is, a running shop knows.
const MOST_PLACES: u32 = 4;

/// A price: 0 to 10¹¹ minor units, with no more places than the currency has.
pub struct Price;
/// What is sold or taken: more than 0.
pub struct PositiveQuantity;
/// What is taken away: less than 0.
pub struct NegativeQuantity;
/// What stock changes by, up or down, and not 0.
pub struct QuantityChange;
/// 0 or more.
pub struct CountedQuantity;
/// Stock that was counted.
pub struct CountedLevel;
/// Stock as it was answered.
pub struct SignedLevel;

impl Price {
    /// The price of a shop whose currency has so many places.
    pub fn with_places(places: u32) -> Schema {
        Self::within(PRICE_DIGITS.saturating_sub(places), places)
    }

    fn within(whole: u32, places: u32) -> Schema {
        let zeros = "0".repeat(whole as usize);
        let (fraction, no_fraction) = match places {
            0 => (String::new(), String::new()),
            _ => (format!(r"(\.[0-9]{{1,{places}}})?"), format!(r"(\.0{{1,{places}}})?")),
        };
        let pattern = format!("([0-9]{{1,{whole}}}{fraction}|1{zeros}{no_fraction})");
        let step = [1.0, 0.1, 0.01, 0.001, 0.0001].get(places as usize).copied().unwrap_or(LEAST);
        let about = format!("A price: a decimal string or a number, with at most {places} decimal places.");
        let amount = amount(&pattern, 0.0, 10_f64.powi(whole as i32), step);
        OneOfBuilder::from(amount).description(Some(about)).into()
    }
}

/// A decimal string of this pattern, or a number of these bounds.
fn amount(pattern: &str, least: f64, most: f64, step: f64) -> OneOf {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(format!("^{pattern}$")));
    let number = ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(least))
        .maximum(Some(most))
        .multiple_of(Some(step));
    OneOfBuilder::new().item(text).item(number).into()
}

fn quantity(about: &str, amounts: impl IntoIterator<Item = OneOf>) -> RefOr<Schema> {
    let about = format!("{about} A decimal string or a number, with at most 3 decimal places.");
    let items = amounts.into_iter().flat_map(|amount| amount.items);
    items.fold(OneOfBuilder::new().description(Some(about)), OneOfBuilder::item).into()
}

fn positive() -> OneOf {
    amount(POSITIVE, LEAST, MOST, LEAST)
}

fn negative() -> OneOf {
    amount(&format!("-{POSITIVE}"), -MOST, -LEAST, LEAST)
}

impl PartialSchema for Price {
    fn schema() -> RefOr<Schema> {
        Self::within(PRICE_DIGITS, MOST_PLACES).into()
    }
}

impl PartialSchema for PositiveQuantity {
    fn schema() -> RefOr<Schema> {
        quantity("More than 0, at most 1000000.", [positive()])
    }
}

impl PartialSchema for NegativeQuantity {
    fn schema() -> RefOr<Schema> {
        quantity("Less than 0, at least -1000000.", [negative()])
    }
}

impl PartialSchema for QuantityChange {
    fn schema() -> RefOr<Schema> {
        quantity("From -1000000 to 1000000, and not 0.", [positive(), negative()])
    }
}

impl PartialSchema for CountedQuantity {
    fn schema() -> RefOr<Schema> {
        quantity("From 0 to 1000000.", [amount(COUNT, 0.0, MOST, LEAST)])
    }
}

impl PartialSchema for CountedLevel {
    fn schema() -> RefOr<Schema> {
        quantity("From 0 to 10¹².", [amount(LEVEL, 0.0, MOST_LEVEL, LEAST)])
    }
}

impl PartialSchema for SignedLevel {
    fn schema() -> RefOr<Schema> {
        let level = amount(&format!("-?{LEVEL}"), -MOST_LEVEL, MOST_LEVEL, LEAST);
        quantity("From -10¹² to 10¹².", [level])
    }
}

impl ToSchema for Price {}
impl ToSchema for PositiveQuantity {}
impl ToSchema for NegativeQuantity {}
impl ToSchema for QuantityChange {}
impl ToSchema for CountedQuantity {}
impl ToSchema for CountedLevel {}
impl ToSchema for SignedLevel {}

/// Makes one body several, of which a request is exactly one: what depends on another field cannot be said of a single
/// object. `name` is a schema of the document; one that is not there stays away.
pub fn split(document: &mut OpenApi, name: &str, ways: &[fn(&mut Object)]) {
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.get_mut(name));
    for schema in schemas {
        let RefOr::T(Schema::Object(whole)) = schema else {
            continue;
        };
        let (description, example) = (whole.description.take(), whole.example.take());
        let one_of = OneOfBuilder::new().description(description).examples(example);
        let ways = ways.iter().map(|narrow| {
            let mut way = whole.clone();
            narrow(&mut way);
            Schema::Object(way)
        });
        *schema = ways.fold(one_of, OneOfBuilder::item).into();
    }
}

/// Demands a field, and a value in it.
pub fn require(body: &mut Object, field: &str) {
    if let Some(RefOr::T(Schema::Object(value))) = body.properties.get_mut(field) {
        never_null(value);
    }
    body.required.push(field.to_owned());
}

/// Takes null away from what a value may be.
pub fn never_null(value: &mut Object) {
    if let SchemaType::Array(types) = &mut value.schema_type {
        types.retain(|kind| *kind != Type::Null);
        if let [kind] = types.as_slice() {
            value.schema_type = SchemaType::Type(kind.clone());
        }
    }
}

/// One of these words.
pub fn words<const N: usize>(words: [&str; N]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

/// Nothing but null, as if it were left out.
pub fn null() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Null).into()
}
