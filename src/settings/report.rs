//! What is in force, to be read by people.

use std::fmt::Write;

use super::{
    layers::{Layers, Setting},
    secret::without_password,
};
use crate::role::Role;

/// Values longer than this do not push the other lines' origins to the right.
const VALUE_COLUMN: usize = 64;

/// A line a key: the value as TOML, and where it came from.
pub fn report(role: Role, layers: &Layers) -> String {
    let lines: Vec<(String, String)> = layers
        .entries()
        .map(|(key, entry)| (format!("{key} = {}", show(key, &entry.value)), entry.origin.to_string()))
        .collect();
    let widths = lines.iter().map(|(line, _)| line.chars().count());
    let width = widths.filter(|width| *width <= VALUE_COLUMN).max().unwrap_or_default();
    let mut text = format!("# role {role}\n");
    for (line, origin) in lines {
        // writing into a String cannot fail
        let _ = writeln!(text, "{line:width$}  # {origin}");
    }
    text
}

fn show(key: &str, value: &Setting) -> String {
    match value {
        Setting::Switch(switch) => switch.to_string(),
        Setting::Number(number) => number.to_string(),
        Setting::Text(text) if key.ends_with("_url") => format!("{:?}", without_password(text)),
        Setting::Text(text) => format!("{text:?}"),
    }
}
