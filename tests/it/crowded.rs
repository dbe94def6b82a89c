//! Deductions that come while somebody holds their product. PostgreSQL alone: SQLite has one writer.

use platform::database::Database;
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::{
    client::{Call, Reply},
    engine::database_settings,
    postgres::waits_for_a_lock,
    shop::{Running, Shape::AllOnPostgres},
};

/// One group at a time, one who waits for the next, and time enough on any machine.
const NARROW: [(&str, &str); 5] = [
    ("DATABASE__GROUPS__AT_ONCE", "1"),
    ("DATABASE__GROUPS__QUEUE", "1"),
    ("DATABASE__GROUPS__TIMEOUT_MS", "60000"),
    ("DATABASE__LOCK_TIMEOUT_MS", "30000"),
    ("DATABASE__STATEMENT_TIMEOUT_MS", "40000"),
];

/// A shop with a product, of which somebody takes a piece and waits for another who holds it.
struct Crowded {
    shop: Running,
    product: String,
    rival: DatabaseTransaction,
    first: JoinHandle<Reply>,
}

impl Crowded {
    async fn start() -> Self {
        let shop = AllOnPostgres.start_with(&NARROW).await;
        let product = shop.make_product_id(json!({ "stock": 100 })).await;
        let (url, settings) = (&shop.databases().product_url, database_settings());
        let stranger = Database::connect("stranger", url, &settings).await.unwrap();
        let rival = stranger.writer().begin().await.unwrap();
        rival.execute_unprepared("SELECT 1 FROM stock FOR UPDATE").await.unwrap();
        let call = deduct(&shop, &product);
        let first = tokio::spawn(async move { call.await });
        waits_for_a_lock(stranger.reader()).await;
        Self { shop, product, rival, first }
    }
}

fn deduct(shop: &Running, product: &str) -> Call {
    shop.product.post(&format!("/products/{product}/deduct"), &json!({ "quantity": 1 }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_no_room_is_told_at_once_and_nothing_is_taken() {
    let Crowded { shop, product, rival, first } = Crowded::start().await;
    let mut others = JoinSet::new();
    for _ in 0..4 {
        let call = deduct(&shop, &product);
        others.spawn(async move { call.await });
    }
    let told = others.join_next().await.unwrap().unwrap().with_problem(503, "overloaded");
    assert_eq!(told["outcome"], "none");

    rival.rollback().await.unwrap();
    first.await.unwrap().with_status(200);
    let taken = others.join_all().await.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(shop.stock(&product).await, 99 - taken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_when_its_caller_has_left_is_not_done() {
    let Crowded { shop, product, rival, first } = Crowded::start().await;
    let late = deduct(&shop, &product).header("pos-deadline-ms", "300").await;
    late.with_problem(503, "outcome_unknown");

    rival.rollback().await.unwrap();
    first.await.unwrap().with_status(200);
    // behind it in the same queue
    deduct(&shop, &product).await.with_status(200);
    assert_eq!(shop.stock(&product).await, 98);
}
