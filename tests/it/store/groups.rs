//! What is asked for at the same time shares a transaction, and nothing else.

use std::time::Duration;

use contract::{ProductApi, Verdict};
use futures_util::future::join_all;
use order::OrderError;
use platform::idempotency::{Keyed, RequestHash};
use product::{
    ProductError,
    model::{Refusal, StockPolicy},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::{
    client::fresh_key,
    engine::Engine::{self, Postgres, Sqlite},
    postgres::waits_for_a_lock,
    stores::{Stores, command, key, no_hurry, question},
};

/// Until a process has seen that the server closed its connections, with time to spare.
const HEARD_OF: Duration = Duration::from_millis(500);

fn is_held(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Held { .. })
}

#[rstest]
#[tokio::test]
async fn an_order_short_of_stock_does_not_fail_its_neighbours(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let (plenty, scarce) =
        (stores.make_product(StockPolicy::Deny, 100).await, stores.make_product(StockPolicy::Deny, 1).await);

    let verdicts = join_all((0..60).map(async |index| {
        let (order, request) = match index % 3 {
            0 => (stores.order_id(&key()), question(&[(plenty, 1), (scarce, 1)])),
            _ => (stores.order_id(&key()), question(&[(plenty, 1)])),
        };
        stores.product.decide(order, &request, no_hurry()).await.unwrap().verdict
    }))
    .await;

    let (short, neighbours): (Vec<_>, Vec<_>) =
        verdicts.iter().enumerate().partition(|(index, _)| index % 3 == 0);
    assert!(neighbours.into_iter().all(|(_, verdict)| is_held(verdict)));
    assert_eq!(short.into_iter().filter(|(_, verdict)| is_held(verdict)).count(), 1);
    assert_eq!((stores.stock(plenty).await, stores.stock(scarce).await), (59, 0));
}

/// The database refuses the row of one: its neighbours are written again without it.
#[rstest]
#[tokio::test]
async fn an_order_that_the_database_refuses_does_not_fail_its_neighbours(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let stores = Stores::fresh(engine).await;
    let (sound, broken) = (
        stores.make_product(StockPolicy::Deny, 100).await,
        stores.make_product(StockPolicy::Deny, 100).await,
    );
    // a chain that does not end at the stock: the next movement is there already
    stores.sql_in_product("DELETE FROM movements").await.unwrap();
    stores.sql_in_product("UPDATE stock SET seq = 0").await.unwrap();
    let digits = broken.0.simple().to_string();
    let id = match engine {
        Sqlite => format!("x'{digits}'"),
        Postgres => format!("'{digits}'"),
    };
    let there = format!(
        "INSERT INTO movements (product_id, seq, reason, quantity_milli, before_milli, after_milli, at) \
         VALUES ({id}, 1, 'receive', 1000, 0, 1000, '2026-01-01T00:00:00+00:00')"
    );
    stores.sql_in_product(&there).await.unwrap();

    let decided = join_all((0..40).map(async |index| {
        let product = if index == 7 { broken } else { sound };
        stores.product.decide(stores.order_id(&key()), &question(&[(product, 1)]), no_hurry()).await
    }))
    .await;

    for (index, decision) in decided.into_iter().enumerate() {
        match index {
            7 => assert!(decision.is_err(), "{decision:?}"),
            _ => assert!(is_held(&decision.unwrap().verdict)),
        }
    }
    assert_eq!((stores.stock(sound).await, stores.stock(broken).await), (61, 100));
}

/// What the server says of one, though we have no name for it, is not of the others.
#[tokio::test]
async fn an_order_that_hits_a_damaged_page_does_not_fail_its_neighbours() {
    let stores = Stores::fresh(Postgres).await;
    let id = stores.make_product(StockPolicy::Deny, 100).await;
    let keys: Vec<_> = (0..40).map(|_| key()).collect();
    let damaged = format!(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.key = '{}' THEN RAISE EXCEPTION 'invalid page' USING ERRCODE = 'XX001'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER spoil BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION spoil()",
        keys[7].as_str()
    );
    stores.sql_in_order(&damaged).await.unwrap();

    let driver = stores.replica();
    let asked = command(&[(id, 1)]);
    let intended = join_all(keys.iter().map(|key| driver.intend(key, &asked))).await;

    for (index, intended) in intended.into_iter().enumerate() {
        match index {
            7 => assert!(matches!(intended, Err(OrderError::OutcomeUnknown { .. })), "{intended:?}"),
            _ => assert!(intended.is_ok(), "{index}: {intended:?}"),
        }
    }
}

