//! The binary as a person, a container or an orchestrator runs it.

use std::process::{Command, Output};

use platform::database::Database;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::support::{
    client::Service,
    engine::{Databases, Engine, database_settings},
    port::Port,
    process::{Pos, command},
    shop::{Running, Shop, address},
};

fn run(arguments: &[&str], settings: &[(String, String)]) -> Output {
    command(arguments, settings).output().unwrap()
}

fn setting(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// It ended with this code and one line for each fault.
#[track_caller]
fn assert_fails(output: &Output, code: i32, words: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert_eq!(told.lines().count(), words.len(), "{told}");
    for word in words {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[tokio::test]
async fn the_first_sale_works_as_it_is_printed_and_the_demo_comes_once() {
    let databases = Databases::empty(Engine::Sqlite).await;
    let port = Port::reserve();
    let mut pos = Pos::start_with(vec!["--demo"], address(1, &port), databases.settings());
    pos.ready().await;
    let catalogue = async |pos: &Pos| Shop::walk(&pos.service(), "/products").await;
    let made = catalogue(&pos).await;
    assert!(!made.is_empty());

    let log = pos.log();
    let printed = log.lines().map(str::trim);
    let sale: Vec<&str> =
        printed.filter(|line| line.starts_with("id=") || line.starts_with("curl ")).collect();
    assert_eq!(sale.len(), 2, "{log}");
    let output = Command::new("sh").args(["-c", &sale.join("\n")]).output().unwrap();
    let order: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(order["status"], "confirmed", "{output:?}");

    pos.kill();
    pos.start_again();
    pos.ready().await;
    let ids = |products: Vec<Value>| products.iter().map(|product| product["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(catalogue(&pos).await), ids(made), "a second start puts nothing in");
}

#[rstest]
#[case::product("product")]
#[case::order("order")]
#[tokio::test]
async fn a_service_whose_schema_is_behind_says_what_to_do_and_migrate_does_it(#[case] role: &'static str) {
    let databases = Databases::empty(Engine::Postgres).await;
    let port = Port::reserve();
    let mut settings = databases.settings();
    settings.push(setting("POS__SERVER__LISTEN", &address(1, &port).to_string()));

    assert_fails(&run(&["--role", role], &settings), 1, &["migrate"]);
    for told in [" run\n", "up to date"] {
        let output = run(&["migrate", "--role", role], &settings);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && printed.contains(told), "{output:?}");
    }
    Pos::start(role, address(1, &port), settings).ready().await;
}

#[rstest]
#[tokio::test]
async fn a_schema_that_is_newer_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let databases = Databases::migrated(engine).await;
    let database = Database::connect("test", &databases.order_url, &database_settings()).await.unwrap();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)";
    database.writer().execute_unprepared(newer).await.unwrap();
    database.close().await.unwrap();

    let output = run(&["--listen", "127.0.0.1:0"], &databases.settings());

    assert_fails(&output, 1, &["m29991231_000001_later"]);
}

#[rstest]
#[tokio::test]
async fn another_currency_or_shop_than_at_the_first_start_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut running = Running::all(Databases::migrated(engine).await).await;
    running.processes[0].kill();
    for other in [setting("POS__SHOP__CURRENCY", "CHF"), setting("POS__SHOP__ID", "another")] {
        let mut settings = running.databases().settings();
        settings.push(other.clone());
        assert_fails(&run(&["--listen", "127.0.0.1:0"], &settings), 1, &[&other.1]);
    }
}

#[tokio::test]
async fn a_start_that_cannot_be_says_why_in_one_line() {
    let running = Running::all(Databases::migrated(Engine::Sqlite).await).await;
    let listen = running.processes[0].address.to_string();
    let other = Databases::migrated(Engine::Sqlite).await;
    assert_fails(&run(&["--listen", &listen], &other.settings()), 1, &[&listen]);

    let nowhere = setting("POS__PRODUCT__DATABASE_URL", "postgres://nobody@127.0.0.1:9/nowhere");
    let soon = setting("POS__DATABASE__CONNECT_TIMEOUT_MS", "300");
    let output = run(&["--role", "product", "--listen", "127.0.0.1:0"], &[nowhere, soon]);
    assert_fails(&output, 1, &["product"]);
}

#[test]
fn faults_of_usage_and_settings_are_told_one_a_line() {
    assert_fails(&run(&["--role", "till"], &[]), 64, &["till"]);
    assert_fails(&run(&["sell"], &[]), 64, &["sell"]);
    let faulty = [
        setting("POS__SERVER__PORT", "1"),
        setting("POS__ORDER__DEADLINE_MS", "soon"),
        setting("POS__SHOP__CURRENCY", "euro"),
    ];
    let output = run(&["--listen", "127.0.0.1:0"], &faulty);
    assert_fails(&output, 64, &["server.port", "order.deadline_ms", "shop.currency"]);
}

#[tokio::test]
async fn healthcheck_tells_by_its_exit_code() {
    let mut running = Running::all(Databases::migrated(Engine::Sqlite).await).await;
    let listen = running.processes[0].address.to_string();
    for arguments in [vec!["healthcheck"], vec!["healthcheck", "--ready"]] {
        let arguments = [&arguments[..], &["--listen", &listen]].concat();
        assert_eq!(run(&arguments, &[]).status.code(), Some(0));
    }
    running.processes[0].kill();
    assert_eq!(run(&["healthcheck", "--listen", &listen], &[]).status.code(), Some(1));
}

#[tokio::test]
async fn openapi_prints_what_is_served() {
    let running = Running::all(Databases::migrated(Engine::Sqlite).await).await;
    let served = Service::at(&running.processes[0].url()).get("/openapi.json").await.with_status(200);
    let mut printed: Value = serde_json::from_slice(&run(&["openapi"], &[]).stdout).unwrap();
    // of which currency prices are, only a shop knows
    let price = |document: &Value| document["components"]["schemas"]["Price"].clone();
    assert_eq!(price(&printed)["oneOf"][1]["multipleOf"], 0.0001);
    assert_eq!(price(&served)["oneOf"][1]["multipleOf"], 0.01);
    printed["components"]["schemas"]["Price"] = price(&served);
    assert_eq!(printed, served);
}

#[test]
fn config_shows_every_setting_and_no_secret() {
    let settings = [
        setting("POS__ORDER__DATABASE_URL", "postgres://pos:s3cret@db/orders"),
        setting("POS__ORDER__SWEEPER__EVERY_MS", "250"),
    ];
    let output = run(&["config", "--role", "order"], &settings);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert!(!printed.contains("s3cret"), "{printed}");
    for line in [
        "order.sweeper.every_ms = 250 # environment POS__ORDER__SWEEPER__EVERY_MS",
        "order.database_url = \"postgres://pos:***@db/orders\" # environment POS__ORDER__DATABASE_URL",
        "order.deadline_ms = 2000 # default",
    ] {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(printed.lines().any(|shown| words(shown) == words(line)), "{line}\n{printed}");
    }
}
