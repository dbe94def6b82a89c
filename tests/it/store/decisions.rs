//! The decision about an order is written once, and whatever comes first stands.

use contract::{ProductApi, ProductApiError, RefusalCause, RefuseRequest, Verdict};
use product::model::StockPolicy;
use rstest::rstest;

use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    stores::{Stores, key, no_hurry, question},
};

fn is_held(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Held { .. })
}

fn is_given_up(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Refused { cause: RefusalCause::GivenUp, .. })
}

#[rstest]
#[tokio::test]
async fn a_decision_is_made_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 10).await;
    let order = stores.order_id(&key());

    let first = stores.product.decide(order, &question(&[(id, 4)]), no_hurry()).await.unwrap();
    let again = stores.product.decide(order, &question(&[(id, 4)]), no_hurry()).await.unwrap();

    assert!(is_held(&first.verdict));
    assert_eq!(again, first, "also to the time of it");
    assert_eq!(stores.stock(id).await, 6);
    let other = stores.product.decide(order, &question(&[(id, 5)]), no_hurry()).await;
    assert!(matches!(other, Err(ProductApiError::KeyReused)), "{other:?}");
    assert_eq!(stores.stock(id).await, 6);
}

#[rstest]
#[tokio::test]
async fn a_refusal_is_final_when_stock_has_come(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 1).await;
    let order = stores.order_id(&key());
    let refused = stores.product.decide(order, &question(&[(id, 2)]), no_hurry()).await.unwrap();
    stores.sql_in_product("UPDATE stock SET quantity_milli = 9000").await.unwrap();

    let again = stores.product.decide(order, &question(&[(id, 2)]), no_hurry()).await.unwrap();

    assert!(!is_held(&refused.verdict));
    assert_eq!(again, refused);
    assert_eq!(stores.stock(id).await, 9);
}

#[rstest]
#[tokio::test]
async fn giving_up_fences_off_a_late_decision(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 10).await;
    let hash = Some(question(&[(id, 1)]).request_hash);
    for request_hash in [hash, None] {
        let order = stores.order_id(&key());

        let given_up =
            stores.product.refuse(order, &RefuseRequest { request_hash }, no_hurry()).await.unwrap();
        let late = stores.product.decide(order, &question(&[(id, 1)]), no_hurry()).await.unwrap();

        assert!(is_given_up(&given_up.verdict));
        assert_eq!(late, given_up);
    }
    assert_eq!(stores.stock(id).await, 10);
}

#[rstest]
#[tokio::test]
async fn a_decision_is_not_undone_by_giving_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 10).await;
    let order = stores.order_id(&key());
    let held = stores.product.decide(order, &question(&[(id, 1)]), no_hurry()).await.unwrap();

    for request_hash in [Some(question(&[(id, 1)]).request_hash), None] {
        let stands = stores.product.refuse(order, &RefuseRequest { request_hash }, no_hurry()).await.unwrap();
        assert_eq!(stands, held);
    }
    let other = RefuseRequest { request_hash: Some(question(&[(id, 2)]).request_hash) };
    let other = stores.product.refuse(order, &other, no_hurry()).await;
    assert!(matches!(other, Err(ProductApiError::KeyReused)), "{other:?}");
    assert_eq!(stores.stock(id).await, 9);
}

#[rstest]
#[tokio::test]
async fn an_order_takes_its_lines_together_or_not_at_all(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let (a, b) =
        (stores.make_product(StockPolicy::Deny, 10).await, stores.make_product(StockPolicy::Flag, 0).await);
    let service = stores.make_product(StockPolicy::Untracked, 0).await;
    let short = stores.make_product(StockPolicy::Deny, 1).await;
    let decide = async |lines: &[_]| {
        let order = stores.order_id(&key());
        stores.product.decide(order, &question(lines), no_hurry()).await.unwrap().verdict
    };

    let Verdict::Held { lines, total_minor } = decide(&[(b, 2), (service, 1), (a, 3)]).await else {
        panic!("refused");
    };

    let told: Vec<_> =
        lines.iter().map(|line| (line.product_id, line.total_minor, line.flagged, line.tracked)).collect();
    assert_eq!(told, [(b, 500, true, true), (service, 250, false, false), (a, 750, false, true)]);
    assert_eq!(total_minor, 1500);
    assert!(!is_held(&decide(&[(a, 1), (short, 2)]).await));
    assert!(is_held(&decide(&[(a, 1), (short, 1)]).await));
    assert_eq!((stores.stock(a).await, stores.stock(b).await, stores.stock(short).await), (6, -2, 0));
    let ledger = stores.product.movements(a, None, 10).await.unwrap();
    let chain: Vec<_> = ledger.iter().map(|movement| (movement.seq, movement.after.milli())).collect();
    assert_eq!(chain, [(3, 6000), (2, 7000), (1, 10_000)]);
}
