//! `pos audit` finds each broken invariant and no other, and finds nothing in a shop that sells meanwhile.

mod contradictions;
mod plans;
mod seeded;

use std::{
    collections::BTreeSet,
    process::Output,
    time::{Duration, Instant},
};

use contract::Shop as ShopIdentity;
use platform::{database::Database, idempotency::IdempotencyKey};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{
    client::fresh_key,
    engine::{
        Databases,
        Engine::{self, Postgres, Sqlite},
        database_settings,
    },
    load::Load,
    process::command,
    shop::{Running, Shape, text},
};

fn audit(databases: &Databases, arguments: &[&str]) -> Output {
    let arguments: Vec<&str> = ["audit"].iter().chain(arguments).copied().collect();
    command(&arguments, &databases.settings()).output().unwrap()
}

/// The report, and the numbers of what does not hold.
#[track_caller]
fn report(databases: &Databases) -> (Value, BTreeSet<String>) {
    let output = audit(databases, &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let broken: BTreeSet<String> = report["invariants"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|invariant| invariant["violations"] != 0)
        .map(|invariant| text(&invariant["invariant"]))
        .collect();
    assert_eq!(report["clean"], broken.is_empty());
    assert_eq!(output.status.code(), Some(if broken.is_empty() { 0 } else { 2 }));
    (report, broken)
}

/// Both databases of a stopped shop, open to whoever writes by hand: without foreign keys and CHECKs.
struct ByHand {
    engine: Engine,
    product: Database,
    order: Database,
}

impl ByHand {
    async fn open(databases: &Databases) -> Self {
        let open = async |url: &str| {
            let database = Database::connect("hand", url, &settings_of_one()).await.unwrap();
            let unguarded = match databases.engine {
                Postgres => "SET session_replication_role = replica",
                Sqlite => "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON",
            };
            database.writer().execute_unprepared(unguarded).await.unwrap();
            database
        };
        let (product, order) = (open(&databases.product_url).await, open(&databases.order_url).await);
        if databases.engine == Postgres {
            product
                .writer()
                .execute_unprepared("ALTER TABLE stock DROP CONSTRAINT stock_floor")
                .await
                .unwrap();
        }
        Self { engine: databases.engine, product, order }
    }

    /// An id as SQL has it.
    fn id(&self, id: &str) -> String {
        match self.engine {
            Postgres => format!("'{id}'::uuid"),
            Sqlite => format!("x'{}'", id.replace('-', "")),
        }
    }

    fn bytes(&self) -> &'static str {
        match self.engine {
            Postgres => "decode(repeat('ab', 32), 'hex')",
            Sqlite => "x'abababababababababababababababababababababababababababababababab'",
        }
    }
}

/// One connection, or what is said to it once would not hold for all.
fn settings_of_one() -> platform::settings::DatabaseSettings {
    platform::settings::DatabaseSettings { max_connections: 1, ..database_settings() }
}

