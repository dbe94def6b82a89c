//! Merges the items of a request into one line a product.

use std::collections::{HashMap, hash_map::Entry};

use contract::{Money, ProductId, Quantity};

use super::place::RequestedLine;

/// An item as the caller wrote it, well formed by itself.
#[derive(Clone, Debug)]
pub struct WantedItem {
    /// Its index in the request.
    pub item: usize,
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub expected_unit_price: Option<Money>,
}

/// An item that does not go with an earlier one of the same product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeFault {
    /// Index of the later item.
    pub item: usize,
    pub kind: MergeFaultKind,
}

/// Why it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeFaultKind {
    #[error("must be at most 1000000 together with the product's items before it")]
    QuantityTooLarge,
    #[error("must be the same for every item of a product")]
    OtherPrice,
}

/// The field that a fault is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemField {
    Quantity,
    ExpectedUnitPrice,
}

impl MergeFaultKind {
    pub const fn field(self) -> ItemField {
        match self {
            Self::QuantityTooLarge => ItemField::Quantity,
            Self::OtherPrice => ItemField::ExpectedUnitPrice,
        }
    }
}

/// Sums the quantities of each product, in the order in which the products were first named. A price that one item
/// expects holds for all of its product.
///
/// # Errors
/// Every item that does not go with an earlier one.
pub fn merge(items: &[WantedItem]) -> Result<Vec<RequestedLine>, Vec<MergeFault>> {
    let mut lines: Vec<RequestedLine> = Vec::with_capacity(items.len());
    let mut place_of: HashMap<ProductId, usize> = HashMap::with_capacity(items.len());
    let mut faults = Vec::new();
    for item in items {
        match place_of.entry(item.product_id) {
            Entry::Vacant(place) => {
                place.insert(lines.len());
                lines.push(first_line(item));
            }
            Entry::Occupied(place) => {
                let kinds = lines.get_mut(*place.get()).map(|line| add(line, item)).unwrap_or_default();
                faults.extend(kinds.into_iter().map(|kind| MergeFault { item: item.item, kind }));
            }
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

fn first_line(item: &WantedItem) -> RequestedLine {
    RequestedLine {
        product_id: item.product_id,
        quantity_milli: item.quantity.milli(),
        expected_unit_price_minor: item.expected_unit_price.map(Money::minor),
        item: item.item,
    }
}

fn add(line: &mut RequestedLine, item: &WantedItem) -> Vec<MergeFaultKind> {
    let mut faults = Vec::new();
    match line.quantity_milli + item.quantity.milli() {
        sum if sum <= Quantity::MAX_MILLI => line.quantity_milli = sum,
        _ => faults.push(MergeFaultKind::QuantityTooLarge),
    }
    match (line.expected_unit_price(), item.expected_unit_price) {
        (Some(expected), Some(other)) if expected != other => faults.push(MergeFaultKind::OtherPrice),
        (None, Some(price)) => line.expected_unit_price_minor = Some(price.minor()),
        (Some(_) | None, Some(_) | None) => {}
    }
    faults
}

#[cfg(test)]
mod tests {
    use platform::idempotency::RequestHash;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::model::PlaceOrder;

    /// Product, thousandths, expected price.
    type Wanted = (u128, i64, Option<i64>);

    fn items(wanted: &[Wanted]) -> Vec<WantedItem> {
        wanted
            .iter()
            .enumerate()
            .map(|(item, (product, milli, price))| WantedItem {
                item,
                product_id: ProductId(Uuid::from_u128(*product)),
                quantity: Quantity::from_milli(*milli),
                expected_unit_price: price.map(Money::from_minor),
            })
            .collect()
    }

    fn hash(wanted: &[Wanted]) -> RequestHash {
        PlaceOrder::new(merge(&items(wanted)).unwrap()).unwrap().hash
    }

    #[test]
    fn sums_a_product_and_keeps_the_order_and_place_of_first_mention() {
        let lines = merge(&items(&[(2, 1000, None), (1, 500, None), (2, 250, Some(380))])).unwrap();
        let seen: Vec<_> =
            lines.iter().map(|line| (line.product_id.0.as_u128(), line.quantity_milli, line.item)).collect();
        assert_eq!(seen, [(2, 1250, 0), (1, 500, 1)]);
        assert_eq!(lines[0].expected_unit_price_minor, Some(380));
    }

    #[test]
    fn tells_every_later_item_that_does_not_go_with_an_earlier_one() {
        let max = Quantity::MAX_MILLI;
        let faults =
            merge(&items(&[(1, max, Some(1)), (2, 1, None), (1, 1, Some(2)), (1, 1, Some(1))])).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.item, fault.kind)).collect();
        let expected = [
            (2, MergeFaultKind::QuantityTooLarge),
            (2, MergeFaultKind::OtherPrice),
            (3, MergeFaultKind::QuantityTooLarge),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_expected_price_is_part_of_what_is_asked() {
        assert_ne!(hash(&[(1, 1000, None)]), hash(&[(1, 1000, Some(0))]));
        assert_ne!(hash(&[(1, 1000, Some(1))]), hash(&[(1, 1000, Some(2))]));
        assert_ne!(hash(&[(1, 1000, None)]), hash(&[(2, 1000, None)]));
    }

    /// Some items, the same in another order.
    fn shuffled() -> impl Strategy<Value = (Vec<Wanted>, Vec<Wanted>)> {
        let item = (0..8_u128, 1..1_000_i64).prop_map(|(product, milli)| {
            let price = (product % 2 == 0).then_some(product as i64 * 10);
            (product, milli, price)
        });
        prop::collection::vec(item, 1..30)
            .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle()))
    }

    proptest! {
        #[test]
        fn the_order_of_items_does_not_matter((items, shuffled) in shuffled()) {
            prop_assert_eq!(hash(&items), hash(&shuffled));
        }

        #[test]
        fn splitting_an_item_does_not_matter((wanted, _) in shuffled(), at in any::<prop::sample::Index>()) {
            let at = at.index(wanted.len());
            let (product, milli, price) = wanted[at];
            prop_assume!(milli > 1);
            let mut split = wanted.clone();
            split[at] = (product, milli - 1, price);
            split.push((product, 1, price));
            prop_assert_eq!(hash(&wanted), hash(&split));
        }

        #[test]
        fn another_quantity_is_another_request((wanted, _) in shuffled(), at in any::<prop::sample::Index>()) {
            let mut other = wanted.clone();
            other[at.index(wanted.len())].1 += 1;
            prop_assert_ne!(hash(&wanted), hash(&other));
        }

        #[test]
        fn nothing_is_lost_and_no_product_is_named_twice((wanted, _) in shuffled()) {
            let lines = merge(&items(&wanted)).unwrap();
            let asked: i64 = wanted.iter().map(|(_, milli, _)| milli).sum();
            prop_assert_eq!(lines.iter().map(|line| line.quantity_milli).sum::<i64>(), asked);
            let mut products: Vec<_> = lines.iter().map(|line| line.product_id).collect();
            products.sort();
            products.dedup();
            prop_assert_eq!(products.len(), lines.len());
        }
    }
}
