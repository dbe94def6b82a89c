//! What an audit found, for people and for machines.

use contract::audit::Invariant;
use serde_json::{Value, json};

use super::{Tally, tally::Found};

/// A line an invariant; then each violation with its id and what to do.
pub fn table(tally: &Tally) -> String {
    let width = Invariant::ALL.map(|invariant| invariant.says().len()).into_iter().max().unwrap_or_default();
    let mut text =
        format!("{:<4} {:<width$} {:>12} {:>11}\n", "", "what must hold", "rows checked", "violations");
    for invariant in Invariant::ALL {
        let Found { checked, violations, .. } = tally.of(invariant);
        text += &format!(
            "{:<4} {:<width$} {checked:>12} {violations:>11}\n",
            invariant.number(),
            invariant.says()
        );
    }
    for invariant in Invariant::ALL {
        let found = tally.of(invariant);
        if found.violations == 0 {
            continue;
        }
        text += &format!("\n{} {}\n", invariant.number(), invariant.says());
        for violation in &found.shown {
            text += &format!("  {}: {}\n", subject(invariant, &violation.id.to_string()), violation.detail);
        }
        let more = found.violations - found.shown.len() as u64;
        if more > 0 {
            text += &format!("  and {more} more\n");
        }
        text += &format!("  What to do: {}.\n", invariant.remedy());
    }
    text
}

/// The same as JSON.
pub fn json(tally: &Tally) -> Value {
    let invariants = Invariant::ALL.map(|invariant| {
        let found = tally.of(invariant);
        let violations: Vec<Value> = found
            .shown
            .iter()
            .map(|violation| json!({ kind(invariant): violation.id, "detail": violation.detail }))
            .collect();
        json!({
            "invariant": invariant.number(),
            "says": invariant.says(),
            "checked": found.checked,
            "violations": found.violations,
            "shown": violations,
            "remedy": invariant.remedy(),
        })
    });
    json!({ "clean": tally.is_clean(), "invariants": invariants })
}

fn subject(invariant: Invariant, id: &str) -> String {
    match kind(invariant) {
        "productId" => format!("product {id}"),
        _ => format!("order {id}"),
    }
}

fn kind(invariant: Invariant) -> &'static str {
    match invariant {
        Invariant::Floor | Invariant::Ledger => "productId",
        Invariant::Taken
        | Invariant::Covered
        | Invariant::Decided
        | Invariant::Owned
        | Invariant::Lines
        | Invariant::Totals
        | Invariant::Prompt
        | Invariant::Keyed => "orderId",
    }
}