const NOW: &str = "CURRENT_TIMESTAMP";
const LONG_AGO: &str = "'2026-01-01T00:00:00.000+00:00'";
const STRANGER: &str = "0199a4c2-0000-7000-8000-000000000001";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finds_each_broken_invariant_and_no_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let mut shop = Running::all(Databases::migrated(engine).await).await;
    let product = shop.make_product_id(json!({ "stock": 10 })).await;
    let below = shop.make_product_id(json!({ "stock": 0, "stockPolicy": "allow" })).await;
    let never_sold = shop.make_product_id(json!({ "stock": null, "stockPolicy": "untracked" })).await;
    shop.place(&[(&below, 1.0)]).await.with_status(201);
    let adjust = json!({ "quantity": 1, "reason": "receive" });
    for _ in 0..2 {
        shop.product.post(&format!("/products/{product}/stock/adjustments"), &adjust).await.with_status(201);
    }
    let mut sold = Vec::new();
    for _ in 0..4 {
        sold.push(text(&shop.place(&[(&product, 1.0), (&below, 2.0)]).await.with_status(201)["id"]));
    }
    shop.place(&[(&product, 100.0)]).await.with_status(409);
    let given_up =
        shop.order().post("/orders/cancellations", &json!({ "key": fresh_key() })).await.with_status(200);
    assert_eq!(report(shop.databases()).1, BTreeSet::new(), "beside the running shop");
    shop.processes[0].kill();
    let databases = shop.databases();
    assert_eq!(report(databases).1, BTreeSet::new(), "and stopped");

    let hand = ByHand::open(databases).await;
    let (of, sold): (_, Vec<String>) = (|id: &str| hand.id(id), sold.iter().map(|id| hand.id(id)).collect());
    let late_key = fresh_key();
    let late = ShopIdentity::new("shop".into(), "EUR".parse().unwrap());
    let late = of(&late.order_id(&IdempotencyKey::parse(&late_key).unwrap()).to_string());
    let breaks = [
        ("I1", &hand.product, format!("UPDATE stock SET policy = 'deny' WHERE product_id = {}", of(&below))),
        (
            "I2",
            &hand.product,
            format!("DELETE FROM movements WHERE product_id = {} AND seq = 2", of(&product)),
        ),
        (
            "I3",
            &hand.product,
            format!(
                "UPDATE deduction_lines SET tracked = false WHERE order_id = {} AND line_no = 0",
                sold[0]
            ),
        ),
        (
            "I4",
            &hand.product,
            format!(
                "INSERT INTO movements (product_id, seq, reason, quantity_milli, before_milli, after_milli, order_id, at) \
                 SELECT product_id, seq + 1, 'sale', 0, quantity_milli, quantity_milli, {}, {NOW} FROM stock WHERE product_id = {}; \
                 UPDATE stock SET seq = seq + 1 WHERE product_id = {}",
                of(STRANGER),
                of(&below),
                of(&below)
            ),
        ),
        (
            "I5",
            &hand.order,
            format!(
                "UPDATE orders SET status = 'rejected', cause = 'lines', request = '[]', request_hash = {} WHERE id = {}",
                hand.bytes(),
                of(&text(&given_up["id"]))
            ),
        ),
        (
            "I6",
            &hand.product,
            format!(
                "INSERT INTO deductions (order_id, outcome, request_hash, total_minor, decided_at) VALUES ({}, 'held', {}, 0, {NOW})",
                of("0199a4c2-0000-7000-8000-000000000002"),
                hand.bytes()
            ),
        ),
        (
            "I7",
            &hand.order,
            format!(
                "UPDATE order_lines SET product_id = {} WHERE order_id = {} AND line_no = 0",
                of(STRANGER),
                sold[1]
            ),
        ),
        (
            "I8",
            &hand.order,
            format!("UPDATE orders SET total_minor = total_minor + 1 WHERE id = {}", sold[2]),
        ),
        (
            "I9",
            &hand.order,
            format!(
                "INSERT INTO orders (id, key, status, created_at, decide_by, next_try_at, tries) \
                 VALUES ({late}, '{late_key}', 'pending', {LONG_AGO}, {LONG_AGO}, {LONG_AGO}, 0)"
            ),
        ),
        (
            "I10",
            &hand.order,
            format!("UPDATE orders SET request_hash = {} WHERE id = {}", hand.bytes(), sold[3]),
        ),
    ];
    let mut expected = BTreeSet::new();
    for (invariant, database, sql) in breaks {
        database.writer().execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        expected.insert(invariant.to_owned());
        let (report, broken) = report(databases);
        assert_eq!(broken, expected, "{invariant}: {report:#}");
    }
    let bare = format!("DELETE FROM stock WHERE product_id = {}", of(&never_sold));
    hand.product.writer().execute_unprepared(&bare).await.unwrap();
    assert_eq!(report(databases).0["invariants"][1]["violations"], 2, "a product without a stock row");
    let mended = format!("DELETE FROM products WHERE id = {}", of(&never_sold));
    hand.product.writer().execute_unprepared(&mended).await.unwrap();
    if engine == Postgres {
        let unguarded = "ALTER TABLE movements DROP CONSTRAINT movements_sale";
        hand.product.writer().execute_unprepared(unguarded).await.unwrap();
    }
    let of_no_order = format!(
        "INSERT INTO movements (product_id, seq, reason, quantity_milli, before_milli, after_milli, at) \
         SELECT product_id, seq + 1, 'sale', 0, quantity_milli, quantity_milli, {NOW} FROM stock WHERE product_id = {0}; \
         UPDATE stock SET seq = seq + 1 WHERE product_id = {0}",
        of(&below)
    );
    hand.product.writer().execute_unprepared(&of_no_order).await.unwrap();
    assert_eq!(report(databases).0["invariants"][3]["violations"], 2, "a sale of no order");
    let undone = format!(
        "DELETE FROM movements WHERE reason = 'sale' AND order_id IS NULL; \
         UPDATE stock SET seq = seq - 1 WHERE product_id = {}",
        of(&below)
    );
    hand.product.writer().execute_unprepared(&undone).await.unwrap();
    let table = audit(databases, &[]);
    let table = String::from_utf8(table.stdout).unwrap();
    for line in table.lines().skip(1).take(10) {
        assert!(line.ends_with(" 1"), "one violation each: {table}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finds_nothing_in_a_shop_that_sells_meanwhile(
    #[values(Shape::AllOnSqlite, Shape::AllOnPostgres, Shape::Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let mut products = Vec::new();
    for policy in ["deny", "allow", "flag"] {
        products.push(shop.make_product_id(json!({ "stock": 200, "stockPolicy": policy })).await);
    }
    let load = Load::start(&shop, &products, 8);
    load.wait_for(20, Duration::from_secs(30)).await;
    let until = Instant::now() + Duration::from_secs(4);
    let mut checked = 0;
    while Instant::now() < until {
        let (report, broken) = report(shop.databases());
        assert_eq!(broken, BTreeSet::new(), "{report:#}");
        checked = report["invariants"][4]["checked"].as_u64().unwrap();
    }
    load.stop().await;
    assert!(checked > 20, "{checked}");
}

/// A backup is what one audits before one needs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_a_backup_as_it_is() {
    let mut shop = Shape::AllOnSqlite.start().await;
    let product = shop.make_product_id(json!({ "stock": 5 })).await;
    shop.place(&[(&product, 1.0)]).await.with_status(201);
    shop.processes[0].terminate();
    assert!(shop.processes[0].ended().await.success());
    let backup = Databases::empty(Sqlite).await;
    let file = |url: &str| url.trim_start_matches("sqlite://").to_owned();
    let here = [
        (&shop.databases().product_url, &backup.product_url),
        (&shop.databases().order_url, &backup.order_url),
    ];
    for (from, to) in here {
        let database = Database::connect("live", from, &settings_of_one()).await.unwrap();
        database.writer().execute_unprepared(&format!("VACUUM INTO '{}'", file(to))).await.unwrap();
        database.close().await.unwrap();
    }
    let kept = || here.map(|(_, to)| std::fs::read(file(to)).unwrap());
    let before = kept();

    let output = audit(&backup, &[]);

    assert!(output.status.success(), "{output:?}");
    assert!(kept() == before, "the audit wrote into it");
}

