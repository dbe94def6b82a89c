//! Arrows between packages, as `cargo metadata` tells them.

use std::{collections::BTreeMap, env, process::Command};

use serde_json::Value;

/// Package → the packages of ours that it may know; also for its tests.
const MAY_KNOW: [(&str, &[&str]); 10] = [
    ("platform", &[]),
    ("contract", &["platform"]),
    ("product", &["contract", "platform"]),
    ("order", &["contract", "platform"]),
    ("gateway", &["contract", "platform"]),
    // what the services are held against is no service's
    ("protocol-model", &[]),
    ("torture", &[]),
    // measured as processes, on the ground that torture stands on
    ("bench", &["torture"]),
    ("pos", &["contract", "gateway", "order", "platform", "product", "protocol-model"]),
    // a tool beside the house, which nobody knows
    ("fuzz", &["contract", "platform", "pos"]),
];

/// Package → packages of others that it must not know.
const MUST_NOT_KNOW: [(&str, &[&str]); 2] = [
    ("contract", &["sea-orm", "sea-orm-migration", "actix-web", "sqlx"]),
    ("gateway", &["sea-orm", "sea-orm-migration", "sqlx"]),
];

/// Names of what each package depends on, renamed or not.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            (name(package), package["dependencies"].as_array().unwrap().iter().map(name).collect())
        })
        .collect()
}

#[test]
fn packages_know_only_whom_they_may() {
    let dependencies = dependencies();
    for (package, known) in &dependencies {
        let rule = MAY_KNOW.iter().find(|(name, _)| name == package);
        let (_, allowed) = rule
            .unwrap_or_else(|| panic!("{package} has no rule; docs/ARCHITECTURE.md says who may know whom"));
        let ours = known.iter().filter(|name| dependencies.contains_key(*name));
        let forbidden: Vec<&String> = ours.filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(forbidden.is_empty(), "{package} must not know {forbidden:?}");
    }
}

#[test]
fn what_has_no_database_knows_none() {
    let dependencies = dependencies();
    for (package, forbidden) in MUST_NOT_KNOW {
        let Some(known) = dependencies.get(package) else {
            continue;
        };
        for name in forbidden {
            assert!(!known.iter().any(|known| known == name), "{package} must not know {name}");
        }
    }
}
