//! An order can contradict its decision and its key in more ways than one.

use std::collections::BTreeSet;

use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{ByHand, report};
use crate::support::{
    engine::{
        Databases,
        Engine::{self, Postgres, Sqlite},
    },
    shop::{Running, text},
};

/// The line's total stays what it was.
const HALF_AS_MUCH_FOR_TWICE_THE_PRICE: &str = "UPDATE order_lines SET quantity_milli = quantity_milli / 2, unit_price_minor = unit_price_minor * 2 \
     WHERE order_id = {} AND line_no = 0";
const ANOTHER_KEY: &str = "UPDATE orders SET key = 'of-another-order' WHERE id = {}";

#[rstest]
#[case::quantity_and_price("I7", HALF_AS_MUCH_FOR_TWICE_THE_PRICE)]
#[case::the_key("I10", ANOTHER_KEY)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finds_what_contradicts(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] invariant: &str,
    #[case] contradiction: &str,
) {
    let mut shop = Running::all(Databases::migrated(engine).await).await;
    let stocked = json!({ "stock": 5 });
    let products = [shop.make_product_id(stocked.clone()).await, shop.make_product_id(stocked).await];
    let lines = products.each_ref().map(|product| (product.as_str(), 1.0));
    let order = text(&shop.place(&lines).await.with_status(201)["id"]);
    shop.processes[0].kill();
    let hand = ByHand::open(shop.databases()).await;

    let sql = contradiction.replace("{}", &hand.id(&order));
    hand.order.writer().execute_unprepared(&sql).await.unwrap();

    let (report, broken) = report(shop.databases());
    assert_eq!(broken, BTreeSet::from([invariant.to_owned()]), "{report:#}");
}
