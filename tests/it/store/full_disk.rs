//! A disk that is full for a while.

use platform::database::{Database, ErrorClass, StoreError};
use sea_orm::ConnectionTrait;

use crate::support::engine::{Databases, Engine, database_settings};

const ROW: &str = "INSERT INTO told VALUES (randomblob(100000))";

async fn write(database: &Database, statements: &[&str]) -> Result<(), StoreError> {
    let work = async |transaction: &sea_orm::DatabaseTransaction| {
        for statement in statements {
            transaction.execute_unprepared(statement).await?;
        }
        Ok::<(), StoreError>(())
    };
    database.write(work).await
}

/// SQLite rolls back by itself; what is told to be written afterwards must not end in a transaction that nobody commits.
#[tokio::test]
async fn what_is_told_after_a_full_disk_is_written() {
    let databases = Databases::empty(Engine::Sqlite).await;
    let settings = database_settings();
    let database = Database::connect("product", &databases.product_url, &settings).await.unwrap();
    write(&database, &["CREATE TABLE told (what)"]).await.unwrap();

    // as small as it is now
    let full = write(&database, &["PRAGMA max_page_count = 1", ROW]).await.unwrap_err();
    assert_eq!(full.class, ErrorClass::Unwritable, "{full:?}");
    write(&database, &["PRAGMA max_page_count = 1000000", "INSERT INTO nowhere VALUES (1)"])
        .await
        .unwrap_err();
    write(&database, &["PRAGMA max_page_count = 1000000", ROW]).await.unwrap();
    database.writer().execute_unprepared(ROW).await.unwrap();

    let stranger = Database::connect("product", &databases.product_url, &settings).await.unwrap();
    let sql = "SELECT count(*) AS rows FROM told";
    let rows =
        stranger.reader().query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql));
    assert_eq!(rows.await.unwrap().unwrap().try_get::<i64>("", "rows").unwrap(), 2);
}
