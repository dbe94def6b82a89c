//! One container of a deployment.

use std::net::Ipv4Addr;

use serde_json::Value;

use super::engine::{docker, docker_command, try_run};

/// Known by its id; may be running or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub id: String,
}

impl Container {
    /// One of no deployment, that takes the lowest free address of a network; gone by itself after a while.
    pub async fn sleeping_in(network: &str) -> Self {
        let sleep = ["--entrypoint", "sleep", "pos:latest", "60"];
        let run = ["run", "--detach", "--rm", "--network", network];
        let id = docker(&[&run[..], &sleep].concat()).await;
        Self { id }
    }

    pub async fn remove(&self) {
        docker(&["rm", "--force", "--volumes", &self.id]).await;
    }

    pub async fn inspect(&self) -> Value {
        let text = docker(&["inspect", &self.id]).await;
        let mut found: Vec<Value> = serde_json::from_str(&text).unwrap();
        found.remove(0)
    }

    /// Its address in a network; none while it is not in it.
    pub async fn address(&self, network: &str) -> Option<Ipv4Addr> {
        let inspected = self.inspect().await;
        let address = inspected["NetworkSettings"]["Networks"][network]["IPAddress"].as_str()?;
        address.parse().ok()
    }

    pub async fn networks(&self) -> Vec<String> {
        let inspected = self.inspect().await;
        let networks = inspected["NetworkSettings"]["Networks"].as_object().unwrap();
        networks.keys().cloned().collect()
    }

    /// `docker VERB ID`: kill, start, restart, pause, unpause.
    pub async fn ask(&self, verb: &str) {
        docker(&[verb, &self.id]).await;
    }

    pub async fn leave(&self, network: &str) {
        docker(&["network", "disconnect", network, &self.id]).await;
    }

    /// Joins the network again under its service's name.
    pub async fn join(&self, network: &str, alias: &str) {
        docker(&["network", "connect", "--alias", alias, network, &self.id]).await;
    }

    /// What a command inside says.
    ///
    /// # Errors
    /// When it fails.
    pub async fn execute(&self, command: &[&str]) -> Result<String, String> {
        let arguments = [&["exec", self.id.as_str()], command].concat();
        try_run(docker_command(&arguments)).await
    }
}
