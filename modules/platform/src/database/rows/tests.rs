use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, TransactionTrait};

use super::*;
use crate::{
    clock,
    database::{scratch::Scratch, writes::Writes},
};

const EVERY_KIND: [Column; 8] = [
    Column::new("id", Kind::Uuid),
    Column::new("name", Kind::Text),
    Column::new("number", Kind::BigInt),
    Column::new("flag", Kind::Bool),
    Column::new("at", Kind::Time),
    Column::optional("hash", Kind::Bytes),
    Column::optional("note", Kind::Text),
    Column::optional("other", Kind::BigInt),
];

type Row = (Uuid, String, i64, bool, DateTime<Utc>, Option<Vec<u8>>, Option<String>, Option<i64>);

fn read(row: &QueryResult) -> Row {
    (
        row.try_get_by_index(0).unwrap(),
        row.try_get_by_index(1).unwrap(),
        row.try_get_by_index(2).unwrap(),
        row.try_get_by_index(3).unwrap(),
        row.try_get_by_index(4).unwrap(),
        row.try_get_by_index(5).unwrap(),
        row.try_get_by_index(6).unwrap(),
        row.try_get_by_index(7).unwrap(),
    )
}

/// What goes in as rows and what goes in by the driver, value by value, are the same to SQLite, byte for byte.
#[tokio::test]
async fn every_kind_arrives_as_the_driver_itself_would_have_written_it() {
    let scratch = Scratch::open().await;
    let writer = scratch.database.writer();
    let columns =
        "id BLOB, name TEXT, number INTEGER, flag INTEGER, at TEXT, hash BLOB, note TEXT, other INTEGER";
    for table in ["as_rows", "as_values"] {
        let create = format!("CREATE TABLE {table} ({columns}) STRICT");
        writer.execute_unprepared(&create).await.unwrap();
    }
    let whole = (Uuid::now_v7(), "Crème \"brûlée\" 🍮 007".to_owned(), i64::MAX, true, clock::now());
    let sent: [Row; 2] = [
        (
            whole.0,
            whole.1.clone(),
            whole.2,
            whole.3,
            whole.4,
            Some(vec![0, 255, 7]),
            Some("12".into()),
            Some(-1),
        ),
        (whole.0, whole.1, i64::MIN + 1, false, DateTime::UNIX_EPOCH, None, None, None),
    ];
    let mut rows = Rows::of(&EVERY_KIND);
    for (id, name, number, flag, at, hash, note, other) in sent.clone() {
        let cells: [Value; 8] = [
            id.into(),
            name.into(),
            number.into(),
            flag.into(),
            at.into(),
            hash.into(),
            note.into(),
            other.into(),
        ];
        rows.push(cells.clone());
        let text = "INSERT INTO as_values VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        writer.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, text, cells)).await.unwrap();
    }
    let transaction = writer.begin().await.unwrap();
    let mut writes = Writes::within(&transaction);
    writes.insert("as_rows", rows);
    writes.execute().await.unwrap();
    transaction.commit().await.unwrap();
    let both = "SELECT * FROM as_rows INTERSECT SELECT * FROM as_values ORDER BY flag DESC";
    let both = Statement::from_string(DbBackend::Sqlite, both);
    let arrived: Vec<Row> = writer.query_all_raw(both).await.unwrap().iter().map(read).collect();
    assert_eq!(arrived, sent);
}
