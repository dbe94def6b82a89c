//! Products that are read by their ids at the same time share a statement, and each caller is told its own.

use contract::{ProductId, Quantity};
use futures_util::future::join_all;
use platform::idempotency::{Keyed, RequestHash};
use product::{
    ProductError,
    model::{Refusal, StockPolicy},
};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    client::fresh_key,
    engine::Engine::{self, Postgres, Sqlite},
    stores::{Stores, key},
};

fn request() -> Keyed {
    Keyed { key: key(), hash: RequestHash::of("test", &fresh_key()).unwrap() }
}

#[rstest]
#[tokio::test]
async fn of_products_read_at_once_each_is_told_to_its_reader(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let (mut products, archived) = (Vec::new(), stores.make_product(StockPolicy::Deny, 1).await);
    for stock in 0..20 {
        products.push(stores.make_product(StockPolicy::Deny, stock).await);
    }
    stores.product.archive(&request(), archived, None).await.unwrap();
    let unknown = ProductId(Uuid::now_v7());

    let asked = join_all((0..200).map(|index| stores.product.get(products[index % 20], false)));
    let others = join_all([
        stores.product.get(unknown, true),
        stores.product.get(archived, false),
        stores.product.get(archived, true),
    ]);
    let (asked, others) = tokio::join!(asked, others);

    for (index, product) in asked.into_iter().enumerate() {
        let product = product.unwrap();
        let wanted = index % 20;
        assert_eq!((product.id, product.stock.milli()), (products[wanted], wanted as i64 * 1000));
    }
    let told: Vec<_> = others.into_iter().map(|told| told.map(|product| product.id)).collect();
    for (told, missing) in told[..2].iter().zip([unknown, archived]) {
        let Err(ProductError::Refused(refusal)) = told else { panic!("{told:?}") };
        assert_eq!(refusal.value, Refusal::NotFound(missing));
    }
    assert_eq!(*told[2].as_ref().unwrap(), archived);
}

/// What was answered is there for whoever asks after it, whatever group that is in.
#[rstest]
#[tokio::test]
async fn a_read_sees_what_was_acknowledged_before_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let stores = Stores::fresh(engine).await;
    let product = stores.make_product(StockPolicy::Deny, 100).await;
    let readers = join_all((0..8).map(async |_| {
        let mut before = i64::MAX;
        for _ in 0..40 {
            let stock = stores.stock(product).await;
            assert!(stock <= before, "{stock} after {before}");
            before = stock;
        }
    }));
    let writer = async {
        for left in (60..100).rev() {
            let one = Quantity::from_milli(1000);
            let told = stores.product.deduct(&request(), product, one).await.unwrap().value;
            assert_eq!(told.quantity.milli(), left * 1000);
            assert_eq!(stores.stock(product).await, left);
        }
    };
    tokio::join!(readers, writer);
}
