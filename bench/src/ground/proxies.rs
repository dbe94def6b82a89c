//! The proxies that the gateway is measured against: one worker each, connections kept on both sides.

use std::{fs, net::SocketAddr, process::Command};

use anyhow::Context;
use torture::process::{Process, find};

use super::Ground;

/// No run asks as often, so that nginx closes no connection, of a client or to the service; by itself it would at 1,000.
const KEPT_FOR: u32 = 10_000_000;

pub struct Proxy {
    pub process: Process,
    pub at: SocketAddr,
}

pub fn nginx(ground: &Ground, to: SocketAddr) -> anyhow::Result<Proxy> {
    let file = find_or_install("nginx")?;
    let at = SocketAddr::from(([127, 0, 0, 1], ground.port()?));
    let place = ground.directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {place}/nginx-{kind};\n"))
        .concat();
    let settings = format!(
        "daemon off; worker_processes 1; pid {place}/nginx.pid; error_log {place}/nginx.err warn;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n  access_log off;\n{temporary}\
         \x20 upstream product {{ server {to}; keepalive 128; keepalive_requests {KEPT_FOR}; }}\n\
         \x20 server {{ listen {at}; keepalive_requests {KEPT_FOR};\n\
         \x20   location / {{ proxy_pass http://product; proxy_http_version 1.1;\n\
         \x20     proxy_set_header Connection \"\"; }} }}\n}}\n"
    );
    let configuration = ground.directory.join("nginx.conf");
    fs::write(&configuration, settings)?;
    let errors = format!("{place}/nginx.err");
    let arguments = ["-c", &configuration.display().to_string(), "-e", &errors];
    let process = Process::start(ground.program(&file, "nginx", &arguments, &[]))?;
    Ok(Proxy { process, at })
}

pub fn haproxy(ground: &Ground, to: SocketAddr) -> anyhow::Result<Proxy> {
    let file = find_or_install("haproxy")?;
    let at = SocketAddr::from(([127, 0, 0, 1], ground.port()?));
    let settings = format!(
        "global\n  nbthread 1\n  maxconn 4096\n\
         defaults\n  mode http\n  timeout connect 1s\n  timeout client 30s\n  timeout server 30s\n\
         \x20 option http-keep-alive\n  http-reuse always\n\
         listen product\n  bind {at}\n  server product {to}\n"
    );
    let configuration = ground.directory.join("haproxy.cfg");
    fs::write(&configuration, settings)?;
    let arguments = ["-db", "-f", &configuration.display().to_string()];
    let process = Process::start(ground.program(&file, "haproxy", &arguments, &[]))?;
    Ok(Proxy { process, at })
}

fn find_or_install(name: &str) -> anyhow::Result<std::path::PathBuf> {
    let found = || {
        find(name).or_else(|| {
            Some(format!("/usr/sbin/{name}").into()).filter(|path: &std::path::PathBuf| path.is_file())
        })
    };
    if let Some(path) = found() {
        return Ok(path);
    }
    println!("There is no {name} on this machine; installing the package '{name}'.");
    let install = ["install", "-y", "-qq", "--no-install-recommends", name];
    let status = Command::new("apt-get").args(install).env("DEBIAN_FRONTEND", "noninteractive").status();
    let installed = status.is_ok_and(|status| status.success());
    found()
        .filter(|_| installed)
        .with_context(|| format!("{name} could not be installed: install it by hand"))
}
