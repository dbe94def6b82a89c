//! `pos` in a thread of this process, and a product service as a process of its own for the gateway.

use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, Command, ExitCode, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{directory::Directory, port::Port};

/// Debug builds on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// However slow the machine is, a request is carried through: one that is given up allocates otherwise.
const PATIENT: &str = "database.acquire_timeout_ms = 60000
database.busy_timeout_ms = 60000
order.target_ms = 60000
order.decide_try_ms = 60000
order.deadline_ms = 60000
";

pub struct Served {
    pub address: SocketAddr,
    thread: JoinHandle<ExitCode>,
    _directory: Directory,
    _port: Port,
}

/// Ended with the value.
pub struct Product {
    pub address: SocketAddr,
    process: Child,
    _directory: Directory,
    _port: Port,
}

impl Served {
    /// With one worker, whatever the machine has, and these settings.
    pub fn start(role: &str, settings: &str) -> Self {
        let (directory, port) = (Directory::fresh(), Port::reserve());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number));
        let file = directory.join("settings.toml");
        let data = directory.join("data").display().to_string();
        fs::write(
            &file,
            format!(
                "data_dir = {data:?}\nserver.listen = \"{address}\"\nserver.workers = 1\n{PATIENT}{settings}"
            ),
        )
        .unwrap();
        let arguments = ["pos", "--role", role, "--config", &file.display().to_string()].map(OsString::from);
        let thread = thread::spawn(move || pos::run(arguments));
        wait_until_ready(address);
        Self { address, thread, _directory: directory, _port: port }
    }

    /// As an orchestrator does; the handler of the signal is the server's.
    pub fn stop(self) {
        kill(Pid::this(), Signal::SIGTERM).unwrap();
        let code = self.thread.join().unwrap();
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
    }
}

impl Product {
    pub fn start() -> Self {
        let (directory, port) = (Directory::fresh(), Port::reserve());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number));
        let mut command = Command::new(env!("CARGO_BIN_EXE_pos"));
        command
            .args(["--role", "product", "--listen", &address.to_string()])
            .env("POS__DATA_DIR", directory.path())
            .env("POS__DATABASE__MIGRATE_ON_START", "true")
            .env("POS__LOG__LEVEL", "warn");
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        wait_until_ready(address);
        Self { address, process, _directory: directory, _port: port }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn wait_until_ready(address: SocketAddr) {
    let begun = Instant::now();
    while !is_ready(address) {
        assert!(begun.elapsed() < READY_WITHIN, "nothing is ready on {address}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut answer = String::new();
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}
