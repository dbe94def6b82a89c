//! A PostgreSQL server of the run's own: made by `initdb`, started directly, so that it can be killed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use crate::process::{Process, Program, find};

const UP_WITHIN: Duration = Duration::from_secs(60);
const ASKED_WITHIN: Duration = Duration::from_secs(3);

pub struct Server {
    pub process: Process,
    pub port: u16,
}

impl Server {
    /// With an empty database `pos` of a role `pos`, which is no superuser; or as an earlier run left it there. `sizes` are
    /// settings beside its defaults.
    pub async fn start(
        name: &str,
        directory: &Path,
        port: u16,
        max_connections: u32,
        sizes: &[&str],
    ) -> anyhow::Result<Self> {
        let binaries = find_binaries().context(
            "there is no PostgreSQL server on this machine (initdb, postgres): install the package 'postgresql'",
        )?;
        let directory = directory.join(name);
        fs::create_dir_all(&directory)?;
        let user = unprivileged_user();
        if let Some(user) = &user {
            let chown = find("chown").context("there is no chown")?;
            let status = std::process::Command::new(chown).arg(user).arg(&directory).status()?;
            anyhow::ensure!(status.success(), "{} cannot be given to {user}", directory.display());
        }
        let make = Program {
            name: format!("{name} initdb"),
            file: binaries.join("initdb"),
            arguments: ["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]
                .map(str::to_owned)
                .to_vec(),
            settings: vec![],
            directory: directory.clone(),
            user: user.clone(),
        };
        let is_new = !directory.join("data").exists();
        if is_new {
            make.run()?;
        }
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            format!("max_connections={max_connections}"),
            "log_min_error_statement=panic".to_owned(),
        ];
        let arguments = ["-D".to_owned(), "data".to_owned()].into_iter().chain(
            settings
                .into_iter()
                .chain(sizes.iter().map(ToString::to_string))
                .flat_map(|setting| ["-c".to_owned(), setting]),
        );
        let program = Program {
            name: name.to_owned(),
            file: binaries.join("postgres"),
            arguments: arguments.collect(),
            ..make
        };
        let server = Self { process: Process::start(program)?, port };
        server.up().await?;
        if is_new {
            server.execute("CREATE ROLE pos LOGIN").await?;
            server.execute("CREATE DATABASE pos OWNER pos").await?;
        }
        Ok(server)
    }

    /// As `pos`, past all wires.
    pub fn url(&self) -> String {
        format!("postgres://pos@127.0.0.1:{}/pos", self.port)
    }

    /// As superuser.
    pub async fn connect(&self, database: &str) -> anyhow::Result<PgConnection> {
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}", self.port);
        Ok(timeout(ASKED_WITHIN, PgConnection::connect(&url)).await??)
    }

    /// One statement as superuser.
    pub async fn execute(&self, sql: &'static str) -> anyhow::Result<()> {
        let mut connection = self.connect("postgres").await?;
        timeout(ASKED_WITHIN, sqlx::raw_sql(sql).execute(&mut connection)).await??;
        Ok(())
    }

    /// Waits until it answers.
    pub async fn up(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            match self.execute("SELECT 1").await {
                Ok(()) => return Ok(()),
                Err(error) if begun.elapsed() > UP_WITHIN => {
                    return Err(error.context(format!("{} does not come up", self.process.name())));
                }
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// Whom the server runs as; PostgreSQL refuses root.
fn unprivileged_user() -> Option<String> {
    let is_root = nix::unistd::Uid::effective().is_root();
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = if known.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" };
    is_root.then(|| user.to_owned())
}

/// Where the newest server's programs are.
pub fn find_binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, path)| path.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop().map(|(_, path)| path).or_else(|| {
        let directories = env::var_os("PATH")?;
        env::split_paths(&directories)
            .find(|path| path.join("initdb").is_file() && path.join("postgres").is_file())
    })
}
