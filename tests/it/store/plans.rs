//! How the statements of a sale find their rows. Their plans are made once, maybe while the shop was small.

use std::time::Duration;

use contract::ProductId;
use platform::{database::Database, settings::DatabaseSettings};
use product::model::StockPolicy;
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{
    engine::{Engine::Postgres, database_settings},
    stores::{Stores, command, key},
};

/// What an import, an outage and a year of sales bring.
const GROWN: [&str; 2] = [
    "INSERT INTO products (id, name, price_minor, archived, version, created_at, updated_at) \
     SELECT gen_random_uuid(), 'Tea', 100, false, 1, now(), now() FROM generate_series(1, ROWS); \
     INSERT INTO stock (product_id, policy, quantity_milli, seq, archived) \
     SELECT id, 'deny', 0, 0, false FROM products WHERE name = 'Tea'; \
     INSERT INTO deductions (order_id, outcome, cause, refusals, decided_at) \
     SELECT gen_random_uuid(), 'refused', 'given_up', '[]', now() FROM generate_series(1, ROWS)",
    "INSERT INTO orders (id, key, status, created_at, decide_by, next_try_at, tries) \
     SELECT gen_random_uuid(), gen_random_uuid()::text, 'pending', now(), now(), now() + interval '1 day', 0 \
     FROM generate_series(1, ROWS); \
     INSERT INTO remembered_answers (key, request_hash, answer, created_at) \
     SELECT gen_random_uuid()::text, decode(repeat('ab', 32), 'hex'), '1', now() FROM generate_series(1, ROWS)",
];
const ROWS: &str = "20000";
const FIRST_PRODUCTS: usize = 20;
const SALES: i64 = 10;
/// Rows and index entries that a sale of one line may read: some twenty are looked up, each by one or two indexes.
const TOUCHED: i64 = 200;
/// The server adds up what its processes have read once a second, as they end a transaction.
const ADDED_UP: Duration = Duration::from_millis(1200);

#[tokio::test]
async fn a_sale_reads_its_own_rows_also_where_the_shop_has_grown_since_it_opened() {
    let one_connection = DatabaseSettings { max_connections: 1, ..database_settings() };
    let stores = Stores::connected_by(Postgres, one_connection).await;
    let mut product = stores.make_product(StockPolicy::Deny, 100).await;
    for _ in 0..FIRST_PRODUCTS {
        product = stores.make_product(StockPolicy::Deny, 100).await;
    }
    let replica = stores.replica();
    let sell = async || {
        replica.place(&key(), &command(&[(product, 1)])).await.unwrap();
    };
    // plans are made before the server knows how small it is, and after
    for sql in ["ANALYZE", "SELECT 1"] {
        for _ in 0..SALES {
            sell().await;
        }
        stores.sql_in_product(sql).await.unwrap();
        stores.sql_in_order(sql).await.unwrap();
    }
    stores.sql_in_product(&GROWN[0].replace("ROWS", ROWS)).await.unwrap();
    stores.sql_in_order(&GROWN[1].replace("ROWS", ROWS)).await.unwrap();

    let before = rows_read(&stores, &sell).await;
    for _ in 1..SALES {
        sell().await;
    }
    let after = rows_read(&stores, &sell).await;

    for (before, after) in before.into_iter().zip(after) {
        let read = (after - before) / SALES;
        assert!((1..=TOUCHED).contains(&read), "a sale reads {read} rows: {before} {after}");
    }
}

/// Of both databases, after another sale.
async fn rows_read(stores: &Stores, sell: impl AsyncFn()) -> [i64; 2] {
    tokio::time::sleep(ADDED_UP).await;
    sell().await;
    let mut read = [0, 0];
    for (read, database) in read.iter_mut().zip([&stores.product_database, &stores.order_database]) {
        database.reader().execute_unprepared("SELECT 1").await.unwrap();
        *read = sum_of_rows_read(database).await;
    }
    read
}

async fn sum_of_rows_read(database: &Database) -> i64 {
    let sum = "SELECT sum(tables.seq_tup_read)::bigint + (SELECT sum(idx_tup_read + idx_tup_fetch)::bigint FROM pg_stat_user_indexes) \
         FROM pg_stat_user_tables AS tables";
    let statement = Statement::from_string(database.backend(), sum);
    let row = database.reader().query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// What the migration `room_for_levels` is for: the pages of a table that was filled at one go are not full.
#[tokio::test]
async fn a_level_changes_in_its_page_and_no_index_with_it() {
    let stores = Stores::fresh(Postgres).await;
    let fill = "INSERT INTO products (id, name, price_minor, archived, version, created_at, updated_at) \
        SELECT gen_random_uuid(), 'Tea', 100, false, 1, now(), now() FROM generate_series(1, 3000); \
        INSERT INTO stock (product_id, policy, quantity_milli, seq, archived) \
        SELECT id, 'allow', 0, 0, false FROM products";
    stores.sql_in_product(fill).await.unwrap();
    let database = &stores.product_database;
    let one_of_each_page =
        "SELECT DISTINCT ON ((ctid::text::point)[0]) product_id FROM stock ORDER BY (ctid::text::point)[0]";
    let ids = Statement::from_string(database.backend(), one_of_each_page);
    let ids = database.reader().query_all_raw(ids).await.unwrap();
    let ids: Vec<ProductId> = ids.iter().map(|row| ProductId(row.try_get_by_index(0).unwrap())).collect();
    let replica = stores.replica();
    for three in ids.chunks(3) {
        let lines: Vec<_> = three.iter().map(|id| (*id, 1)).collect();
        replica.place(&key(), &command(&lines)).await.unwrap();
    }
    tokio::time::sleep(ADDED_UP).await;
    replica.place(&key(), &command(&[(ids[0], 1)])).await.unwrap();
    let changed = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'stock'";
    let changed = Statement::from_string(database.backend(), changed);
    let row = database.reader().query_one_raw(changed).await.unwrap().unwrap();
    let (all, in_place): (i64, i64) = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
    assert!(all >= 20 && in_place == all, "{in_place} of {all}");
}