#[tokio::test]
async fn says_so_when_it_cannot_check() {
    let nowhere = Databases::empty(Sqlite).await;
    let output = audit(&nowhere, &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.contains("there is no product database"), "{told}");

    let never_started = Databases::migrated(Sqlite).await;
    let output = audit(&never_started, &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.contains("never started"), "{told}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_report_that_goes_nowhere_is_no_clean_shop() {
    let shop = Shape::AllOnSqlite.start().await;
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command(&["audit"], &shop.databases().settings()).stdout(full).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot write to standard output"), "{told}");
}

/// As where the order database was restored from an older copy than the product database.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_each_decision_where_there_are_few_orders(#[values(Sqlite, Postgres)] engine: Engine) {
    let shop = Running::all(Databases::migrated(engine).await).await;
    let product = shop.make_product_id(json!({ "stock": 5 })).await;
    shop.place(&[(&product, 1.0)]).await.with_status(201);
    let hand = ByHand::open(shop.databases()).await;
    let random = if engine == Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let decisions = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
         INSERT INTO deductions (order_id, outcome, request_hash, total_minor, decided_at) \
         SELECT {random}, 'held', {}, 0, {NOW} FROM n",
        hand.bytes()
    );
    hand.product.writer().execute_unprepared(&decisions).await.unwrap();
    let (report, broken) = report(shop.databases());
    assert_eq!(broken, BTreeSet::from(["I6".to_owned()]), "{report:#}");
    let of = |number: usize, what: &str| report["invariants"][number - 1][what].as_u64().unwrap();
    assert_eq!((of(3, "checked"), of(5, "checked"), of(6, "violations")), (3001, 1, 3000), "{report:#}");
    assert_eq!(of(9, "checked"), 0, "nothing is pending");
}
