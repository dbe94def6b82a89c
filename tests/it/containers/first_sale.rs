//! The first sale as README prints it.

use std::process::Command;

use serde_json::Value;

/// Runs README's commands against this shop.
pub fn make(url: &str) {
    let readme = include_str!("../../../README.md");
    let (_, sale) = readme.split_once("**A first sale:**").unwrap();
    let script = sale.split("```").nth(1).unwrap();
    let script = script.trim_start_matches("sh").replace("http://127.0.0.1:8080", url);

    let output = Command::new("sh").args(["-ec", &script]).output().unwrap();

    let mut answers = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let order = answers.next().unwrap().unwrap();
    let history = answers.next().unwrap().unwrap();
    assert_eq!((&order["status"], &order["total"]), (&"confirmed".into(), &"7.60".into()), "{output:?}");
    let items = history["items"].as_array().unwrap();
    assert!(items.contains(&order), "{history}");
}
