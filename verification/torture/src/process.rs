//! A process of the run: started, ended hard or softly, frozen, and started again where it ended by itself.

use std::{
    env, fs,
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::Context;
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

use crate::lock::lock;

/// A process that does not end after it was asked to is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// What is run, as whom, and where its output goes.
#[derive(Clone, Debug)]
pub struct Program {
    pub name: String,
    pub file: PathBuf,
    pub arguments: Vec<String>,
    pub settings: Vec<(String, String)>,
    pub directory: PathBuf,
    /// Another user, by `setpriv`; PostgreSQL refuses root.
    pub user: Option<String>,
}

/// Ended with the value.
pub struct Process {
    program: Program,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    child: Option<Child>,
    /// Not to be started again by [`Process::look_after`].
    is_down: bool,
    ended_by_itself: u32,
}

impl Program {
    pub fn log(&self) -> PathBuf {
        self.directory.join(format!("{}.log", self.name.replace(' ', "-")))
    }

    /// The command, without any setting of the caller's own. It ends with this program, where that can be had.
    pub fn command(&self) -> Command {
        let mut command = match find("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL"]);
                if let Some(user) = &self.user {
                    command
                        .args([format!("--reuid={user}"), format!("--regid={user}")])
                        .arg("--clear-groups");
                }
                command.arg("--").arg(&self.file);
                command
            }
            None => Command::new(&self.file),
        };
        for (name, _) in env::vars().filter(|(name, _)| name.starts_with("POS__") || name.starts_with("PG")) {
            command.env_remove(name);
        }
        let settings = self.settings.iter().map(|(name, value)| (name, value));
        command.args(&self.arguments).envs(settings).current_dir(&self.directory).stdin(Stdio::null());
        // a group of its own: Ctrl-C is for this program alone
        command.process_group(0);
        command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it fails; with the end of what it said.
    pub fn run(&self) -> anyhow::Result<()> {
        let output = self.command().output().with_context(|| format!("{} cannot be run", self.name))?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "{} failed ({}): {}", self.name, output.status, said.trim());
        Ok(())
    }
}

/// A program on the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|directory| directory.join(name)).find(|path| path.is_file())
}

impl Process {
    pub fn start(program: Program) -> anyhow::Result<Self> {
        let process = Self { program, state: Mutex::default() };
        process.start_again()?;
        Ok(process)
    }

    pub fn name(&self) -> &str {
        &self.program.name
    }

    /// Of the system; `None` while it is down.
    pub fn id(&self) -> Option<u32> {
        lock(&self.state).child.as_ref().map(Child::id)
    }

    /// Starts it unless it runs.
    pub fn start_again(&self) -> anyhow::Result<()> {
        let mut state = lock(&self.state);
        state.is_down = false;
        if state.child.is_some() {
            return Ok(());
        }
        let log = File::options().create(true).append(true).open(self.program.log())?;
        let command = self.program.command().stdout(log.try_clone()?).stderr(log).spawn();
        state.child = Some(command.with_context(|| format!("{} does not start", self.name()))?);
        Ok(())
    }

    /// SIGKILL to it and all that it started: what a power cut leaves of it. It stays down.
    pub fn kill(&self) {
        let mut state = lock(&self.state);
        state.is_down = true;
        let Some(mut child) = state.child.take() else { return };
        for id in [vec![child.id()], children(child.id())].concat() {
            send(id, Signal::SIGKILL);
        }
        let _ = child.wait();
    }

    /// A signal, and a while for it to end; it stays down.
    pub async fn end(&self, by: Signal) {
        let asked = Instant::now();
        {
            let mut state = lock(&self.state);
            state.is_down = true;
            state.child.iter().for_each(|child| send(child.id(), by));
        }
        while asked.elapsed() < ENDS_WITHIN {
            {
                let mut state = lock(&self.state);
                if state.child.as_mut().is_none_or(|child| child.try_wait().is_ok_and(|end| end.is_some())) {
                    state.child = None;
                    return;
                }
            }
            tokio::time::sleep(POLL).await;
        }
        self.kill();
    }

    /// A signal to it and all that it started.
    pub fn signal_all(&self, signal: Signal) {
        let state = lock(&self.state);
        let Some(child) = &state.child else { return };
        for id in [vec![child.id()], children(child.id())].concat() {
            send(id, signal);
        }
    }

    /// What it started and still runs.
    pub fn children(&self) -> Vec<u32> {
        lock(&self.state).child.as_ref().map_or(vec![], |child| children(child.id()))
    }

    /// Starts it again where it ended without being asked to, as an orchestrator would.
    pub fn look_after(&self) {
        let mut state = lock(&self.state);
        let ended = state.child.as_mut().is_some_and(|child| child.try_wait().is_ok_and(|end| end.is_some()));
        // one that was asked to end is not for this
        let start = ended && !state.is_down;
        if start {
            state.child = None;
            state.ended_by_itself += 1;
        }
        drop(state);
        if start && let Err(error) = self.start_again() {
            eprintln!("{error:#}");
        }
    }

    pub fn ended_by_itself(&self) -> u32 {
        lock(&self.state).ended_by_itself
    }

    /// How often its log has one of these words.
    pub fn count_in_log(&self, words: &str) -> usize {
        count_in(&self.program.log(), words)
    }
}

fn count_in(log: &Path, words: &str) -> usize {
    fs::read(log).map_or(0, |log| String::from_utf8_lossy(&log).matches(words).count())
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Only ever to what this program started.
pub fn send(process: u32, signal: Signal) {
    if let Ok(id) = i32::try_from(process) {
        let _ = signal::kill(Pid::from_raw(id), signal);
    }
}

/// What a process of this number started and still runs.
pub fn children(parent: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}
