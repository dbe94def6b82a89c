//! Many decisions at once.

use contract::{ProductApi, RefusalCause, RefuseRequest, Verdict};
use futures_util::future::join_all;
use product::model::StockPolicy;
use rstest::rstest;

use crate::support::{
    engine::Engine::{self, Postgres, Sqlite},
    stores::{Stores, key, no_hurry, question},
};

#[rstest]
#[tokio::test]
async fn orders_of_several_products_in_opposite_orders_do_not_fail(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let stores = Stores::fresh(engine).await;
    let mut products = Vec::new();
    for _ in 0..4 {
        products.push(stores.make_product(StockPolicy::Deny, 100).await);
    }
    let there: Vec<_> = products.iter().map(|id| (*id, 1)).collect();
    let back: Vec<_> = there.iter().rev().copied().collect();

    let decisions = join_all((0..40).map(|index| {
        let lines = if index % 2 == 0 { &there } else { &back };
        let (order, request) = (stores.order_id(&key()), question(lines));
        let product = stores.product.clone();
        async move { product.decide(order, &request, no_hurry()).await }
    }))
    .await;

    for decision in decisions {
        assert!(matches!(decision.unwrap().verdict, Verdict::Held { .. }));
    }
    for id in products {
        assert_eq!(stores.stock(id).await, 60);
        let ledger = stores.product.movements(id, None, 100).await.unwrap();
        assert_eq!(ledger.len(), 41);
        assert!(
            ledger.windows(2).all(|pair| pair[0].before == pair[1].after && pair[0].seq == pair[1].seq + 1)
        );
    }
}

#[rstest]
#[tokio::test]
async fn the_last_pieces_are_sold_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 10).await;

    let decisions = join_all((0..40).map(|_| {
        let (order, request, product) =
            (stores.order_id(&key()), question(&[(id, 1)]), stores.product.clone());
        async move { product.decide(order, &request, no_hurry()).await.unwrap().verdict }
    }))
    .await;

    let held = decisions.iter().filter(|verdict| matches!(verdict, Verdict::Held { .. })).count();
    assert_eq!(held, 10);
    assert_eq!(stores.stock(id).await, 0);
}

#[rstest]
#[tokio::test]
async fn one_order_decided_many_times_at_once_is_decided_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 10).await;
    let order = stores.order_id(&key());
    let request = question(&[(id, 3)]);

    let decisions = join_all((0..16).map(|_| stores.product.decide(order, &request, no_hurry()))).await;

    let decisions: Vec<_> = decisions.into_iter().map(Result::unwrap).collect();
    assert!(decisions.iter().all(|decision| *decision == decisions[0]));
    assert_eq!(stores.stock(id).await, 7);
}

#[rstest]
#[tokio::test]
async fn of_a_refusal_and_a_decision_at_once_one_stands(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let id = stores.make_product(StockPolicy::Deny, 100).await;
    // without a product that is there nothing is locked: only the plain INSERT decides
    let nothing = contract::ProductId(uuid::Uuid::now_v7());
    let mut sold = 0;
    for round in 0..60 {
        let order = stores.order_id(&key());
        let request = question(&[if round % 2 == 0 { (id, 1) } else { (nothing, 1) }]);
        let refusal = RefuseRequest { request_hash: (round % 4 < 2).then(|| request.request_hash.clone()) };
        let decide = stores.product.decide(order, &request, no_hurry());
        let refuse = stores.product.refuse(order, &refusal, no_hurry());
        // who is polled first gets to the database first, more often than not
        let (decided, refused) = match round % 3 {
            0 => tokio::join!(decide, refuse),
            _ => {
                let (refused, decided) = tokio::join!(refuse, decide);
                (decided, refused)
            }
        };

        let decided = decided.unwrap();
        assert_eq!(decided, refused.unwrap(), "both are told the same");
        assert_eq!(stores.product.decide(order, &request, no_hurry()).await.unwrap(), decided);
        match decided.verdict {
            Verdict::Held { .. } => sold += 1,
            Verdict::Refused { cause, .. } => assert_ne!(cause, RefusalCause::TotalOutOfRange),
        }
    }
    assert_eq!(stores.stock(id).await, 100 - sold);
}
