//! The figures that must be reached: each with its bound, and what is aimed at.

use super::Spread;

/// In the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
    Sales,
    Hot,
    HotToRandom,
    HotLatency,
    Lone,
    Embedded,
    Reads,
    Hop,
    OverloadSales,
    OverloadLatency,
    MemoryGateway,
    MemoryOrder,
    MemoryProduct,
    MemoryAll,
    Growth,
    CataloguePostgres,
    CatalogueSqlite,
    Ready,
}

/// Which side of a bound is good.
enum Good {
    AtLeast,
    AtMost,
}

struct Terms {
    /// As the tables of the project number them.
    line: &'static str,
    what: &'static str,
    good: Good,
    bound: f64,
    aim: f64,
    unit: &'static str,
}

impl Goal {
    fn terms(self) -> Terms {
        use Good::{AtLeast, AtMost};
        let (line, what, good, bound, aim, unit) = match self {
            Self::Sales => {
                ("1", "sales a second through gateway, order, product ÷ pgbench, lean", AtLeast, 1.0, 1.5, "")
            }
            Self::Hot => ("2", "the same on one hot product ÷ pgbench on one", AtLeast, 5.0, 10.0, ""),
            Self::HotToRandom => ("3", "hot ÷ random, both ours", AtLeast, 0.9, 1.0, ""),
            Self::HotLatency => ("4", "p99 hot ÷ p99 random, both ours", AtMost, 2.0, 1.2, ""),
            Self::Lone => ("5", "p50 of a lone client − pgbench's p50", AtMost, 1.5, 0.8, " ms"),
            Self::Embedded => ("6", "`all` on SQLite ÷ SQLite one by one", AtLeast, 1.5, 3.0, ""),
            Self::Reads => ("7", "a product by its id ÷ pgbench by primary key", AtLeast, 0.4, 0.6, ""),
            Self::Hop => ("8", "CPU a request of the gateway ÷ nginx", AtMost, 1.5, 1.0, ""),
            Self::OverloadSales => (
                "9",
                "sales a second at twice the load ÷ peak, the generator's CPU apart",
                AtLeast,
                0.85,
                0.95,
                "",
            ),
            Self::OverloadLatency => ("9", "p99 of the accepted then", AtMost, 1000.0, 300.0, " ms"),
            Self::MemoryGateway => ("10", "resident then: gateway", AtMost, 64.0, 32.0, " MB"),
            Self::MemoryOrder => {
                ("10", "resident then: order service, the largest", AtMost, 64.0, 32.0, " MB")
            }
            Self::MemoryProduct => ("10", "resident then: product service", AtMost, 64.0, 32.0, " MB"),
            Self::MemoryAll => ("10", "resident then: `all` on SQLite", AtMost, 96.0, 64.0, " MB"),
            Self::Growth => ("11", "sales a second, grown store ÷ small one", AtLeast, 0.8, 0.95, ""),
            Self::CataloguePostgres => ("12", "worst p99 of a search, PostgreSQL", AtMost, 20.0, 5.0, " ms"),
            Self::CatalogueSqlite => ("12", "worst p99 of a search, SQLite", AtMost, 20.0, 5.0, " ms"),
            Self::Ready => ("13", "`all` from start to ready, grown store", AtMost, 200.0, 50.0, " ms"),
        };
        Terms { line, what, good, bound, aim, unit }
    }
}

impl Terms {
    /// A round that had no figure reached nothing.
    fn verdict(&self, values: &Spread) -> &'static str {
        let value = values.median();
        let holds = |limit: f64| {
            values.is_whole()
                && match self.good {
                    Good::AtLeast => value >= limit,
                    Good::AtMost => value <= limit,
                }
        };
        match (holds(self.aim), holds(self.bound)) {
            (true, _) => "aim",
            (false, true) => "bound",
            (false, false) => "**no**",
        }
    }

    fn limit(&self, value: f64) -> String {
        let sign = match self.good {
            Good::AtLeast => "≥",
            Good::AtMost => "≤",
        };
        format!("{sign} {value}{}", self.unit)
    }
}

pub fn markdown(goals: &[(Goal, Spread)]) -> String {
    let mut text = String::from(
        "| line | what | measured | bound | aim | reached |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (goal, values) in goals {
        let terms = goal.terms();
        let median = values.median();
        let decimals = if median.abs() >= 100.0 { 0 } else { 2 };
        let cells = [
            terms.line.to_owned(),
            terms.what.to_owned(),
            format!("{}{}", values.show(decimals), terms.unit),
            terms.limit(terms.bound),
            terms.limit(terms.aim),
            terms.verdict(values).to_owned(),
        ];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_of_bound_and_aim_is_reached() {
        let verdict = |goal: Goal, value| goal.terms().verdict(&Spread::of([value]));
        assert_eq!(verdict(Goal::Sales, 1.6), "aim");
        assert_eq!(verdict(Goal::Sales, 1.2), "bound");
        assert_eq!(verdict(Goal::Sales, 0.9), "**no**");
        assert_eq!(verdict(Goal::HotLatency, 1.2), "aim");
        assert_eq!(verdict(Goal::HotLatency, 2.1), "**no**");
        assert_eq!(verdict(Goal::Hop, f64::NAN), "**no**");
        assert_eq!(Goal::Sales.terms().verdict(&Spread::of([1.2, 1.2, f64::NAN])), "**no**");
    }
}
