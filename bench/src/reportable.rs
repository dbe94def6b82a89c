//! What a report must be of, so that one can be set against the next.

use crate::options::{CLIENTS, GROWN_ORDERS, GROWN_PRODUCTS, Options, PRODUCTS, Table};

const LEAST_ROUNDS: usize = 5;
const LEAST_SECONDS: f64 = 1.0;

/// Why `--report` is refused, unless what is asked for is fit for it.
pub fn check(options: &Options) -> anyhow::Result<()> {
    let is_whole = options.tables.contains(&Table::All) && options.rounds >= LEAST_ROUNDS;
    anyhow::ensure!(
        is_whole && !cfg!(debug_assertions),
        "--report is for all tables, by {LEAST_ROUNDS} rounds at least, of a release build"
    );
    let sizes = [
        ("--clients", options.clients, CLIENTS),
        ("--products", options.products, PRODUCTS),
        ("--grown-products", options.grown_products, GROWN_PRODUCTS),
        ("--grown-orders", options.grown_orders, GROWN_ORDERS),
    ];
    for (name, size, of_reports) in sizes {
        anyhow::ensure!(size == of_reports, "--report is for {name} {of_reports}, not {size}");
    }
    anyhow::ensure!(
        options.seconds >= LEAST_SECONDS,
        "--report is for --seconds of {LEAST_SECONDS} at least, not {}",
        options.seconds
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn refusal(arguments: &str) -> Option<String> {
        let options = Options::parse_from(["bench"].into_iter().chain(arguments.split(' ')));
        check(&options).err().map(|error| error.to_string())
    }

    #[test]
    #[cfg(not(debug_assertions))]
    fn names_the_option_that_makes_it_no_report() {
        assert_eq!(refusal("all --report"), None);
        assert_eq!(refusal("all --report --seconds 1 --rounds 7 --clients 64"), None);
        for other in [
            "--clients 63",
            "--products 100",
            "--grown-products 10000",
            "--grown-orders 4999999",
            "--seconds 0.9",
        ] {
            let refusal = refusal(&format!("all --report {other}")).unwrap();
            assert!(refusal.contains(other.split(' ').next().unwrap()), "{refusal}");
        }
    }

    #[test]
    fn is_of_all_tables_by_five_rounds() {
        for partly in ["sales hot --report", "all --report --rounds 4"] {
            assert!(refusal(partly).unwrap().contains("5 rounds"));
        }
    }
}
