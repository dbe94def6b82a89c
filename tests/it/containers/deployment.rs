//! A Compose file, up: a project of its own on a free port, gone with its volumes when the value is dropped.

use std::{env, path::Path, process::Command, thread, time::Duration};

use crate::support::{client::Service, port::Port, wait::until};

use super::{
    container::Container,
    engine::{compose_command, docker, docker_command, run},
};

const READY_WITHIN: Duration = Duration::from_secs(120);
/// Lines of the containers' logs that a failed test shows, of those that are looked at.
const LOG_LINES: usize = 200;
const LOG_LINES_EACH: &str = "20000";
/// Of the databases in containers.
pub const PASSWORD: &str = "in-a-test";

pub struct Deployment {
    project: String,
    file: &'static str,
    port: Port,
}

impl Deployment {
    /// Starts what the file says and waits until the published port welcomes requests.
    pub async fn up(file: &'static str) -> Self {
        // ./test chooses the name, to clear up after a suite that was cut off
        let prefix =
            env::var("POS_TEST_PROJECT").unwrap_or_else(|_| format!("pos-it-{}", std::process::id()));
        let deployment =
            Self { project: format!("{prefix}-{}", file.replace('.', "-")), file, port: Port::reserve() };
        deployment.compose(&["up", "-d", "--no-build"]).await;
        let gateway = deployment.service();
        until(&format!("{file} is ready"), READY_WITHIN, async || {
            let reply = gateway.get("/readyz").try_send().await.ok()?;
            (reply.status == 200).then_some(())
        })
        .await;
        deployment
    }

    /// What is published.
    pub fn service(&self) -> Service {
        Service::at(&format!("http://127.0.0.1:{}", self.port.number))
    }

    /// `docker-compose ARGUMENTS` in this project.
    pub async fn compose(&self, arguments: &[&str]) -> String {
        let mut command = self.command();
        command.args(arguments);
        run(command).await
    }

    /// The network's name in the engine.
    pub fn network(&self, name: &str) -> String {
        format!("{}_{name}", self.project)
    }

    /// The containers of a service, running or not.
    pub async fn containers(&self, service: &str) -> Vec<Container> {
        let project = format!("label=com.docker.compose.project={}", self.project);
        let service = format!("label=com.docker.compose.service={service}");
        let ids = docker(&["ps", "-aq", "--no-trunc", "--filter", &project, "--filter", &service]).await;
        ids.lines().map(|id| Container { id: id.to_owned() }).collect()
    }

    /// The only container of a service.
    pub async fn container(&self, service: &str) -> Container {
        let mut containers = self.containers(service).await;
        assert_eq!(containers.len(), 1, "{service}");
        containers.remove(0)
    }

    fn command(&self) -> Command {
        let mut command = compose_command();
        command
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(["-p", &self.project, "-f", self.file])
            .env("POS_PORT", format!("127.0.0.1:{}", self.port.number))
            .env("POS_CURRENCY", "EUR")
            .env("POS_DB_PASSWORD", PASSWORD)
            .env("PRODUCT_DB_PASSWORD", PASSWORD)
            .env("ORDER_DB_PASSWORD", PASSWORD);
        command
    }

    /// The warnings and errors; a request a line would hide them.
    fn show_logs(&self) {
        let mut command = self.command();
        command.args(["logs", "--no-color", "--tail", LOG_LINES_EACH]);
        let Ok(output) = command.output() else {
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let all = text.lines().filter(|line| !line.contains("\"level\":\"INFO\""));
        let lines: Vec<&str> = all.collect();
        let shown = &lines[lines.len().saturating_sub(LOG_LINES)..];
        eprintln!("---- logs of {} ----\n{}", self.project, shown.join("\n"));
    }

    fn unpause(&self) {
        let project = format!("label=com.docker.compose.project={}", self.project);
        let filters = ["ps", "-q", "--filter", &project, "--filter", "status=paused"];
        let Ok(paused) = docker_command(&filters).output() else {
            return;
        };
        for id in String::from_utf8_lossy(&paused.stdout).lines() {
            let _ = docker_command(&["unpause", id]).output();
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        if thread::panicking() {
            self.show_logs();
        }
        // a paused container cannot be stopped
        self.unpause();
        let mut command = self.command();
        command.args(["down", "--volumes", "--remove-orphans", "--timeout", "5"]);
        match command.output() {
            Ok(output) if output.status.success() => {}
            other => eprintln!("{} stays: {other:?}", self.project),
        }
    }
}