#[rstest]
#[tokio::test]
async fn of_deductions_at_once_each_is_told_its_own(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 20).await;
    let request = || Keyed { key: key(), hash: RequestHash::of("test", &fresh_key()).unwrap() };
    let requests: Vec<Keyed> = (0..30).map(|_| request()).collect();
    let ask = async || {
        join_all(
            requests
                .iter()
                .map(|request| stores.product.deduct(request, id, contract::Quantity::from_milli(1000))),
        )
        .await
    };

    let (first, again) = (ask().await, ask().await);

    let mut taken = 0;
    for (first, again) in first.into_iter().zip(again) {
        match (first, again) {
            (Ok(first), Ok(again)) => {
                assert_eq!((first.value, first.replayed, again.replayed), (again.value, false, true));
                taken += 1;
            }
            (Err(ProductError::Refused(first)), Err(ProductError::Refused(again))) => {
                assert_eq!((&first.value, first.replayed, again.replayed), (&again.value, false, true));
                assert!(matches!(first.value, Refusal::InsufficientStock { .. }));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((taken, stores.stock(id).await), (20, 0));
    let reused = Keyed { hash: request().hash, ..requests[0].clone() };
    let reused = stores.product.deduct(&reused, id, contract::Quantity::from_milli(1000)).await;
    assert!(matches!(reused, Err(ProductError::KeyReused)));
}

/// PostgreSQL alone: SQLite has one writer.
#[tokio::test]
async fn a_product_that_somebody_holds_keeps_up_its_own_orders_alone() {
    let stores = Stores::fresh(Postgres).await;
    let (held, free) =
        (stores.make_product(StockPolicy::Deny, 10).await, stores.make_product(StockPolicy::Deny, 100).await);
    let rival = stores.rival_holding(held).await;
    let decide = async |product| {
        let order = stores.order_id(&key());
        stores.product.decide(order, &question(&[(product, 1)]), no_hurry()).await.unwrap().verdict
    };

    let mut kept_up = std::pin::pin!(join_all((0..5).map(|_| decide(held))));
    tokio::select! {
        verdicts = &mut kept_up => panic!("they did not wait: {verdicts:?}"),
        () = waits_for_a_lock(stores.product_database.reader()) => {}
    }
    for _ in 0..20 {
        tokio::select! {
            verdicts = &mut kept_up => panic!("they did not wait: {verdicts:?}"),
            verdict = decide(free) => assert!(is_held(&verdict)),
        }
    }
    rival.rollback().await.unwrap();

    assert!(kept_up.await.iter().all(is_held));
    assert_eq!((stores.stock(held).await, stores.stock(free).await), (5, 80));
}

/// What waits in vain does so alone, also in a group that waits.
#[tokio::test]
async fn an_order_that_shares_a_group_with_one_that_waits_in_vain_is_decided() {
    let stores = Stores::fresh(Postgres).await;
    let product = stores.product_that_waits(600).await;
    let (held, soon_free) =
        (stores.make_product(StockPolicy::Deny, 10).await, stores.make_product(StockPolicy::Deny, 10).await);
    let (rival, passing_rival) = (stores.rival_holding(held).await, stores.rival_holding(soon_free).await);
    let decide = async |id| product.decide(stores.order_id(&key()), &question(&[(id, 1)]), no_hurry()).await;

    let in_one_group = async { tokio::join!(decide(held), decide(soon_free)) };
    let (decided, ()) = tokio::join!(in_one_group, async {
        waits_for_a_lock(stores.product_database.reader()).await;
        passing_rival.rollback().await.unwrap();
    });

    assert!(decided.0.is_err(), "{decided:?}");
    assert!(is_held(&decided.1.unwrap().verdict));
    rival.rollback().await.unwrap();
    assert_eq!((stores.stock(held).await, stores.stock(soon_free).await), (10, 9));
}

/// It is told at once, and does not wait with those whose product somebody holds.
#[tokio::test]
async fn an_order_of_a_product_that_is_not_there_waits_for_nobody() {
    let stores = Stores::fresh(Postgres).await;
    let held = stores.make_product(StockPolicy::Deny, 10).await;
    let nothing = contract::ProductId(uuid::Uuid::now_v7());
    let rival = stores.rival_holding(held).await;
    let decide = async |id| {
        let order = stores.order_id(&key());
        stores.product.decide(order, &question(&[(id, 1)]), no_hurry()).await.unwrap().verdict
    };

    let mut kept_up = std::pin::pin!(join_all((0..3).map(|_| decide(held))));
    tokio::select! {
        verdicts = &mut kept_up => panic!("they did not wait: {verdicts:?}"),
        () = waits_for_a_lock(stores.product_database.reader()) => {}
    }
    tokio::select! {
        verdicts = &mut kept_up => panic!("they did not wait: {verdicts:?}"),
        verdict = decide(nothing) => assert!(!is_held(&verdict)),
    }
    rival.rollback().await.unwrap();
    assert!(kept_up.await.iter().all(is_held));
}

/// A firewall forgets connections, a server restarts: a group that finds its own closed takes another.
#[tokio::test]
async fn connections_that_were_closed_while_nobody_used_them_fail_no_sale() {
    let stores = Stores::fresh(Postgres).await;
    let product = stores.make_product(StockPolicy::Deny, 100).await;
    let replica = stores.replica();
    let sell = async || replica.place(&key(), &command(&[(product, 1)])).await.unwrap();
    sell().await;
    for database in [&stores.product_database, &stores.order_database] {
        let closed = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'UNNEST|ROLLBACK|COMMIT'";
        let closed = Statement::from_string(DbBackend::Postgres, closed);
        let row = database.writer().query_one_raw(closed).await.unwrap().unwrap();
        assert!(row.try_get_by_index::<i64>(0).unwrap() > 0, "a sale has used a connection");
    }
    tokio::time::sleep(HEARD_OF).await;
    sell().await;
    assert_eq!(stores.stock(product).await, 98);
}
