//! The decision about an order: a pure function of its lines and the products as they stand.

use std::collections::BTreeMap;

use contract::{
    DecideLine, DeductionLine, LineRefusal, LineRefusalCause, Money, ProductId, Quantity, RefusalCause,
    Verdict,
};

use super::product::{Product, StockPolicy};

/// Decides: held when every line can be sold as expected, else refused with each reason. `products` holds those that
/// exist and are not archived. An order names a product once.
pub fn decide(lines: &[DecideLine], products: &BTreeMap<ProductId, Product>) -> Verdict {
    let mut sold = Vec::with_capacity(lines.len());
    let mut refusals = Vec::new();
    for line in lines {
        match sell(line, products.get(&line.product_id)) {
            Ok(line) => sold.push(line),
            Err(cause) => refusals.push(LineRefusal { product_id: line.product_id, cause }),
        }
    }
    if !refusals.is_empty() {
        return Verdict::Refused { cause: RefusalCause::Lines, lines: refusals };
    }
    match Money::sum(sold.iter().map(|line| Money::from_minor(line.total_minor))) {
        Some(total) => Verdict::Held { lines: sold, total_minor: total.minor() },
        None => Verdict::Refused { cause: RefusalCause::TotalOutOfRange, lines: Vec::new() },
    }
}

fn sell(line: &DecideLine, product: Option<&Product>) -> Result<DeductionLine, LineRefusalCause> {
    let product = product.ok_or(LineRefusalCause::Unavailable)?;
    let price = product.catalogue.price;
    if let Some(expected) = line.expected_unit_price().filter(|expected| *expected != price) {
        return Err(LineRefusalCause::PriceChanged {
            expected_minor: expected.minor(),
            current_minor: price.minor(),
        });
    }
    let tracked = product.catalogue.stock_policy.is_tracked();
    let shortage = LineRefusalCause::Shortage {
        requested_milli: line.quantity_milli,
        available_milli: product.available().milli(),
    };
    if tracked && line.quantity() > product.available() {
        return Err(shortage);
    }
    let below_zero = line.quantity() > product.stock;
    // cannot be beyond 64 bits within the bounds of price and quantity
    let total = price.line_total(line.quantity()).ok_or(shortage)?;
    Ok(DeductionLine {
        product_id: product.id,
        name: product.catalogue.name.clone(),
        sku: product.catalogue.sku.clone(),
        quantity_milli: line.quantity_milli,
        unit_price_minor: price.minor(),
        total_minor: total.minor(),
        flagged: below_zero && product.catalogue.stock_policy == StockPolicy::Flag,
        tracked,
    })
}

