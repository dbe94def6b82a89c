//! Bodies of requests, and the commands that they are once they were checked.

use contract::{
    Currency, MAX_ORDER_LINES, Money, OrderId, ProductId, Quantity, RawAmount,
    schema::{PositiveQuantity, Price},
};
use platform::{
    http::Object,
    idempotency::IdempotencyKey,
    problem::{Faults, Problem},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::model::{CancelOrder, CancelTarget, ItemField, MergeFault, PlaceOrder, WantedItem, merge};

const NOT_A_UUID: &str = "must be a UUID";

/// What is to be sold.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceOrderBody {
    /// 1 to 200 items; items of the same product are merged.
    #[schema(value_type = Vec<OrderItemBody>, min_items = 1, max_items = 200)]
    items: Vec<Object<OrderItemBody>>,
}

/// A product and how much of it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderItemBody {
    #[schema(format = Uuid)]
    product_id: String,
    /// More than 0, at most 1000000 of a product together, with at most 3 decimal places.
    #[schema(value_type = PositiveQuantity, example = 2)]
    quantity: RawAmount,
    /// The price that the buyer was told. Where it is another, the order is not sold: `price_changed`.
    #[schema(value_type = Option<Price>, example = "3.80")]
    expected_unit_price: Option<RawAmount>,
}

/// Which order is given up: exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelOrderBody {
    /// The Idempotency-Key that the order was, or was to be, placed under.
    #[schema(min_length = 16, max_length = 255, pattern = "^[!-~]*$")]
    key: Option<String>,
    /// The id of an order that is known.
    #[schema(format = Uuid)]
    order_id: Option<String>,
}

impl PlaceOrderBody {
    /// Checks every value and merges the items.
    ///
    /// # Errors
    /// Every fault at once, each with its pointer.
    pub fn into_command(self, currency: Currency) -> Result<PlaceOrder, Problem> {
        let mut faults = Faults::default();
        if !(1..=MAX_ORDER_LINES).contains(&self.items.len()) {
            faults.add("/items", format!("must have 1 to {MAX_ORDER_LINES} items"));
            return Err(faults.into_problem());
        }
        let numbered = self.items.into_iter().enumerate();
        let items: Vec<WantedItem> = numbered
            .filter_map(|(item, Object(body))| wanted_item(item, &body, currency, &mut faults))
            .collect();
        let lines = merge(&items).unwrap_or_else(|merge_faults| {
            merge_faults.iter().for_each(|fault| note(fault, &mut faults));
            Vec::new()
        });
        faults.into_result()?;
        PlaceOrder::new(lines).map_err(Problem::internal)
    }
}

fn wanted_item(
    item: usize,
    body: &OrderItemBody,
    currency: Currency,
    faults: &mut Faults,
) -> Option<WantedItem> {
    let at = |field| format!("/items/{item}/{field}");
    let product_id =
        faults.check(&at("productId"), Uuid::try_parse(&body.product_id).map_err(|_| NOT_A_UUID));
    let quantity = faults.check(&at("quantity"), Quantity::parse_positive(&body.quantity.0));
    let expected_unit_price = match &body.expected_unit_price {
        Some(price) => Some(faults.check(&at("expectedUnitPrice"), Money::parse_price(&price.0, currency))?),
        None => None,
    };
    Some(WantedItem { item, product_id: ProductId(product_id?), quantity: quantity?, expected_unit_price })
}

fn note(fault: &MergeFault, faults: &mut Faults) {
    let field = match fault.kind.field() {
        ItemField::Quantity => "quantity",
        ItemField::ExpectedUnitPrice => "expectedUnitPrice",
    };
    faults.add(format!("/items/{}/{field}", fault.item), fault.kind.to_string());
}

