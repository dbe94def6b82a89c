//! Rows of either database, read by SQL.

use std::time::Duration;

use anyhow::Context;
use futures_util::TryStreamExt;
use sqlx::{
    Connection as _, Decode, PgConnection, Postgres, Row as _, Sqlite, SqliteConnection, Type,
    postgres::PgRow,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::time::timeout;

use crate::shop::Location;

const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

pub enum Connection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

pub enum Row {
    Postgres(PgRow),
    Sqlite(SqliteRow),
}

impl Connection {
    pub async fn open(location: &Location) -> anyhow::Result<Self> {
        let open = async {
            anyhow::Ok(match location {
                Location::Postgres(url) => Self::Postgres(PgConnection::connect(url).await?),
                Location::Sqlite(path) => {
                    let options = SqliteConnectOptions::new().filename(path);
                    Self::Sqlite(SqliteConnection::connect_with(&options).await?)
                }
            })
        };
        timeout(CONNECTED_WITHIN, open).await?.with_context(|| format!("{location:?} cannot be read"))
    }

    pub async fn each(
        &mut self,
        sql: &'static str,
        mut row: impl FnMut(Row) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Postgres(connection) => {
                let mut rows = sqlx::query(sql).fetch(connection);
                while let Some(next) = rows.try_next().await? {
                    row(Row::Postgres(next))?;
                }
            }
            Self::Sqlite(connection) => {
                let mut rows = sqlx::query(sql).fetch(connection);
                while let Some(next) = rows.try_next().await? {
                    row(Row::Sqlite(next))?;
                }
            }
        }
        Ok(())
    }
}

impl Row {
    pub fn get<T>(&self, column: usize) -> anyhow::Result<T>
    where
        for<'r> T: Decode<'r, Postgres> + Type<Postgres> + Decode<'r, Sqlite> + Type<Sqlite>,
    {
        Ok(match self {
            Self::Postgres(row) => row.try_get(column)?,
            Self::Sqlite(row) => row.try_get(column)?,
        })
    }
}
