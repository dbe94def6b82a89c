//! What is measured stands here: directory, ports, processes, databases, proxies.

mod catalogue;
mod postgres;
mod proxies;
mod shop;
mod sources;
mod usage;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use torture::{place, process::Program};

use crate::options::Options;

pub use catalogue::{ids, pages};
pub use postgres::{Postgres, SIZES, SplitDatabases, program};
pub use proxies::{Proxy, haproxy, nginx};
pub use shop::{All, Service, Split, start_service};
pub use usage::{Usage, Watch};

/// Ends with the value, and takes its directory with it.
pub struct Ground {
    pub directory: PathBuf,
    pub pos: PathBuf,
    /// How that came to be there, in words.
    pub origin: &'static str,
    /// Of the sources when the run began.
    pub commit: String,
    ports: std::sync::Mutex<Vec<u16>>,
}

impl Ground {
    pub fn make(options: &Options) -> anyhow::Result<Self> {
        let commit = sources::commit();
        let (pos, origin) = match &options.pos {
            Some(pos) => (pos.clone(), "given by --pos"),
            None => build()?,
        };
        let pos = pos.canonicalize().with_context(|| {
            format!("{} is not there: cargo build --profile dist, or name it with --pos", pos.display())
        })?;
        let directory = place::make_directory(options.directory.as_deref(), "pos-bench")?;
        Ok(Self { directory, pos, origin, commit, ports: std::sync::Mutex::default() })
    }

    pub fn port(&self) -> anyhow::Result<u16> {
        place::free_port(&mut torture::lock::lock(&self.ports))
    }

    /// `pos` with these arguments and settings over its defaults.
    pub fn pos(&self, name: &str, arguments: &[&str], settings: &[(&str, String)]) -> Program {
        self.program(&self.pos, name, arguments, settings)
    }

    pub fn program(
        &self,
        file: &Path,
        name: &str,
        arguments: &[&str],
        settings: &[(&str, String)],
    ) -> Program {
        Program {
            name: name.to_owned(),
            file: file.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            directory: self.directory.clone(),
            user: None,
        }
    }
}

/// As it goes into the image; a debug build of this program measures a debug build. What is there may be of yesterday: under
/// `cargo run` it is made anew.
fn build() -> anyhow::Result<(PathBuf, &'static str)> {
    let (profile, directory) = if cfg!(debug_assertions) { ("dev", "debug") } else { ("dist", "dist") };
    let mut origin = "found as an earlier build left it";
    if let Some(cargo) = std::env::var_os("CARGO") {
        let status =
            Command::new(cargo).args(["build", "--locked", "-p", "pos", "--profile", profile]).status()?;
        anyhow::ensure!(status.success(), "pos cannot be built");
        origin = "built by this run";
    }
    let this = std::env::current_exe()?;
    let target =
        this.parent().and_then(Path::parent).context("this program is in no directory of cargo's")?;
    Ok((target.join(directory).join("pos"), origin))
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("{} stays: {error}", self.directory.display());
        }
    }
}
