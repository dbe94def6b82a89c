//! How a process ends that is told to while sales are under way.

use std::time::Duration;

use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use serde_json::json;

use crate::support::{
    engine::{Databases, Engine},
    postgres::waits_for_a_lock,
    process::Pos,
    shop::{
        Running,
        Shape::{self, AllOnPostgres, AllOnSqlite},
    },
    wait::until,
};

const SOON: Duration = Duration::from_secs(10);
const SALES: usize = 8;

#[rstest]
#[tokio::test]
async fn a_process_that_is_asked_to_end_finishes_what_is_under_way(
    #[values(AllOnSqlite, AllOnPostgres)] shape: Shape,
) {
    let mut shop = shape.start().await;
    let id = shop.make_product_id(json!({ "stock": 100 })).await;
    let calls: Vec<_> = (0..16).map(|_| tokio::spawn(shop.place(&[(&id, 1.0)]).try_send())).collect();
    // under way, not merely meant: the process has taken the connections
    until("sales are under way", SOON, async || (shop.stock(&id).await != json!(100)).then_some(())).await;

    shop.processes[0].terminate();

    for call in calls {
        call.await.unwrap().expect("an answer, whole").with_status(201);
    }
    assert!(shop.processes[0].ended().await.success());
}

/// The connections that requests and sweeper hold are not given back then: sqlx panics where that is tried after the end of
/// the runtime.
#[rstest]
#[case::by_a_second_signal(&[], Some(1))]
#[case::for_want_of_time(&[("SERVER__SHUTDOWN_TIMEOUT_MS", "100"), ("SERVER__DRAIN_MS", "0")], Some(0))]
#[tokio::test]
async fn what_is_cut_off_at_the_end_ends_without_a_panic(
    #[case] settings: &[(&str, &str)],
    #[case] code: Option<i32>,
) {
    let patient = [
        ("ORDER__DEADLINE_MS", "60000"),
        ("ORDER__DECIDE_TRY_MS", "60000"),
        ("DATABASE__LOCK_TIMEOUT_MS", "60000"),
        ("DATABASE__STATEMENT_TIMEOUT_MS", "60000"),
    ];
    let databases = Databases::migrated(Engine::Postgres).await;
    let mut shop = Running::all_with(databases, &[&patient[..], settings].concat()).await;
    let id = shop.make_product_id(json!({ "stock": 100 })).await;
    let held = hold_stock(shop.databases(), &id).await;
    let calls: Vec<_> = (0..SALES).map(|_| tokio::spawn(shop.place(&[(&id, 1.0)]).try_send())).collect();
    waits_for_a_lock(&held).await;

    let pos = &mut shop.processes[0];
    pos.terminate();
    says(pos, "stopping").await;
    if code == Some(1) {
        pos.terminate();
    }
    assert_eq!(pos.ended().await.code(), code);

    assert!(!pos.log().contains("panicked"), "{}", pos.log());
    held.rollback().await.unwrap();
    for call in calls {
        assert!(call.await.unwrap().is_err(), "it was cut off");
    }
}

/// Whoever wants to sell the product waits for this.
async fn hold_stock(databases: &Databases, product: &str) -> DatabaseTransaction {
    let rival = sea_orm::Database::connect(&databases.product_url).await.unwrap().begin().await.unwrap();
    let hold = format!("SELECT 1 FROM stock WHERE product_id = '{product}' FOR UPDATE");
    rival.execute_unprepared(&hold).await.unwrap();
    rival
}

async fn says(pos: &Pos, words: &str) {
    until(&format!("it says {words:?}"), SOON, async || pos.log().contains(words).then_some(())).await;
}
