//! The engine's commands.

use std::process::Command;

/// Runs a command to its end, off the threads of the load; answers what it wrote, panics with what it said when it failed.
pub async fn run(command: Command) -> String {
    try_run(command).await.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Runs a command to its end.
///
/// # Errors
/// What it said when it failed.
pub async fn try_run(mut command: Command) -> Result<String, String> {
    tokio::task::spawn_blocking(move || {
        let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(format!("{command:?}: {}", text(&output.stderr))),
        }
    })
    .await
    .unwrap()
}

/// `docker ARGUMENTS`
pub async fn docker(arguments: &[&str]) -> String {
    run(docker_command(arguments)).await
}

pub fn docker_command(arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments);
    command
}

/// Compose, in whichever spelling is installed.
pub fn compose_command() -> Command {
    let plugin = docker_command(&["compose", "version"]).output();
    if plugin.is_ok_and(|output| output.status.success()) {
        return docker_command(&["compose"]);
    }
    Command::new("docker-compose")
}
