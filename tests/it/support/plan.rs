//! What PostgreSQL says that a statement read.

use serde_json::Value;

/// Rows that a plan reads from tables, those read in vain too.
pub fn touched(node: &Value) -> f64 {
    let figure = |name: &str| node[name].as_f64().unwrap_or_default();
    let read =
        figure("Actual Rows") + figure("Rows Removed by Filter") + figure("Rows Removed by Index Recheck");
    let here = if node["Relation Name"].is_string() { read * figure("Actual Loops") } else { 0.0 };
    here + node["Plans"].as_array().into_iter().flatten().map(touched).sum::<f64>()
}
