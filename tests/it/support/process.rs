//! `pos` as a process of its own.

use std::{
    env, fs,
    fs::File,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use super::{client::Service, directory::Directory, wait::until};

/// A debug build on a busy machine takes its time to come up.
const READY_WITHIN: Duration = Duration::from_secs(30);
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
/// Lines of a process's log that a failed test shows.
const LOG_LINES: usize = 60;

/// A running `pos`, ended with the value; its log is shown when the test fails.
pub struct Pos {
    pub name: String,
    pub address: SocketAddr,
    /// A command that runs it, such as strace; empty where it runs by itself.
    under: Vec<String>,
    arguments: Vec<&'static str>,
    settings: Vec<(String, String)>,
    log: PathBuf,
    child: Option<Child>,
    _directory: Directory,
}

/// What a process takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident now.
    pub now: u64,
    /// Resident at most, since its start.
    pub peak: u64,
    /// Whether the system may give it huge pages, of which it needs parts.
    pub in_huge_pages: bool,
}

/// The program that is tested; `POS_TEST_BINARY` names another build of it.
pub fn binary() -> String {
    env::var("POS_TEST_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_pos").to_owned())
}

/// `pos` with these arguments and settings, and none of the caller's own.
pub fn command(arguments: &[&str], settings: &[(String, String)]) -> Command {
    command_under(&[], arguments, settings)
}

fn command_under(under: &[String], arguments: &[&str], settings: &[(String, String)]) -> Command {
    let mut command = match under {
        [] => Command::new(binary()),
        [program, rest @ ..] => {
            let mut command = Command::new(program);
            command.args(rest).arg(binary());
            command
        }
    };
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("POS__")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(settings.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
    command
}

impl Pos {
    /// Starts `pos --role ROLE` on this address; [`Pos::ready`] waits for it.
    pub fn start(role: &'static str, address: SocketAddr, settings: Vec<(String, String)>) -> Self {
        Self::start_with(vec!["--role", role], address, settings)
    }

    /// The same, run by another command, which must become the process: its id is that of `pos`.
    #[cfg(target_os = "linux")]
    pub fn start_under(
        under: &[String],
        role: &'static str,
        address: SocketAddr,
        settings: Vec<(String, String)>,
    ) -> Self {
        Self::begin(under.to_vec(), vec!["--role", role], address, settings)
    }

    /// Starts `pos ARGUMENTS` on this address.
    pub fn start_with(
        arguments: Vec<&'static str>,
        address: SocketAddr,
        settings: Vec<(String, String)>,
    ) -> Self {
        Self::begin(vec![], arguments, address, settings)
    }

    fn begin(
        under: Vec<String>,
        arguments: Vec<&'static str>,
        address: SocketAddr,
        settings: Vec<(String, String)>,
    ) -> Self {
        let directory = Directory::fresh();
        let mut pos = Self {
            name: format!("pos {} on {address}", arguments.join(" ")),
            address,
            under,
            arguments,
            settings,
            log: directory.join("log"),
            child: None,
            _directory: directory,
        };
        pos.start_again();
        pos
    }

    /// Starts it with the same settings after it ended.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "{} runs", self.name);
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut command = command_under(&self.under, &self.arguments, &self.settings);
        command
            .current_dir(self._directory.path())
            .env("POS__SERVER__LISTEN", self.address.to_string())
            // the log of a failed test shows what went wrong; a request each line would hide it
            .env("POS__LOG__LEVEL", "warn,pos=info")
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Of the process, for what the system says of it.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn service(&self) -> Service {
        Service::at(&self.url())
    }

    /// Waits until it welcomes requests.
    pub async fn ready(&mut self) {
        let service = self.service();
        let name = self.name.clone();
        until(&format!("{name} is ready"), READY_WITHIN, async || {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("{name} ended with {status} before it was ready");
            }
            let reply = service.get("/readyz").try_send().await.ok()?;
            (reply.status == 200).then_some(())
        })
        .await;
    }

    /// SIGKILL: it does not come to anything any more.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM: it may finish what is in flight.
    pub fn terminate(&self) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = self.child.as_mut().unwrap();
        let what = format!("{} ends", self.name);
        let status = until(&what, STOPPED_WITHIN, async || child.try_wait().unwrap()).await;
        self.child = None;
        status
    }

    /// What it takes, where the system tells: Linux.
    pub fn memory(&self) -> Option<Memory> {
        let id = self.child.as_ref()?.id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let bytes = |name: &str| Some(line(name)?.trim_end_matches(" kB").parse::<u64>().ok()? * 1024);
        let in_huge_pages = line("THP_enabled:")? == "1";
        Some(Memory { now: bytes("VmRSS:")?, peak: bytes("VmHWM:")?, in_huge_pages })
    }

    /// Everything that it wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Pos {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = &lines[lines.len().saturating_sub(LOG_LINES)..];
            eprintln!("---- log of {} ({} lines) ----\n{}", self.name, lines.len(), shown.join("\n"));
        }
    }
}
