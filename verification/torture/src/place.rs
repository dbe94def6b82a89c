//! Where a run lives: its directory and its ports.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// Below the ports that the system gives to outgoing connections: one of those could take the port of a service that is
/// down for a moment.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// A directory of its own, whose name begins with `name`; it stays until the run removes it.
pub fn make_directory(parent: Option<&Path>, name: &str) -> anyhow::Result<PathBuf> {
    let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
    let path = parent.join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    path.canonicalize().context("the directory is gone")
}

/// A port that is free on every loopback address, not the same one twice.
pub fn free_port(taken: &mut Vec<u16>) -> anyhow::Result<u16> {
    for _ in 0..1000 {
        let port = fastrand::u16(PORTS);
        let is_free = !taken.contains(&port) && TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
        if is_free {
            taken.push(port);
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free")
}