impl CancelOrderBody {
    /// Checks which order is meant; `own_key` is the cancellation's.
    ///
    /// # Errors
    /// When it is none or two, or not well formed.
    pub fn into_command(self, own_key: IdempotencyKey) -> Result<CancelOrder, Problem> {
        let mut faults = Faults::default();
        let target = match (&self.key, &self.order_id) {
            (Some(key), None) => faults.check("/key", IdempotencyKey::parse(key)).map(CancelTarget::Key),
            (None, Some(id)) => {
                let id = faults.check("/orderId", Uuid::try_parse(id).map_err(|_| NOT_A_UUID));
                id.map(|id| CancelTarget::Order(OrderId(id)))
            }
            (Some(_), Some(_)) | (None, None) => {
                faults.add("", "must have exactly one of key and orderId");
                None
            }
        };
        let target = target.ok_or_else(|| faults.into_problem())?;
        CancelOrder::new(own_key, target).map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use platform::problem::Place;

    use super::*;

    fn body(json: &str) -> PlaceOrderBody {
        serde_json::from_str(json).unwrap()
    }

    fn pointers(problem: &Problem) -> Vec<String> {
        let pointer = |place: &Place| match place {
            Place::Body(pointer) => pointer.clone(),
            other => panic!("{other:?}"),
        };
        problem.faults.iter().map(|fault| pointer(&fault.place)).collect()
    }

    #[test]
    fn lists_every_fault_of_value_at_once() {
        let body = body(
            r#"{"items":[{"productId":"x","quantity":0,"expectedUnitPrice":"1.005"},
                {"productId":"00000000-0000-0000-0000-000000000001","quantity":"1","expectedUnitPrice":1.10},
                {"productId":"00000000-0000-0000-0000-000000000001","quantity":1e3},
                {"productId":"00000000-0000-0000-0000-000000000001","quantity":1000000,"expectedUnitPrice":"1.2"}]}"#,
        );
        let problem = body.into_command("EUR".parse().unwrap()).unwrap_err();
        let expected = [
            "/items/0/productId",
            "/items/0/quantity",
            "/items/0/expectedUnitPrice",
            "/items/2/quantity",
            "/items/3/quantity",
            "/items/3/expectedUnitPrice",
        ];
        assert_eq!(pointers(&problem), expected);
    }

    #[test]
    fn takes_1_to_200_items() {
        let count = |count: usize| {
            let item = r#"{"productId":"00000000-0000-0000-0000-000000000001","quantity":0.1}"#;
            body(&format!(r#"{{"items":[{}]}}"#, vec![item; count].join(",")))
                .into_command("EUR".parse().unwrap())
        };
        assert_eq!(count(200).unwrap().request.lines[0].quantity_milli, 20_000);
        for bad in [0, 201] {
            assert_eq!(pointers(&count(bad).unwrap_err()), ["/items"]);
        }
    }

    #[test]
    fn a_price_may_be_null_and_an_item_must_be_an_object() {
        let command = body(r#"{"items":[{"productId":"00000000-0000-0000-0000-000000000001","quantity":1,"expectedUnitPrice":null}]}"#)
            .into_command("EUR".parse().unwrap())
            .unwrap();
        assert_eq!(command.request.lines[0].expected_unit_price_minor, None);
        let array = r#"{"items":[["00000000-0000-0000-0000-000000000001",1,null]]}"#;
        assert!(serde_json::from_str::<PlaceOrderBody>(array).is_err());
    }

    #[test]
    fn a_cancellation_names_exactly_one_order() {
        let own = || IdempotencyKey::parse("cancellation-key-1").unwrap();
        let read = |json: &str| serde_json::from_str::<CancelOrderBody>(json).unwrap().into_command(own());
        assert!(read(r#"{"key":"0123456789abcdef"}"#).is_ok());
        assert!(read(r#"{"orderId":"551fd1d8-1002-5bf1-b8cb-2520d57ae0a0"}"#).is_ok());
        let both = r#"{"key":"0123456789abcdef","orderId":"551fd1d8-1002-5bf1-b8cb-2520d57ae0a0"}"#;
        for (bad, pointer) in
            [("{}", ""), (both, ""), (r#"{"key":"short"}"#, "/key"), (r#"{"orderId":"1"}"#, "/orderId")]
        {
            assert_eq!(pointers(&read(bad).unwrap_err()), [pointer]);
        }
    }
}
