//! The image, and what its containers may do: little.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::wait::until;

use super::{container::Container, engine::docker, trial::Trial, wanted};

const BASE: &str = "debian:bookworm-slim";
const OURS_AT_MOST_MB: f64 = 40.0;
const HEALTHY_WITHIN: Duration = Duration::from_secs(30);
/// Of the split shop, those that run `pos`.
const SERVICES: [&str; 3] = ["gateway-service", "product-service", "order-service"];

#[tokio::test]
async fn the_image_is_small_and_holds_the_binary_alone() {
    if !wanted() {
        return;
    }
    let image: Value = serde_json::from_str(&docker(&["image", "inspect", "pos:latest"]).await).unwrap();
    let base: Value = serde_json::from_str(&docker(&["image", "inspect", BASE]).await).unwrap();
    let ours_mb = (image[0]["Size"].as_f64().unwrap() - base[0]["Size"].as_f64().unwrap()) / 1e6;
    println!("our part of the image: {ours_mb:.1} MB");
    assert!(ours_mb < OURS_AT_MOST_MB, "{ours_mb} MB");

    let config = &image[0]["Config"];
    assert_eq!(config["User"], "10001:10001");
    assert_eq!(config["StopSignal"], "SIGTERM");
    assert_eq!(config["Healthcheck"]["Test"], json!(["CMD", "pos", "healthcheck"]));
    let environment = config["Env"].to_string().to_lowercase();
    assert!(!environment.contains("password") && !environment.contains("postgres://"), "{environment}");
}

/// Every container of ours: not root, nothing to write to, no capability, healthy by its own word.
pub async fn every_container_is_confined(trial: &mut Trial) {
    for service in SERVICES {
        for container in trial.deployment.containers(service).await {
            is_confined(&container).await;
        }
    }
    let published = docker(&["ps", "--format", "{{.Names}} {{.Ports}}", "--filter", "publish=1-65535"]).await;
    let project = trial.deployment.network("");
    let ours: Vec<&str> = published.lines().filter(|line| line.starts_with(&project)).collect();
    assert!(ours.len() == 1 && ours[0].contains("gateway-service"), "{ours:?}");
}

pub async fn is_confined(container: &Container) {
    let inspected = container.inspect().await;
    let (host, name) = (&inspected["HostConfig"], &inspected["Name"]);
    assert_eq!(host["ReadonlyRootfs"], true, "{name}");
    assert_eq!(host["CapDrop"], json!(["ALL"]), "{name}");
    assert_eq!(host["Privileged"], false, "{name}");
    assert!(host["Memory"].as_i64().unwrap() > 0, "{name}");
    assert_eq!(host["LogConfig"]["Config"]["max-file"], "5", "{name}");
    until("it says that it is healthy", HEALTHY_WITHIN, async || {
        let inspected = container.inspect().await;
        (inspected["State"]["Health"]["Status"] == "healthy").then_some(())
    })
    .await;

    let status = container.execute(&["cat", "/proc/1/status"]).await.unwrap();
    let line =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert_eq!(line("Uid:").split_whitespace().next(), Some("10001"), "{name}");
    for set in ["CapEff:", "CapPrm:", "CapBnd:"] {
        assert_eq!(line(set), "0000000000000000", "{name} {set}");
    }
    let written = container.execute(&["touch", "/usr/local/bin/other"]).await;
    assert!(written.is_err(), "{name} writes to its root");
    container.execute(&["pos", "healthcheck", "--ready"]).await.unwrap();
}
