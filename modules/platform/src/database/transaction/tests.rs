use std::cell::Cell;

use sea_orm::{ConnectionTrait, Statement};

use super::*;
use crate::database::{
    ErrorClass,
    scratch::{Scratch, TRIES},
};

/// How often work was run that fails so many times, and whether it came to a good end.
async fn runs(database: &Database, failures: u32, class: ErrorClass) -> (u32, bool) {
    let runs = Cell::new(0);
    let written = database
        .write(async |_| {
            runs.set(runs.get() + 1);
            assert!(runs.get() <= 2 * TRIES, "it is redone for ever");
            match runs.get() > failures {
                true => Ok(()),
                false => Err(StoreError { class: class.clone(), ..StoreError::corrupt("as it was told") }),
            }
        })
        .await;
    (runs.get(), written.is_ok())
}

async fn names(database: &Database) -> i64 {
    let count = Statement::from_string(database.backend(), "SELECT count(*) AS names FROM name");
    database.reader().query_one_raw(count).await.unwrap().unwrap().try_get("", "names").unwrap()
}

#[tokio::test]
async fn contention_is_redone_as_often_as_is_set_and_nothing_else_is() {
    let scratch = Scratch::open().await;
    assert_eq!(runs(&scratch.database, 0, ErrorClass::Contention).await, (1, true));
    assert_eq!(runs(&scratch.database, TRIES - 1, ErrorClass::Contention).await, (TRIES, true));
    assert_eq!(runs(&scratch.database, TRIES, ErrorClass::Contention).await, (TRIES, false));
    assert_eq!(runs(&scratch.database, 1, ErrorClass::Other).await, (1, false));
}

#[tokio::test]
async fn what_failed_leaves_nothing_behind() {
    let scratch = Scratch::open().await;
    scratch.database.writer().execute_unprepared("CREATE TABLE name (name TEXT)").await.unwrap();
    for (is_well, expected) in [(false, 0), (true, 1)] {
        let written = scratch.database.write(async |transaction| {
            transaction.execute_unprepared("INSERT INTO name VALUES ('Beans')").await?;
            if is_well { Ok(()) } else { Err(StoreError::corrupt("no")) }
        });
        assert_eq!(written.await.is_ok(), is_well);
        assert_eq!(names(&scratch.database).await, expected);
    }
}

/// Else both would read, and then one could not write.
#[tokio::test]
async fn only_one_may_have_begun() {
    let scratch = Scratch::open().await;
    let stranger = scratch.stranger().await;
    let theirs = async || stranger.write(async |_| Ok::<_, StoreError>(())).await;
    let meanwhile = scratch.database.write(async |_| Ok::<_, StoreError>(theirs().await)).await.unwrap();
    assert!(meanwhile.is_err_and(|error| error.is_contention()));
    theirs().await.unwrap();
}

#[tokio::test]
async fn a_statement_alone_is_written_once_or_told_what_was_in_its_way() {
    let scratch = Scratch::open().await;
    let database = &scratch.database;
    database.writer().execute_unprepared("CREATE TABLE name (name TEXT)").await.unwrap();
    let insert =
        || Statement::from_string(database.backend(), "INSERT INTO name VALUES ('Beans') RETURNING name");
    let stranger = scratch.stranger().await;
    let ours = async || database.write_statement(insert()).await;
    let meanwhile = stranger.write(async |_| Ok::<_, StoreError>(ours().await)).await.unwrap();
    assert!(meanwhile.is_err_and(|error| error.is_contention()));
    assert_eq!(ours().await.unwrap().len(), 1);
    assert_eq!(names(database).await, 1);
}

#[test]
fn a_pause_is_longer_with_each_try_up_to_a_bound() {
    for (tries, longest_ms) in [(1, 4), (2, 8), (6, 128), (7, 128), (99, 128)] {
        let drawn: Vec<u128> = (0..2000).map(|_| pause(tries).as_millis()).collect();
        assert_eq!(drawn.iter().min(), Some(&1), "{tries}");
        let most = *drawn.iter().max().unwrap();
        assert!(longest_ms / 2 < most && most <= longest_ms, "{most} ms after try {tries}");
    }
}
