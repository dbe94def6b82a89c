//! What must always hold of a shop, and how the modules say that it does not.

use std::fmt;

use uuid::Uuid;

use crate::{Money, Quantity};

/// An invariant of docs/RELIABILITY.md, checked by `pos audit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    Floor,
    Ledger,
    Taken,
    Covered,
    Decided,
    Owned,
    Lines,
    Totals,
    Prompt,
    Keyed,
}

impl Invariant {
    pub const ALL: [Self; 10] = [
        Self::Floor,
        Self::Ledger,
        Self::Taken,
        Self::Covered,
        Self::Decided,
        Self::Owned,
        Self::Lines,
        Self::Totals,
        Self::Prompt,
        Self::Keyed,
    ];

    /// Its number in the documents.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Floor => "I1",
            Self::Ledger => "I2",
            Self::Taken => "I3",
            Self::Covered => "I4",
            Self::Decided => "I5",
            Self::Owned => "I6",
            Self::Lines => "I7",
            Self::Totals => "I8",
            Self::Prompt => "I9",
            Self::Keyed => "I10",
        }
    }

    /// What it says.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Floor => "No stock is below its floor",
            Self::Ledger => "The movements of a product are a chain that ends at its stock",
            Self::Taken => "A held decision took each tracked line once, a refused one nothing",
            Self::Covered => "No sale moved stock without a decision",
            Self::Decided => "An order's status is that of its decision",
            Self::Owned => "A held decision belongs to an order that is confirmed or pending",
            Self::Lines => "A confirmed order's lines are its decision's",
            Self::Totals => "Totals follow from prices and quantities",
            Self::Prompt => "No order is pending longer than 30 s while the services are well",
            Self::Keyed => "An order's id is that of its key, and its request the decided one",
        }
    }

    /// What a person can do about a violation.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Floor => {
                "count the product (PUT /products/{id}/stock), and find who wrote to the table by hand"
            }
            Self::Ledger => {
                "keep a copy of the database, then count the product, which makes its stock right; the break stays in its ledger, \
                 which was written by hand or lost with its disk, and is told by every later audit"
            }
            Self::Taken | Self::Covered => {
                "keep a copy of both databases; compare the order with the shelf, count its products, and report it"
            }
            Self::Decided | Self::Owned | Self::Lines => {
                "one of the two databases was restored without the other, or written by hand; restore both to one moment, \
                 or settle each order by its receipt"
            }
            Self::Totals => {
                "the row was written by hand or by a fault of ours: compare with the receipt, and report it"
            }
            Self::Prompt => {
                "see that the order services reach the product service (their /readyz), and both their databases; the sweepers \
                 then finish it by themselves, and those of a shop that is stopped after its next start"
            }
            Self::Keyed => "the row was written by hand, or belongs to another shop.id: see `pos config`",
        }
    }
}

/// What does not hold, of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    /// A product's id for I1 and I2, else an order's.
    pub id: Uuid,
    pub detail: String,
}

/// A line as it was sold, in either database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoldLine {
    pub product_id: Uuid,
    pub quantity_milli: i64,
    pub unit_price_minor: i64,
    pub total_minor: i64,
}

impl SoldLine {
    /// Reads `product:quantity:price:total` of each line, between commas, as the databases put them together.
    pub fn parse_all(text: &str) -> Option<Vec<Self>> {
        text.split(',').filter(|line| !line.is_empty()).map(Self::parse).collect()
    }

    /// Reads one of them.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let line = Self {
            product_id: Uuid::parse_str(parts.next()?).ok()?,
            quantity_milli: parts.next()?.parse().ok()?,
            unit_price_minor: parts.next()?.parse().ok()?,
            total_minor: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(line)
    }

    /// Whether the total is price × quantity, rounded half away from zero.
    pub fn adds_up(&self) -> bool {
        let price = Money::from_minor(self.unit_price_minor);
        price.line_total(Quantity::from_milli(self.quantity_milli)).map(Money::minor)
            == Some(self.total_minor)
    }
}

impl fmt::Display for SoldLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { product_id, quantity_milli, unit_price_minor, total_minor } = self;
        let quantity = Quantity::from_milli(*quantity_milli);
        write!(
            formatter,
            "{quantity} of product {product_id} at {unit_price_minor}, together {total_minor} (minor units)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_as_both_databases_spell_ids() {
        let id = Uuid::from_u128(7);
        let line = SoldLine { product_id: id, quantity_milli: 175, unit_price_minor: 2890, total_minor: 506 };
        let text = format!("{}:175:2890:506,{}:175:2890:506", id.hyphenated(), id.simple());
        assert_eq!(SoldLine::parse_all(&text), Some(vec![line, line]));
        assert_eq!(SoldLine::parse_all(""), Some(vec![]));
        assert_eq!(SoldLine::parse_all("7:1:1:1"), None);
        assert!(line.adds_up() && !SoldLine { total_minor: 505, ..line }.adds_up());
    }
}
