//! A SQLite database of one test.

use std::path::PathBuf;

use uuid::Uuid;

use super::Database;
use crate::settings::{DatabaseSettings, GroupSettings};

/// How often a write transaction is tried there.
pub const TRIES: u32 = 3;

/// Gone with the value.
pub struct Scratch {
    pub database: Database,
    directory: PathBuf,
}

impl Scratch {
    pub async fn open() -> Self {
        let directory = std::env::temp_dir().join(format!("pos-platform-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&directory).unwrap();
        let database = connect(&directory).await;
        Self { database, directory }
    }

    /// The same file, as another process opens it; it waits for no lock.
    pub async fn stranger(&self) -> Database {
        connect(&self.directory).await
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

async fn connect(directory: &std::path::Path) -> Database {
    let url = format!("sqlite:{}", directory.join("scratch.db").display());
    Database::connect("scratch", &url, &settings()).await.unwrap()
}

pub fn settings() -> DatabaseSettings {
    DatabaseSettings {
        migrate_on_start: true,
        max_connections: 4,
        acquire_timeout_ms: 2000,
        connect_timeout_ms: 2000,
        statement_timeout_ms: 2000,
        lock_timeout_ms: 2000,
        idle_transaction_timeout_ms: 2000,
        busy_timeout_ms: 0,
        ping_after_idle_ms: 10_000,
        transaction_tries: TRIES,
        slow_statement_ms: 1000,
        groups: GroupSettings { size: 4, queue: 16, at_once: 2, patience_ms: 100, timeout_ms: 2000 },
    }
}
