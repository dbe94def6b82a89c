//! The few words that the two databases spell differently.

use sea_orm::{
    DbBackend, Statement, Value,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

/// A statement in both spellings, for the hot paths that are written by hand. Parameters are `$1`, `$2`, … in both.
#[derive(Clone, Copy)]
pub struct Sql {
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

impl Sql {
    /// One that both read alike.
    pub const fn same(text: &'static str) -> Self {
        Self { postgres: text, sqlite: text }
    }

    /// The statement for this database.
    pub fn with(self, backend: DbBackend, values: impl IntoIterator<Item = Value>) -> Statement {
        let text = match backend {
            DbBackend::Postgres => self.postgres,
            _ => self.sqlite,
        };
        Statement::from_sql_and_values(backend, text, values)
    }
}

/// A condition that holds where `column` is one of the ids in parameter `number`, which [`these_ids`] makes. Its text stays the
/// same however many they are.
pub fn is_one_of(backend: DbBackend, column: &str, number: usize) -> String {
    match backend {
        DbBackend::Postgres => format!("{column} = ANY(${number})"),
        _ => format!("{column} IN (SELECT unhex(value) FROM json_each(${number}))"),
    }
}

/// Ids as one parameter.
pub fn these_ids(backend: DbBackend, ids: impl IntoIterator<Item = Uuid>) -> Value {
    match backend {
        DbBackend::Postgres => ids.into_iter().collect::<Vec<_>>().into(),
        _ => {
            let digits = ids.into_iter().map(|id| id.simple().to_string());
            serde_json::Value::from_iter(digits).to_string().into()
        }
    }
}

/// The database's own clock, `offset_ms` from now: what several replicas compare must not be their own clocks.
pub fn now_plus_ms(backend: DbBackend, offset_ms: i64) -> SimpleExpr {
    match backend {
        DbBackend::Postgres => {
            Expr::cust(format!("(clock_timestamp() + interval '{offset_ms} milliseconds')"))
        }
        // spelled as sqlx writes times, so that texts compare as times do
        _ => Expr::cust(format!(
            "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '{:+.3} seconds')",
            offset_ms as f64 / 1000.0
        )),
    }
}
