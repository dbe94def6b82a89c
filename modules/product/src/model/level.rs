//! The rules for a product's stock level, without I/O.

use contract::Quantity;

use super::{
    product::{Product, StockPolicy},
    refusal::Refusal,
};

impl StockPolicy {
    /// The lowest level that a change may lead to.
    pub fn floor(self) -> Quantity {
        match self {
            Self::Deny => Quantity::ZERO,
            Self::Allow | Self::Flag | Self::Untracked => Quantity::from_milli(-Quantity::MAX_LEVEL_MILLI),
        }
    }
}

impl Product {
    /// What may be taken before the floor is reached; never negative.
    pub fn available(&self) -> Quantity {
        let floor = self.catalogue.stock_policy.floor();
        Quantity::from_milli((self.stock.milli() - floor.milli()).max(0))
    }

    /// The level after a change.
    ///
    /// # Errors
    /// When stock is not tracked, would go below the floor, or beyond what can be kept.
    pub fn level_after(&self, change: Quantity) -> Result<Quantity, Refusal> {
        if !self.catalogue.stock_policy.is_tracked() {
            return Err(Refusal::Untracked);
        }
        let taken = Quantity::from_milli(-change.milli());
        if taken > self.available() {
            return Err(Refusal::InsufficientStock { requested: taken, available: self.available() });
        }
        let after = self.stock.milli() + change.milli();
        match after <= Quantity::MAX_LEVEL_MILLI {
            true => Ok(Quantity::from_milli(after)),
            false => Err(Refusal::StockOutOfRange),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::product::tests::product;

    #[test]
    fn deny_stops_at_zero_and_the_others_go_below() {
        let take_three = Quantity::from_milli(-3000);
        let after = |policy| product(policy, 2000).level_after(take_three).map(Quantity::milli);
        let short = Refusal::InsufficientStock {
            requested: Quantity::from_milli(3000),
            available: Quantity::from_milli(2000),
        };
        assert_eq!(after(StockPolicy::Deny), Err(short));
        assert_eq!(after(StockPolicy::Allow), Ok(-1000));
        assert_eq!(after(StockPolicy::Flag), Ok(-1000));
        assert_eq!(after(StockPolicy::Untracked), Err(Refusal::Untracked));
    }

    #[test]
    fn all_of_it_can_be_taken_and_as_much_as_can_be_kept_come_in() {
        let (all, most) = (Quantity::from_milli(-2000), Quantity::from_milli(Quantity::MAX_LEVEL_MILLI));
        assert_eq!(product(StockPolicy::Deny, 2000).level_after(all), Ok(Quantity::ZERO));
        assert_eq!(product(StockPolicy::Deny, 0).level_after(most), Ok(most));
        assert_eq!(product(StockPolicy::Deny, 1).level_after(most), Err(Refusal::StockOutOfRange));
    }

    #[test]
    fn goods_can_come_in_while_stock_is_below_zero() {
        let one = Quantity::from_milli(1000);
        assert_eq!(product(StockPolicy::Allow, -5000).level_after(one).unwrap().milli(), -4000);
    }

    proptest! {
        #[test]
        fn no_change_leads_below_the_floor_or_out_of_range(
            stock in 0..=Quantity::MAX_LEVEL_MILLI,
            change in -2 * Quantity::MAX_LEVEL_MILLI..=2 * Quantity::MAX_LEVEL_MILLI,
            policy in prop::sample::select(vec![StockPolicy::Deny, StockPolicy::Allow, StockPolicy::Flag]),
        ) {
            if let Ok(after) = product(policy, stock).level_after(Quantity::from_milli(change)) {
                prop_assert!(after >= policy.floor() && after.milli() <= Quantity::MAX_LEVEL_MILLI);
                prop_assert_eq!(after.milli(), stock + change);
            }
        }
    }
}
