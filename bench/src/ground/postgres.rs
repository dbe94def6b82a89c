//! The one PostgreSQL server that all of a run share, with its defaults for durability, the sizes that docs/OPERATIONS.md
//! recommends, and the databases in it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sqlx::AssertSqlSafe;
use torture::postgres::{Server, find_binaries};

use super::Ground;

/// Every client of pgbench, and the pools of all services.
const MAX_CONNECTIONS: u32 = 400;

/// Of a large shop; none of them makes a commit less durable.
pub const SIZES: [&str; 3] = ["shared_buffers=2GB", "max_wal_size=16GB", "wal_compression=lz4"];

pub struct Postgres {
    pub server: Server,
}

/// Where the modules of a split shop keep what they know.
#[derive(Clone, Debug)]
pub struct SplitDatabases {
    pub product: String,
    pub order: String,
}

impl Postgres {
    /// In a directory where an earlier run may have left one.
    pub async fn start(ground: &Ground, directory: &Path) -> anyhow::Result<Self> {
        let server = Server::start("postgres", directory, ground.port()?, MAX_CONNECTIONS, &SIZES).await?;
        Ok(Self { server })
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://pos@127.0.0.1:{}/{database}", self.server.port)
    }

    /// Empty, or as it stands; answers whether it is new.
    pub async fn database(&self, name: &str) -> anyhow::Result<bool> {
        let mut connection = self.server.connect("postgres").await?;
        let there =
            sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await?;
        if !there {
            let create = format!("CREATE DATABASE {name} OWNER pos");
            sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await?;
        }
        Ok(!there)
    }

    /// Both databases of a split shop, where an earlier run left them.
    pub async fn drop_split_databases(&self, prefix: &str) -> anyhow::Result<()> {
        let mut connection = self.server.connect("postgres").await?;
        for name in names(prefix) {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// As the server would by itself in time, and not while it is measured.
    pub async fn vacuum(&self, prefix: &str) -> anyhow::Result<()> {
        for name in names(prefix) {
            self.execute(&name, "VACUUM ANALYZE".to_owned()).await?;
        }
        Ok(())
    }

    /// A product and an order database whose names begin with `prefix`.
    pub async fn split_databases(&self, prefix: &str) -> anyhow::Result<SplitDatabases> {
        let [product, order] = names(prefix);
        self.database(&product).await?;
        self.database(&order).await?;
        Ok(SplitDatabases { product: self.url(&product), order: self.url(&order) })
    }

    /// As the owner of a database.
    pub async fn execute(&self, database: &str, sql: String) -> anyhow::Result<()> {
        use sqlx::Connection;
        let mut connection = sqlx::PgConnection::connect(&self.url(database)).await?;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        Ok(())
    }
}

/// Of a split shop's product and order database.
fn names(prefix: &str) -> [String; 2] {
    ["product", "order"].map(|module| format!("{prefix}_{module}"))
}

/// One of PostgreSQL's own programs.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = find_binaries().context("there is no PostgreSQL")?.join(name);
    anyhow::ensure!(
        path.is_file(),
        "there is no {name}: install the packages 'postgresql' and 'postgresql-client'"
    );
    Ok(path)
}
