use std::{
    io::Cursor,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use platform::{
    database::Database,
    idempotency::{Keyed, RequestHash},
};
use product::{
    ProductService,
    model::{Catalogue, LineFault, NewProduct, StockPolicy},
    sheet::{Pass, Watch, import},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use super::{Rig, many, told};
use crate::support::{
    engine::{Databases, Engine, database_settings},
    process::command,
    shop::text,
    wait::until,
};

/// Some twenty batches.
const LINES: usize = 10_000;

async fn count(database: &Database) -> usize {
    let sql = "SELECT count(*) FROM products WHERE sku LIKE 'S-%'";
    let row = database.reader().query_one_raw(Statement::from_string(database.backend(), sql)).await.unwrap();
    usize::try_from(row.unwrap().try_get_by_index::<i64>(0).unwrap()).unwrap()
}

#[rstest]
#[tokio::test]
async fn a_kill_leaves_whole_batches_and_the_next_run_completes_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let rig = Rig::start(engine).await;
    let databases = rig.shop.databases();
    let database = Database::connect("count", &databases.product_url, &database_settings()).await.unwrap();
    let path = rig.file("in.csv", many(LINES, "1"));
    let arguments = ["import", "products", path.to_str().unwrap()];
    let mut running = command(&arguments, &databases.settings())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("a batch is written", Duration::from_secs(60), async || (count(&database).await > 0).then_some(()))
        .await;
    running.kill().unwrap();
    running.wait().unwrap();

    let made = count(&database).await;
    assert!(made > 0 && made < LINES && made % 500 == 0, "{made}");
    let told = told(&rig.run(&arguments));
    let (made, left) = (made as u64, (LINES - made) as u64);
    assert_eq!((told.code, told.counts), (0, [left, 0, made, 0]), "{:?}", told.faults);
    assert_eq!(count(&database).await, LINES);
    rig.audit().await;
}

#[rstest]
#[tokio::test]
async fn a_running_shop_sells_what_is_imported_meanwhile(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let rig = Rig::start(engine).await;
    let told = rig.import(many(LINES, "1.00"), &[]);
    assert_eq!((told.code, told.counts), (0, [LINES as u64, 0, 0, 0]), "{:?}", told.faults);
    let page = rig.shop.product.get("/products?sku=S-6").await.with_status(200);
    let product = text(&page["items"][0]["id"]);
    let path = rig.file("in.csv", many(LINES, "1.00").replace("Product", "Other"));
    let arguments = ["import", "products", path.to_str().unwrap()];
    let mut running = command(&arguments, &rig.shop.databases().settings())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    let mut sold = 0;
    let mut slowest = Duration::ZERO;
    while running.try_wait().unwrap().is_none() {
        let started = Instant::now();
        let status = rig.shop.place(&[(&product, 1.0)]).await.status;
        slowest = slowest.max(started.elapsed());
        // 6 of it are there
        assert_eq!(status, if sold < 6 { 201 } else { 409 });
        sold += u32::from(status == 201);
    }

    eprintln!("slowest sale beside the import: {slowest:?}");
    let told = super::told(&running.wait_with_output().unwrap());
    assert_eq!((told.code, told.counts), (0, [0, LINES as u64, 0, 0]), "{:?}", told.faults);
    assert_eq!(sold, 6, "it sold out while the import ran");
    assert_eq!(rig.shop.stock(&product).await, json!(0));
    let page = rig.shop.product.get("/products?sku=S-6").await.with_status(200);
    assert_eq!((&page["items"][0]["name"], &page["items"][0]["version"]), (&json!("Other 6"), &json!(2)));
    rig.audit().await;
}

/// Batches of the file in whose second a rival takes a barcode.
const BATCHES: usize = 2;

/// Somebody takes a barcode once every line was checked.
struct Rival {
    product_url: String,
    faults: Vec<String>,
    checked: usize,
}

impl Watch for Rival {
    fn at(&mut self, pass: Pass, _bytes: u64) {
        self.checked += usize::from(pass == Pass::Check);
        if pass == Pass::Check && self.checked == BATCHES {
            let url = self.product_url.clone();
            let rival = thread::spawn(move || actix_web::rt::System::new().block_on(take_barcode(&url)));
            rival.join().unwrap();
        }
    }

    fn fault(&mut self, fault: &LineFault) {
        self.faults.push(fault.to_string());
    }
}

fn new_product(sku: &str, barcode: &str) -> NewProduct {
    let catalogue = Catalogue {
        name: sku.into(),
        price: contract::Money::from_minor(1),
        sku: Some(sku.into()),
        barcode: Some(barcode.into()),
        category: None,
        stock_policy: StockPolicy::Deny,
        reorder_level: None,
    };
    NewProduct { catalogue, stock: None }
}

async fn service(product_url: &str) -> ProductService {
    let database = Database::connect("product", product_url, &database_settings()).await.unwrap();
    ProductService::new(database, contract::Shop::new("shop".into(), "EUR".parse().unwrap()))
}

async fn take_barcode(product_url: &str) {
    let service = service(product_url).await;
    let key = platform::idempotency::IdempotencyKey::parse("a-rival-takes-a-barcode").unwrap();
    let request = Keyed { key, hash: RequestHash::of("test", &1).unwrap() };
    service.create(&request, new_product("RIVAL", "0000000000600")).await.unwrap();
    service.close().await;
}

#[rstest]
#[tokio::test]
async fn a_barcode_taken_after_the_check_ends_it_at_a_named_line(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let databases = Databases::migrated(engine).await;
    let service = service(&databases.product_url).await;
    let product_url = databases.product_url.clone();
    let mut rival = Rival { product_url, faults: Vec::new(), checked: 0 };

    let summary = import(&service, Cursor::new(many(500 * BATCHES, "1")), false, &mut rival).await.unwrap();

    assert_eq!(rival.faults.len(), 1, "{:?}", rival.faults);
    assert!(rival.faults[0].starts_with("line 602, barcode: Another product has"), "{:?}", rival.faults);
    assert_eq!((summary.tally.made, summary.faulty, summary.is_written), (500, 1, true));
    service.close().await;
}
