//! Databases that go away, stand still, refuse or are full.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::Injection;
use crate::{postgres::Server, process::send, shop::Location};

/// What is healed must be: tried for so long.
const HEALED_WITHIN: Duration = Duration::from_secs(60);
const LET_ALL_IN: &str = "ALTER ROLE pos CONNECTION LIMIT -1";
const LOCKS: [&[&str]; 2] = [
    &[
        "LOCK TABLE stock",
        "LOCK TABLE deductions",
        "LOCK TABLE movements",
        "LOCK TABLE deduction_lines IN SHARE MODE",
    ],
    &["LOCK TABLE orders", "LOCK TABLE order_lines", "LOCK TABLE orders IN SHARE MODE"],
];

impl Injection {
    pub(super) async fn kill_server(&mut self, target: usize) -> anyhow::Result<()> {
        let server = self.shop.servers[target].clone();
        server.process.kill();
        self.last(0, 2500).await;
        server.process.start_again()
    }

    pub(super) async fn kill_backend(&mut self, target: usize) -> anyhow::Result<()> {
        let children = self.shop.servers[target].process.children();
        if let Some(id) = self.random.choice(children) {
            send(id, Signal::SIGKILL);
        }
        self.last(200, 1000).await;
        Ok(())
    }

    /// Longer than statements may take: their time-outs fire as it wakes.
    pub(super) async fn freeze_server(&mut self, target: usize) -> anyhow::Result<()> {
        let server = self.shop.servers[target].clone();
        server.process.signal_all(Signal::SIGSTOP);
        self.last(300, 4000).await;
        server.process.signal_all(Signal::SIGCONT);
        Ok(())
    }

    pub(super) async fn end_sessions(&mut self, target: usize) -> anyhow::Result<()> {
        let server = self.shop.servers[target].clone();
        for _ in 0..self.random.usize(1..6) {
            let end_half = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pos' AND random() < 0.5";
            server.execute(end_half).await?;
            self.last(50, 500).await;
        }
        Ok(())
    }

    pub(super) async fn cancel_statements(&mut self, target: usize) -> anyhow::Result<()> {
        let server = self.shop.servers[target].clone();
        let mut connection = server.connect("postgres").await?;
        for _ in 0..self.random.usize(20..200) {
            let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'pos' AND state = 'active' AND random() < 0.3";
            sqlx::raw_sql(cancel).execute(&mut connection).await?;
            self.last(1, 20).await;
        }
        Ok(())
    }

    pub(super) async fn use_up_connections(&mut self, target: usize) -> anyhow::Result<()> {
        let server = self.shop.servers[target].clone();
        server.execute("ALTER ROLE pos CONNECTION LIMIT 2").await?;
        let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pos'";
        // heals whatever comes of this
        let _ = server.execute(end_all).await;
        self.last(500, 4000).await;
        let_all_in(&server).await
    }

    pub(super) async fn lock_tables(&mut self, target: usize) -> anyhow::Result<()> {
        let server = self.shop.servers[target].clone();
        let mut connection = server.connect("pos").await?;
        let lock = self.random.choice(LOCKS[target.min(1)]).unwrap_or(&"SELECT 1");
        sqlx::raw_sql("BEGIN; SET LOCAL lock_timeout = '2s'").execute(&mut connection).await?;
        sqlx::raw_sql(*lock).execute(&mut connection).await?;
        self.last(300, 4000).await;
        connection.close().await?;
        Ok(())
    }

    pub(super) async fn lock_file(&mut self, target: usize) -> anyhow::Result<()> {
        let location = if target == 0 { &self.shop.product } else { &self.shop.order };
        let Location::Sqlite(path) = location else { return Ok(()) };
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(2));
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await?;
        self.last(300, 6000).await;
        connection.close().await?;
        Ok(())
    }

    pub(super) async fn fill_disk(&mut self) -> anyhow::Result<()> {
        let shop = self.shop.clone();
        let Some(disk) = &shop.disk else { return Ok(()) };
        anyhow::ensure!(disk.fill(), "the disk cannot be made small");
        self.last(500, 4000).await;
        anyhow::ensure!(disk.empty(), "the disk cannot be made large again");
        Ok(())
    }
}

async fn let_all_in(server: &Server) -> anyhow::Result<()> {
    let begun = Instant::now();
    while let Err(error) = server.execute(LET_ALL_IN).await {
        if begun.elapsed() > HEALED_WITHIN {
            eprintln!("{} lets nobody in any more: {error:#}", server.process.name());
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
