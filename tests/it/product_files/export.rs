use std::fs;

use rstest::rstest;
use serde_json::json;

use super::Rig;
use crate::support::{engine::Engine, shop::text};

/// Texts that files and spreadsheets stumble over.
const NAMES: [&str; 10] = [
    "Tea, \"large\"",
    "=1+1",
    "'=1+1",
    "''-5",
    "-5 %",
    "@home",
    "'t Hoen; a\\b",
    "Crème 🍮 \u{200f}شاي",
    "'; DROP TABLE products; --",
    "<script>alert(1)</script>",
];

#[rstest]
#[tokio::test]
async fn what_is_exported_is_read_back_unchanged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let rig = Rig::start(engine).await;
    for (number, name) in NAMES.iter().enumerate() {
        let code = format!("{name}{number}");
        rig.shop.make_product(json!({ "name": name, "sku": code, "barcode": code, "category": name })).await;
    }
    let untracked = json!({ "sku": "U", "stock": null, "stockPolicy": "untracked", "price": "0.05" });
    rig.shop.make_product(untracked).await;
    let level = json!({ "sku": "R", "stock": 0.125, "stockPolicy": "allow", "reorderLevel": 1.5 });
    rig.shop.make_product(level).await;
    let archived = text(&rig.shop.make_product(json!({ "sku": "GONE" })).await["id"]);
    rig.shop.product.delete(&format!("/products/{archived}")).await.with_status(204);
    let exported = rig.export();
    assert!(exported.lines().all(|line| !line.contains("GONE")), "{exported}");
    assert!(exported.contains(",'=1+1,") && exported.contains(",''=1+1,"), "{exported}");

    let told = rig.import(&exported, &[]);
    assert_eq!((told.code, told.counts), (0, [0, 0, 12, 0]), "{:?}", told.faults);
    assert_eq!(rig.export(), exported);

    let other = Rig::start(engine).await;
    let told = other.import(&exported, &[]);
    assert_eq!((told.code, told.counts), (0, [12, 0, 0, 0]), "{:?}", told.faults);
    let without_ids =
        |file: &str| file.lines().map(|line| line.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>();
    assert_eq!(without_ids(&other.export()), without_ids(&exported));
}

/// What is below 0, and what has no SKU, is known by what stands; it cannot be made anew.
#[tokio::test]
async fn what_cannot_be_made_anew_is_read_back_where_it_is() {
    let rig = Rig::start(Engine::Sqlite).await;
    let below = rig.shop.make_product_id(json!({ "sku": "B", "stock": 0, "stockPolicy": "flag" })).await;
    rig.shop.place(&[(&below, 2.0)]).await.with_status(201);
    rig.shop.make_product(json!({ "name": "Nameless" })).await;
    let exported = rig.export();
    assert!(exported.contains(",-2,flag,"), "{exported}");

    let told = rig.import(&exported, &[]);
    assert_eq!((told.code, told.counts), (0, [0, 0, 2, 0]), "{:?}", told.faults);
    let told = rig.import(exported.replace("Nameless", "Named"), &[]);
    assert_eq!((told.code, told.counts), (0, [0, 1, 1, 0]), "{:?}", told.faults);
    assert!(rig.export().contains(",Named,"));

    let other = Rig::start(Engine::Sqlite).await;
    let told = other.import(&exported, &[]);
    assert_eq!((told.code, told.counts), (1, [0, 0, 0, 2]), "{:?}", told.faults);
    assert!(told.faults[0].starts_with("pos: line 2, stock: must not be negative"), "{:?}", told.faults);
    assert!(told.faults[1].starts_with("pos: line 3, sku: must not be empty"), "{:?}", told.faults);
}

#[tokio::test]
async fn a_file_is_whole_or_as_it_was() {
    let rig = Rig::start(Engine::Sqlite).await;
    rig.shop.make_product(json!({ "sku": "A" })).await;
    let path = rig.file("out.csv", "before");
    let output = rig.run(&["export", "products", path.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), rig.export());
    let beside: Vec<_> =
        fs::read_dir(rig.directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(beside, [path]);

    let output = rig.run(&["export", "products", "/nowhere/out.csv"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.lines().count()), (Some(1), 1), "{errors}");
}
