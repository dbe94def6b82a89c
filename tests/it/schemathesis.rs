//! Schemathesis, made from the API description alone, tries each role and the shop behind its gateway: no check may fail.
//! Wants the tool, which `POS_TEST_SCHEMATHESIS` names; `./test` installs and names it.

use std::{env, net::Ipv4Addr, process::Command, time::Duration};

use rstest::rstest;

use crate::{
    gateway::dns::{Dns, Records},
    support::{
        engine::{Databases, Engine},
        port::Port,
        process::Pos,
        shop::{Running, address},
        wait::until,
    },
};

const CONFIG: &str = "tests/schemathesis/schemathesis.toml";
/// Cases of each operation in the phases that draw at random, when `POS_TEST_SCHEMATHESIS_EXAMPLES` says nothing.
const EXAMPLES: &str = "25";
/// Far fewer than are ever tried: a run that tried nothing finds nothing either.
const AT_LEAST: u64 = 300;
const ALL_READY_WITHIN: Duration = Duration::from_secs(10);

/// Where the tool is. Says it where it is none.
fn tool() -> Option<String> {
    let tool = env::var("POS_TEST_SCHEMATHESIS").ok();
    if tool.is_none() {
        println!("skipped: POS_TEST_SCHEMATHESIS names no schemathesis; ./test installs it");
    }
    tool
}

/// Runs it against the shop at this URL; fails as it does, with what it said.
async fn try_out(what: &str, tool: String, url: String) {
    let examples = env::var("POS_TEST_SCHEMATHESIS_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned());
    let mut command = Command::new(tool);
    command
        .args(["--config-file", CONFIG, "run", &format!("{url}/openapi.json"), "--no-color"])
        .args(["--max-examples", &examples]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    let cases = cases(&told).unwrap_or_else(|| panic!("it does not say how many cases it tried:\n{told}"));
    println!("schemathesis: {what}: {cases} cases tried, 0 failures");
    assert!(cases >= AT_LEAST, "only {cases} cases were tried");
}

/// Out of `1647 generated, 1647 passed`.
fn cases(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains(" generated, "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[rstest]
#[case::on_sqlite(Engine::Sqlite)]
#[case::on_postgres(Engine::Postgres)]
#[tokio::test]
async fn one_process_does_as_its_description_says(#[case] engine: Engine) {
    let Some(tool) = tool() else {
        return;
    };
    let shop = Running::all(Databases::migrated(engine).await).await;
    try_out(&format!("one process on {engine:?}"), tool, shop.processes[0].url()).await;
}

#[tokio::test]
async fn each_service_does_as_its_description_says() {
    let Some(tool) = tool() else {
        return;
    };
    let shop = Running::split(Databases::migrated(Engine::Postgres).await).await;
    try_out("the product service", tool.clone(), shop.processes[0].url()).await;
    try_out("an order service", tool, shop.processes[1].url()).await;
}

#[tokio::test]
async fn the_split_shop_does_as_its_gateway_says() {
    let Some(tool) = tool() else {
        return;
    };
    let shop = Running::split(Databases::migrated(Engine::Postgres).await).await;
    let dns = Dns::start().await;
    let (product, orders) = shop.processes.split_first().unwrap();
    dns.set("product.test", Records::Addresses(vec![host(product)]));
    dns.set("order.test", Records::Addresses(orders.iter().map(host).collect()));
    let gateway_port = Port::reserve();
    let settings = vec![
        ("POS__GATEWAY__NAMESERVERS".into(), dns.address.to_string()),
        ("POS__GATEWAY__PRODUCT_URL".into(), format!("http://product.test:{}", product.address.port())),
        ("POS__GATEWAY__ORDER_URL".into(), format!("http://order.test:{}", orders[0].address.port())),
    ];
    let mut gateway = Pos::start("gateway", address(9, &gateway_port), settings);
    gateway.ready().await;
    until("the gateway uses every service", ALL_READY_WITHIN, async || {
        let view = gateway.service().get("/gateway/endpoints").await.with_status(200);
        let services = view.as_array().unwrap();
        let endpoints = services.iter().flat_map(|service| service["endpoints"].as_array().unwrap());
        let ready = endpoints.filter(|endpoint| endpoint["state"] == "ready").count();
        (ready == shop.processes.len()).then_some(())
    })
    .await;

    try_out("the split shop through its gateway", tool, gateway.url()).await;
}

fn host(process: &Pos) -> Ipv4Addr {
    match process.address {
        std::net::SocketAddr::V4(address) => *address.ip(),
        std::net::SocketAddr::V6(address) => panic!("{address} is not on IPv4"),
    }
}
