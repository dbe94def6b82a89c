use rstest::rstest;
use serde_json::json;

use super::{Rig, Told, many};
use crate::support::{
    engine::Engine,
    shop::{Shop, assert_chain, text},
};

/// It refused these lines, each with these words, and said at last that nothing was written.
#[track_caller]
fn assert_refused(told: &Told, faults: &[&str]) {
    assert_eq!((told.code, told.faults.len()), (1, faults.len() + 1), "{:#?}", told.faults);
    for (found, fault) in told.faults.iter().zip(faults) {
        assert!(found.starts_with(&format!("pos: {fault}")), "{fault}: {found}");
    }
    assert!(told.faults.last().unwrap().contains("nothing was written"), "{:?}", told.faults);
}

#[rstest]
#[tokio::test]
async fn products_are_made_changed_and_left_alone_by_their_sku(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let rig = Rig::start(engine).await;
    let find = async |sku: &str| {
        let page = rig.shop.product.get(&format!("/products?sku={sku}")).await.with_status(200);
        page["items"][0].clone()
    };
    let head = "stock,reorderLevel,sku,name,price,category,barcode,stockPolicy";

    let told = rig.import(format!("{head}\n12.5,3,A,Crème,3.80,coffee,111,flag\n,,B,Tea,2,,,\n"), &[]);

    assert_eq!((told.code, told.counts), (0, [2, 0, 0, 0]), "{:?}", told.faults);
    let made = find("A").await;
    let expected = json!({ "name": "Crème", "price": "3.80", "sku": "A", "barcode": "111", "category": "coffee",
        "stock": 12.5, "stockPolicy": "flag", "reorderLevel": 3, "version": 1 });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let opening = rig.shop.ledger(&text(&made["id"])).await;
    assert_chain(&opening, &json!(12.5));
    assert_eq!((opening.len(), &opening[0]["reason"]), (1, &json!("opening")));

    let changed = format!("{head}\n99,,A,Brûlée,3.90,,222,\n,,B,Tea,2.00,,,deny\n1,,C,Cake,4,cake,111,\n");
    let told = rig.import(&changed, &[]);

    assert_eq!((told.code, told.counts), (0, [1, 1, 1, 0]), "{:?}", told.faults);
    assert!(told.faults[0].contains("the stock of 1 products"), "{:?}", told.faults);
    let replaced = find("A").await;
    let expected = json!({ "id": made["id"], "name": "Brûlée", "price": "3.90", "barcode": "222", "category": null,
        "stock": 12.5, "stockPolicy": "flag", "reorderLevel": null, "version": 2 });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&replaced[name], value, "{name}");
    }
    assert_eq!(find("B").await["version"], 1);
    assert_eq!(find("C").await["barcode"], "111", "which a line before gave up");
    for (word, found) in [("brulee", 1), ("creme", 0), ("cake", 1)] {
        let page = rig.shop.product.get(&format!("/products?search={word}")).await.with_status(200);
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{word}");
    }

    let before = Shop::walk(&rig.shop.product, "/products").await;
    let told = rig.import(&changed, &[]);
    assert_eq!((told.code, told.counts), (0, [0, 0, 3, 0]), "{:?}", told.faults);
    assert_eq!(Shop::walk(&rig.shop.product, "/products").await, before, "a repeat changes nothing");
    rig.audit().await;
}

#[rstest]
#[tokio::test]
async fn a_dry_run_says_what_would_be_and_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let rig = Rig::start(engine).await;
    assert_eq!(rig.import("sku,name,price\nA,a,1\nB,b,1\n", &[]).code, 0);
    let before = Shop::walk(&rig.shop.product, "/products").await;
    let file = "sku,name,price\nA,a,1\nB,b,2\nC,c,1\nD,d,1\nE,e,1\n";

    let told = rig.import(file, &["--dry-run"]);

    assert_eq!((told.code, told.counts), (0, [3, 1, 1, 0]), "{:?}", told.faults);
    assert!(told.faults[0].contains("a dry run, nothing was written"), "{:?}", told.faults);
    let told = rig.import(format!("{file}F,,1\n"), &["--dry-run"]);
    assert_eq!((told.code, told.counts), (1, [3, 1, 1, 1]), "{:?}", told.faults);
    assert_refused(&told, &["line 7, name: must not be empty"]);
    assert_eq!(Shop::walk(&rig.shop.product, "/products").await, before);
}

