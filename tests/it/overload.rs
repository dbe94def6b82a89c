//! Twice the load that the shop can carry: it sells on at its rate, turns the rest away at once, and is well right after.

use std::{collections::BTreeSet, time::Duration};

use platform::database::Database;
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::support::{
    audit::audit,
    engine::database_settings,
    shop::{
        Running,
        Shape::{self, AllOnSqlite, Split},
        Shop,
    },
    surge::{Surge, closed_loop, open_loop, within},
    wait::until,
};

/// What is held off here is more than the database can write. In groups it writes so much that a debug build, which shares two
/// cores with the customers, comes to the end of what it can answer at all, and sells less for every one that it turns away.
/// `bench overload` measures release builds as they are.
const ONE_BY_ONE: [(&str, &str); 1] = [("DATABASE__GROUPS__SIZE", "1")];
const PRODUCTS: usize = 8;
const TILLS: usize = 24;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED_FOR: Duration = Duration::from_secs(3);
/// More than twice, since it may carry more than was measured on a machine that was busier then.
const TIMES: f64 = 2.5;
const SURGE: Duration = Duration::from_secs(8);
/// Of the rate that the same run measured before: the customers take processor time from the shop. With
/// as many under way as `order.max_in_flight` alone allows it was 0.14.
const LEAST_SHARE_SOLD: f64 = 0.4;
/// Of all who ask, when twice as many ask as can be served.
const LEAST_SHARE_TURNED_AWAY: f64 = 0.1;
/// Who was let in while the shop was still finding out how much it carries may be told late.
const MOST_SHARE_UNKNOWN: f64 = 0.1;
/// Half and 99 of 100 of those who are turned away are told by then, on a busy machine.
const TOLD_SOON: Duration = Duration::from_millis(500);
const TOLD_WITHIN: Duration = Duration::from_millis(1500);
/// A sale once the load is gone.
const SOLD_WITHIN: Duration = Duration::from_millis(500);
const SETTLED_WITHIN: Duration = Duration::from_secs(20);
/// Keys that are looked up by the API; all are looked up in the tables.
const LOOKED_UP: usize = 40;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_twice_its_load_a_shop_sells_on_and_turns_the_rest_away(
    #[values(AllOnSqlite, Split)] shape: Shape,
) {
    let shop = shape.start_with(&ONE_BY_ONE).await;
    let mut products = Vec::new();
    for _ in 0..PRODUCTS {
        products.push(shop.make_product_id(json!({ "stock": 1_000_000 })).await);
    }
    let warm_up = closed_loop(&shop, &products, TILLS, WARM_UP).await;
    let carried = closed_loop(&shop, &products, TILLS, MEASURED_FOR).await;

    let surge = open_loop(&shop, &products, carried.sold_per_second() * TIMES, SURGE).await;
    let after = closed_loop(&shop, &products, 1, WARM_UP).await;

    print_figures(shape, &carried, &surge, &after);
    assert_sells_on(&carried, &surge);
    assert_turns_away(&surge);
    let sold = after.answered(201, "");
    assert_eq!(sold.len(), after.asked.len(), "it is well as soon as the load drops");
    assert!(within(0.5, &sold) < SOLD_WITHIN, "{:?}", within(0.5, &sold));
    assert_nothing_turned_away_is_sold(&shop, &[&warm_up, &carried, &surge, &after]).await;
}

fn print_figures(shape: Shape, carried: &Surge, surge: &Surge, after: &Surge) {
    let line = |what: &str, surge: &Surge, status: u16, code: &str| {
        let asked = surge.answered(status, code);
        let (half, most) = (within(0.5, &asked), within(0.99, &asked));
        println!("{what}: {} of {}, p50 {half:?}, p99 {most:?}", asked.len(), surge.asked.len());
    };
    let (rate, on) = (carried.sold_per_second(), surge.sold_per_second());
    println!(
        "{shape:?}: carries {rate:.0}/s; asked for {TIMES} times that it sells {on:.0}/s, {:.2} of it",
        on / rate
    );
    line("sold before", carried, 201, "");
    line("sold in the surge", surge, 201, "");
    line("turned away", surge, 503, "overloaded");
    line("unknown", surge, 503, "outcome_unknown");
    line("sold after", after, 201, "");
}

fn assert_sells_on(carried: &Surge, surge: &Surge) {
    let share = surge.sold_per_second() / carried.sold_per_second();
    assert!(share >= LEAST_SHARE_SOLD, "it sells on at {share:.2} of its rate");
}

fn assert_turns_away(surge: &Surge) {
    let turned_away = surge.answered(503, "overloaded");
    let share = |count: usize| count as f64 / surge.asked.len() as f64;
    assert!(share(turned_away.len()) >= LEAST_SHARE_TURNED_AWAY, "{} turned away", turned_away.len());
    for asked in &turned_away {
        assert_eq!(asked.reply.clone().with_problem(503, "overloaded")["outcome"], "none");
    }
    let (half, most) = (within(0.5, &turned_away), within(0.99, &turned_away));
    assert!(half < TOLD_SOON && most < TOLD_WITHIN, "told after {half:?}, {most:?}");
    let unknown = surge.answered(503, "outcome_unknown").len();
    assert!(share(unknown) <= MOST_SHARE_UNKNOWN, "{unknown} unknown");
    let told = surge.answered(201, "").len() + turned_away.len() + unknown;
    let others = surge.asked.iter().filter(|asked| !matches!(asked.reply.status, 201 | 503));
    assert_eq!(told, surge.asked.len(), "{:?}", others.map(|asked| &asked.reply.text).next());
}

/// Nor is there an order of it that could be; and whatever was let in is decided and adds up.
async fn assert_nothing_turned_away_is_sold(shop: &Running, surges: &[&Surge]) {
    until("nothing is pending", SETTLED_WITHIN, async || {
        let pending = Shop::walk(shop.order(), "/orders?status=pending&limit=200").await;
        pending.is_empty().then_some(())
    })
    .await;
    let databases = shop.databases();
    let keys = keys_of_orders(&databases.order_url).await;
    let turned_away: Vec<_> =
        surges.iter().flat_map(|surge| surge.answered(503, "overloaded")).map(|asked| &asked.key).collect();
    let sold_later: Vec<_> = turned_away.iter().filter(|key| keys.contains(**key)).collect();
    assert!(sold_later.is_empty(), "turned away, and there are orders: {sold_later:?}");
    for key in turned_away.iter().take(LOOKED_UP) {
        let found = shop.order().get(&format!("/orders?key={key}")).await.with_status(200);
        assert_eq!(found["items"], json!([]));
    }
    let sold: Vec<_> = surges.iter().flat_map(|surge| surge.answered(201, "")).collect();
    assert!(sold.iter().all(|asked| keys.contains(&asked.key)), "a sale that was told is lost");
    let found = audit(&databases.product_url, &databases.order_url).await;
    let unknown: usize = surges.iter().map(|surge| surge.answered(503, "outcome_unknown").len()).sum();
    assert_eq!((found.pending, found.held), (0, found.confirmed));
    assert!((sold.len()..=sold.len() + unknown).contains(&found.confirmed), "{found:?}, {} told", sold.len());
}

async fn keys_of_orders(url: &str) -> BTreeSet<String> {
    let database = Database::connect("test", url, &database_settings()).await.unwrap();
    let statement = Statement::from_string(database.backend(), "SELECT key FROM orders");
    let rows = database.reader().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "key").unwrap()).collect()
}
