//! Databases on the PostgreSQL server that `./test` starts: each test has its own, copied from a template.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    thread,
    time::Duration,
};

use platform::database::{Migrations, migrate};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;

use super::{engine::database_settings, wait::until};

const WAITS_WITHIN: Duration = Duration::from_secs(10);
/// Key of the advisory lock under which templates are made ("pos" and "it" in ASCII).
const LOCK_KEY: i64 = 0x70_6f73_6974;

/// A database of one test, dropped with the value.
pub struct TestDatabase {
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// Without any table.
    pub async fn empty() -> Self {
        Self::create(None).await
    }

    /// With the schema of a module.
    pub async fn migrated<M: Migrations>(module: &str) -> Self {
        let template = template::<M>(module).await;
        Self::create(Some(&template)).await
    }

    async fn create(template: Option<&str>) -> Self {
        let name = format!("pos_test_{}", Uuid::now_v7().simple());
        let template = template.unwrap_or("template0");
        let server = connect(&server_url()).await;
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        server.close().await.unwrap();
        Self { url: url_of(&name), name }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop_database = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // on a runtime of its own: the test's may be unwinding
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = connect(&server_url()).await;
                execute(&server, &drop_database).await;
            });
        });
        if dropping.join().is_err() {
            eprintln!("database {} stays", self.name);
        }
    }
}

/// Until somebody in this connection's database waits for a lock.
pub async fn waits_for_a_lock(connection: &impl ConnectionTrait) {
    let waiting = "SELECT 1 AS one FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("somebody waits for a lock", WAITS_WITHIN, async || {
        // in a transaction PostgreSQL goes on telling what it told first
        connection.execute_unprepared("SELECT pg_stat_clear_snapshot()").await.unwrap();
        connection.query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await.unwrap()
    })
    .await;
}

fn server_url() -> String {
    env::var("POS_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "this test needs PostgreSQL and POS_TEST_POSTGRES_URL names none: run ./test, which starts one"
        )
    })
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{database}")
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap_or_else(|error| panic!("{url}: {error}"))
}

async fn execute(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Whoever comes first makes it.
async fn template<M: Migrations>(module: &str) -> String {
    let name = format!("pos_template_{module}_{:016x}", build_hash());
    let server = connect(&server_url()).await;
    execute(&server, &format!("SELECT pg_advisory_lock({LOCK_KEY})")).await;
    let exists = format!("SELECT 1 AS one FROM pg_database WHERE datname = '{name}'");
    let exists = Statement::from_string(DbBackend::Postgres, exists);
    if server.query_one_raw(exists).await.unwrap().is_none() {
        // made under another name: whoever is killed here leaves no half template behind
        let making = format!("pos_making_{module}");
        execute(&server, &format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await;
        execute(&server, &format!("CREATE DATABASE {making} TEMPLATE template0")).await;
        migrate::<M>(&url_of(&making), &database_settings()).await.unwrap();
        let rename = format!("ALTER DATABASE {making} RENAME TO {name}");
        // the server needs a moment to see that the migration's connections are closed
        until("a template that nobody is connected to", Duration::from_secs(10), async || {
            server.execute_unprepared(&rename).await.ok()
        })
        .await;
    }
    server.close().await.unwrap();
    name
}

/// The build that made it: sources that change later, or are changed back, are another build.
fn build_hash() -> u64 {
    let file = fs::metadata(env::current_exe().unwrap()).unwrap();
    let mut hasher = DefaultHasher::new();
    (file.modified().unwrap(), file.len()).hash(&mut hasher);
    hasher.finish()
}
