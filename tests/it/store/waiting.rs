//! Decisions that wait for another transaction at a place that the test chooses. PostgreSQL alone: SQLite has one writer.

use contract::{ProductApi, RefusalCause, Verdict};
use product::model::StockPolicy;
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::support::{
    engine::Engine::Postgres,
    postgres::waits_for_a_lock,
    stores::{Stores, key, no_hurry, question},
};

/// Whatever the request names first, the row of the lowest id is locked first: who waits for it holds no other that
/// somebody who has it might want.
#[tokio::test]
async fn a_decision_that_waits_for_its_first_row_holds_no_other() {
    let stores = Stores::fresh(Postgres).await;
    let mut products =
        [stores.make_product(StockPolicy::Deny, 10).await, stores.make_product(StockPolicy::Deny, 10).await];
    products.sort_unstable();
    let [first, last] = products;
    let rival = stores.rival_holding(first).await;

    let (order, request) = (stores.order_id(&key()), question(&[(last, 1), (first, 1)]));
    let mut deciding = std::pin::pin!(stores.product.decide(order, &request, no_hurry()));
    tokio::select! {
        decided = &mut deciding => panic!("it did not wait: {decided:?}"),
        () = waits_for_a_lock(stores.product_database.reader()) => {}
    }
    let taken = rival
        .execute_unprepared(&format!("SELECT 1 FROM stock WHERE product_id = '{last}' FOR UPDATE NOWAIT"))
        .await;
    rival.rollback().await.unwrap();

    taken.expect("nobody holds the other row");
    assert!(matches!(deciding.await.unwrap().verdict, Verdict::Held { .. }));
    assert_eq!((stores.stock(first).await, stores.stock(last).await), (9, 9));
}

/// The refusal was not there when the decision looked for one, and is when it is written.
#[tokio::test]
async fn a_decision_that_meets_a_refusal_at_its_insert_takes_nothing() {
    let stores = Stores::fresh(Postgres).await;
    let id = stores.make_product(StockPolicy::Deny, 10).await;
    let (order, request) = (stores.order_id(&key()), question(&[(id, 1)]));
    let stranger = stores.stranger().await;
    let rival = stranger.writer().begin().await.unwrap();
    let refusal = format!(
        "INSERT INTO deductions (order_id, outcome, cause, refusals, decided_at) VALUES ('{order}', 'refused', 'given_up', '[]', now())"
    );
    rival.execute_unprepared(&refusal).await.unwrap();

    let mut deciding = std::pin::pin!(stores.product.decide(order, &request, no_hurry()));
    tokio::select! {
        decided = &mut deciding => panic!("it did not wait: {decided:?}"),
        () = waits_for_a_lock(stores.product_database.reader()) => {}
    }
    rival.commit().await.unwrap();

    let decided = deciding.await.unwrap();
    assert!(matches!(decided.verdict, Verdict::Refused { cause: RefusalCause::GivenUp, .. }), "{decided:?}");
    assert_eq!(stores.stock(id).await, 10);
    assert_eq!(stores.product.movements(id, None, 10).await.unwrap().len(), 1, "the opening alone");
}
