//! Many rows as the parameters of one statement, whose text stays the same however many they are: arrays that PostgreSQL
//! unnests, one JSON text that SQLite reads. A list of values that grows with the rows would be another statement each time,
//! to be parsed and planned anew.

use std::fmt;

use chrono::SecondsFormat;
use sea_orm::{DbBackend, Statement, Value, sea_query::ArrayType};
use uuid::Uuid;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Uuid,
    Text,
    BigInt,
    Bool,
    Bytes,
    Time,
}

/// A column of rows that are sent.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    name: &'static str,
    kind: Kind,
    optional: bool,
}

/// Rows to be sent, each with a value for every column.
pub struct Rows {
    columns: &'static [Column],
    /// Column by column.
    cells: Vec<Vec<Value>>,
}

/// What goes with one statement: rows, as its parameters.
pub struct Sent {
    backend: DbBackend,
    values: Vec<Value>,
}

/// Rows that are sent, as a table: written into a FROM as it stands.
pub struct Table {
    text: String,
    /// On PostgreSQL.
    arrays: Vec<(&'static str, String)>,
}

impl Column {
    /// One that every row has a value for.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: false }
    }

    /// One whose values may be null; of any kind but `Bool` and `Time`. The driver's arrays hold no null: an empty text stands
    /// for it there, no bytes, the nil UUID and the least of all numbers.
    pub const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: true }
    }
}

impl Rows {
    /// None yet, of these columns.
    pub fn of(columns: &'static [Column]) -> Self {
        Self { columns, cells: columns.iter().map(|_| Vec::new()).collect() }
    }

    /// Adds a row; its values in the order of the columns.
    pub fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(N, self.columns.len());
        for (cells, value) in self.cells.iter_mut().zip(row) {
            cells.push(value);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.cells.first().is_none_or(Vec::is_empty)
    }

    /// The statement whose text `text` makes of the rows as a table, for its FROM. It has no other parameters.
    pub fn statement(self, backend: DbBackend, text: impl FnOnce(&Table) -> String) -> Statement {
        let mut sent = Sent::to(backend);
        let table = sent.table(self);
        sent.statement(text(&table))
    }

    /// The names of its columns, for an INSERT and what it selects.
    pub fn names(&self) -> String {
        listed(self.columns.iter().map(|column| column.name.to_owned()))
    }
}

impl Sent {
    /// Nothing yet, for this database.
    pub fn to(backend: DbBackend) -> Self {
        Self { backend, values: Vec::new() }
    }

    pub fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Adds rows; answers them as a table.
    pub fn table(&mut self, rows: Rows) -> Table {
        let first = self.values.len() + 1;
        match self.backend {
            DbBackend::Postgres => {
                let cells = rows.columns.iter().zip(rows.cells);
                self.values.extend(cells.map(|(column, cells)| array(column.kind, cells)));
                unnested(rows.columns, first)
            }
            _ => {
                self.values.push(json(&rows.cells).into());
                Table { text: read_from_json(rows.columns, first), arrays: Vec::new() }
            }
        }
    }

    /// The statement; it has no other parameters.
    pub fn statement(self, text: impl Into<String>) -> Statement {
        Statement::from_sql_and_values(self.backend, text, self.values)
    }
}

impl Table {
    /// A condition that a join of `column` with the rows' `name` implies. Said as well, PostgreSQL finds those by their key even with
    /// a plan that it made when there were so few that it read them all.
    pub fn has(&self, name: &str, column: &str) -> String {
        match self.arrays.iter().find(|(array, _)| *array == name) {
            Some((_, array)) => format!("{column} = ANY({array})"),
            None => {
                debug_assert!(self.arrays.is_empty(), "the rows have no column {name}");
                "true".to_owned()
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn unnested(columns: &[Column], first: usize) -> Table {
    let sent = columns.iter().zip(first..);
    let read = sent.clone().map(|(Column { name, kind, optional }, number)| match optional {
        true => format!("NULLIF(c{number}, '{}') AS {name}", kind.nothing()),
        false => format!("c{number} AS {name}"),
    });
    let arrays: Vec<_> = sent
        .clone()
        .map(|(column, number)| (column.name, format!("${number}::{}[]", column.kind.in_postgres())))
        .collect();
    let names = sent.map(|(_, number)| format!("c{number}"));
    let unnest = listed(arrays.iter().map(|(_, array)| array.clone()));
    let text = format!("(SELECT {} FROM UNNEST({unnest}) AS sent({}))", listed(read), listed(names));
    Table { text, arrays }
}

/// SQLite has no type for ids and bytes in JSON: they are sent in hexadecimal digits.
fn read_from_json(columns: &[Column], parameter: usize) -> String {
    let read = columns.iter().zip(0..).map(|(Column { name, kind, .. }, place)| match kind {
        Kind::Uuid | Kind::Bytes => format!("unhex(value ->> {place}) AS {name}"),
        Kind::Text | Kind::BigInt | Kind::Bool | Kind::Time => format!("value ->> {place} AS {name}"),
    });
    format!("(SELECT {} FROM json_each(${parameter}))", listed(read))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

impl Kind {
    const fn in_postgres(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::BigInt => "bigint",
            Self::Bool => "boolean",
            Self::Bytes => "bytea",
            Self::Time => "timestamptz",
        }
    }

    /// What stands for null in an array, as PostgreSQL reads it.
    const fn nothing(self) -> &'static str {
        match self {
            Self::Uuid => "00000000-0000-0000-0000-000000000000",
            Self::BigInt => "-9223372036854775808",
            Self::Text | Self::Bytes | Self::Bool | Self::Time => "",
        }
    }
}

fn array(kind: Kind, cells: Vec<Value>) -> Value {
    let filled = cells.into_iter().map(|value| match value {
        Value::Uuid(None) => Value::from(Uuid::nil()),
        Value::String(None) => Value::from(""),
        Value::BigInt(None) => Value::from(i64::MIN),
        Value::Bytes(None) => Value::from(Vec::<u8>::new()),
        value => value,
    });
    let of = match kind {
        Kind::Uuid => ArrayType::Uuid,
        Kind::Text => ArrayType::String,
        Kind::BigInt => ArrayType::BigInt,
        Kind::Bool => ArrayType::Bool,
        Kind::Bytes => ArrayType::Bytes,
        Kind::Time => ArrayType::ChronoDateTimeUtc,
    };
    Value::Array(of, Some(Box::new(filled.collect())))
}

fn json(cells: &[Vec<Value>]) -> String {
    let rows = cells.first().map_or(0, Vec::len);
    let row = |number: usize| cells.iter().map(|column| in_json(&column[number])).collect::<Vec<_>>();
    serde_json::Value::from((0..rows).map(row).collect::<Vec<_>>()).to_string()
}

fn in_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Uuid(Some(id)) => id.simple().to_string().into(),
        Value::String(Some(text)) => text.as_str().into(),
        Value::BigInt(Some(number)) => (*number).into(),
        Value::Bool(Some(flag)) => (*flag).into(),
        Value::Bytes(Some(bytes)) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
        // spelled as sqlx writes times
        Value::ChronoDateTimeUtc(Some(time)) => time.to_rfc3339_opts(SecondsFormat::AutoSi, false).into(),
        _ => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests;