/// What a held deduction takes from stock, in the order of the product ids.
pub fn takes(lines: &[DeductionLine]) -> BTreeMap<ProductId, Quantity> {
    lines
        .iter()
        .filter(|line| line.tracked)
        .map(|line| (line.product_id, Quantity::from_milli(-line.quantity_milli)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::model::product::tests::product;

    fn shelf(products: Vec<Product>) -> (Vec<ProductId>, BTreeMap<ProductId, Product>) {
        let ids = products.iter().map(|product| product.id).collect();
        (ids, products.into_iter().map(|product| (product.id, product)).collect())
    }

    fn line(product_id: ProductId, quantity_milli: i64) -> DecideLine {
        DecideLine { product_id, quantity_milli, expected_unit_price_minor: None }
    }

    fn causes(verdict: Verdict) -> Vec<LineRefusalCause> {
        match verdict {
            Verdict::Refused { lines, .. } => lines.into_iter().map(|line| line.cause).collect(),
            Verdict::Held { .. } => Vec::new(),
        }
    }

    #[test]
    fn holds_what_is_there_with_name_price_and_total_of_the_moment() {
        let (ids, products) = shelf(vec![product(StockPolicy::Deny, 2000)]);
        let Verdict::Held { lines, total_minor } = decide(&[line(ids[0], 2000)], &products) else {
            panic!("refused");
        };
        assert_eq!((lines[0].total_minor, total_minor), (760, 760));
        assert_eq!((lines[0].name.as_str(), lines[0].unit_price_minor), ("Flat white", 380));
        assert_eq!(takes(&lines)[&ids[0]].milli(), -2000);
    }

    #[test]
    fn one_line_that_is_short_refuses_the_order_and_every_reason_is_told() {
        let (ids, products) = shelf(vec![product(StockPolicy::Deny, 2000), product(StockPolicy::Deny, 500)]);
        let unknown = ProductId(Uuid::from_u128(99));
        let priced = DecideLine { expected_unit_price_minor: Some(379), ..line(ids[0], 1000) };
        let verdict = decide(&[priced, line(ids[1], 1000), line(unknown, 1000)], &products);
        let expected = vec![
            LineRefusalCause::PriceChanged { expected_minor: 379, current_minor: 380 },
            LineRefusalCause::Shortage { requested_milli: 1000, available_milli: 500 },
            LineRefusalCause::Unavailable,
        ];
        assert_eq!(causes(verdict), expected);
    }

    #[test]
    fn marks_what_is_sold_below_zero_under_flag_only() {
        let policies = [StockPolicy::Flag, StockPolicy::Allow, StockPolicy::Untracked];
        let (ids, products) = shelf(policies.map(|policy| product(policy, 0)).into());
        let lines: Vec<DecideLine> = ids.iter().map(|id| line(*id, 1000)).collect();
        let Verdict::Held { lines, .. } = decide(&lines, &products) else { panic!("refused") };
        let marks: Vec<(bool, bool)> = lines.iter().map(|line| (line.flagged, line.tracked)).collect();
        assert_eq!(marks, [(true, true), (false, true), (false, false)]);
        assert_eq!(takes(&lines).len(), 2);
    }

    #[test]
    fn what_leaves_exactly_nothing_is_not_marked() {
        let (ids, products) = shelf(vec![product(StockPolicy::Flag, 1000), product(StockPolicy::Flag, 999)]);
        let lines: Vec<DecideLine> = ids.iter().map(|id| line(*id, 1000)).collect();
        let Verdict::Held { lines, .. } = decide(&lines, &products) else { panic!("refused") };
        assert_eq!(lines.iter().map(|line| line.flagged).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_total_beyond_64_bits_is_refused() {
        let mut dear: Vec<Product> = (0..200).map(|_| product(StockPolicy::Allow, 0)).collect();
        for product in &mut dear {
            product.catalogue.price = Money::from_minor(Money::MAX_PRICE_MINOR);
        }
        let (ids, products) = shelf(dear);
        let lines: Vec<DecideLine> = ids.iter().map(|id| line(*id, Quantity::MAX_MILLI)).collect();
        let expected = Verdict::Refused { cause: RefusalCause::TotalOutOfRange, lines: Vec::new() };
        assert_eq!(decide(&lines, &products), expected);
    }

    proptest! {
        #[test]
        fn held_means_every_line_is_covered_and_sums_to_the_total(
            asked in prop::collection::vec((0..5_000_i64, 1..5_000_i64, 0..1_000_i64), 1..20),
        ) {
            let shelves = asked.iter().map(|(stock, _, price)| {
                let mut product = product(StockPolicy::Deny, *stock);
                product.catalogue.price = Money::from_minor(*price);
                product
            });
            let (ids, products) = shelf(shelves.collect());
            let lines: Vec<DecideLine> = ids.iter().zip(&asked).map(|(id, (_, wanted, _))| line(*id, *wanted)).collect();
            let covered = asked.iter().all(|(stock, wanted, _)| wanted <= stock);
            match decide(&lines, &products) {
                Verdict::Held { lines, total_minor } => {
                    prop_assert!(covered);
                    prop_assert_eq!(lines.iter().map(|line| line.total_minor).sum::<i64>(), total_minor);
                    for (id, change) in takes(&lines) {
                        prop_assert!(products[&id].level_after(change).is_ok());
                    }
                }
                Verdict::Refused { lines, .. } => {
                    let short = asked.iter().filter(|(stock, wanted, _)| wanted > stock).count();
                    prop_assert_eq!(lines.len(), short);
                }
            }
        }
    }
}
