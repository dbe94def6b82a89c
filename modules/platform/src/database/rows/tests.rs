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
    let mut writes = Writes::to(DbBackend::Sqlite);
    writes.insert("as_rows", rows);
    writes.execute(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let both = "SELECT * FROM as_rows INTERSECT SELECT * FROM as_values ORDER BY flag DESC";
    let both = Statement::from_string(DbBackend::Sqlite, both);
    let arrived: Vec<Row> = writer.query_all_raw(both).await.unwrap().iter().map(read).collect();
    assert_eq!(arrived, sent);
}

/// Numbered on from table to table; where there may be nothing, what stands for it is taken for it.
#[test]
fn postgres_is_sent_arrays_column_by_column() {
    const STOCK: [Column; 2] = [Column::new("id", Kind::Uuid), Column::optional("level", Kind::BigInt)];
    const NOTES: [Column; 2] = [Column::optional("note", Kind::Text), Column::optional("hash", Kind::Bytes)];
    let (mut stock, mut notes) = (Rows::of(&STOCK), Rows::of(&NOTES));
    assert!(stock.is_empty());
    stock.push([Uuid::max().into(), 7_i64.into()]);
    stock.push([Uuid::max().into(), None::<i64>.into()]);
    notes.push([None::<String>.into(), None::<Vec<u8>>.into()]);
    assert_eq!((stock.names(), stock.is_empty()), ("id, level".to_owned(), false));

    let mut sent = Sent::to(DbBackend::Postgres);
    let (stock, notes) = (sent.table(stock), sent.table(notes));
    assert_eq!(stock.has("level", "stock.level"), "stock.level = ANY($2::bigint[])");
    assert_eq!(
        stock.to_string(),
        "(SELECT c1 AS id, NULLIF(c2, '-9223372036854775808') AS level FROM UNNEST($1::uuid[], $2::bigint[]) AS sent(c1, c2))"
    );
    assert_eq!(
        notes.to_string(),
        "(SELECT NULLIF(c3, '') AS note, NULLIF(c4, '') AS hash FROM UNNEST($3::text[], $4::bytea[]) AS sent(c3, c4))"
    );
    let array = |of, values: Vec<Value>| Value::Array(of, Some(Box::new(values)));
    let values = sent.statement("SELECT 1").values.unwrap().0;
    assert_eq!(
        values,
        [
            array(ArrayType::Uuid, vec![Uuid::max().into(), Uuid::max().into()]),
            array(ArrayType::BigInt, vec![7_i64.into(), i64::MIN.into()]),
            array(ArrayType::String, vec!["".into()]),
            array(ArrayType::Bytes, vec![Vec::<u8>::new().into()]),
        ]
    );
}