#[rstest]
#[tokio::test]
async fn every_faulty_line_is_named_and_then_nothing_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let rig = Rig::start(engine).await;
    rig.shop.make_product(json!({ "sku": "HELD", "barcode": "111" })).await;
    let sold_out = rig.shop.make_product(json!({ "sku": "NEG", "stock": 0, "stockPolicy": "allow" })).await;
    rig.shop.place(&[(&text(&sold_out["id"]), 3.0)]).await.with_status(201);
    let before = Shop::walk(&rig.shop.product, "/products").await;
    let lines = [
        "A,a,1,,,",
        "B,b,1.234,,,",
        "C,c,1",
        "A,a,2,,,",
        "D,d,1,222,,",
        "E,e,1,222,,",
        "F,f,1,111,,",
        "NEG,n,1,,deny,",
        "G,g,1,,untracked,5",
        "H,h,1,,,-5",
        ",,1,,,",
        "NEG2,x,1,,,",
    ];
    let mut file = ("sku,name,price,barcode,stockPolicy,stock\n".to_owned() + &lines.join("\n")).into_bytes();
    file.extend_from_slice(b"\nI,Cr\xe8me,1,,,\n");

    let told = rig.import(&file, &[]);

    let faults = [
        "line 3, price: may have at most 2 decimal places in EUR",
        "line 4: has 3 cells, and the first line has 6",
        "line 5, sku: stands in line 2 already",
        "line 7, barcode: stands in line 6 already",
        "line 8, barcode: Another product has this barcode",
        "line 9, stockPolicy: Stock is below 0",
        "line 10, stock: must be left out for an untracked product",
        "line 11, stock: must not be negative",
        "line 12, name: must not be empty",
        "line 12, sku: must not be empty",
        "line 14, name: is not UTF-8",
    ];
    assert_refused(&told, &faults);
    assert_eq!(told.counts, [3, 0, 0, 10]);
    assert_eq!(Shop::walk(&rig.shop.product, "/products").await, before);

    let told = rig.import("sku,name,prise,name\n", &[]);
    assert_refused(
        &told,
        &[
            "line 1: there is no column \"prise\"",
            "line 1: the column name stands twice",
            "line 1: the column price is missing",
        ],
    );
}

#[tokio::test]
async fn a_file_that_is_none_is_told_in_one_line() {
    let rig = Rig::start(Engine::Sqlite).await;
    for (file, told) in [("/nowhere/in.csv", "/nowhere/in.csv"), ("/dev/null", "is no file")] {
        let output = rig.run(&["import", "products", file]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), errors.lines().count()), (Some(1), 1), "{errors}");
        assert!(errors.contains(told), "{errors}");
    }
    assert_eq!(rig.run(&["import", "products", "in.csv", "--role", "order"]).status.code(), Some(64));
}

#[tokio::test]
async fn an_import_of_another_currency_is_refused() {
    let rig = Rig::start(Engine::Sqlite).await;
    let file = rig.file("in.csv", many(1, "1"));
    let mut settings = rig.shop.databases().settings();
    settings.push(("POS__SHOP__CURRENCY".into(), "CHF".into()));
    let arguments = ["import", "products", file.to_str().unwrap()];
    let output = crate::support::process::command(&arguments, &settings).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("shop.currency"), "{output:?}");
    assert!(Shop::walk(&rig.shop.product, "/products").await.is_empty());
}
