//! A shell's limit of open files must not be the limit of connections.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{directory::Directory, process::binary, wait::until};

#[tokio::test]
async fn a_start_raises_the_limit_of_open_files() {
    let directory = Directory::fresh();
    let mut process = Command::new("sh")
        .args(["-c", r#"ulimit -S -n 256 && exec "$0" --listen 127.0.0.1:0"#, &binary()])
        .env("POS__DATA_DIR", directory.path())
        .env("POS__SERVER__MAX_CONNECTIONS", "1000")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let path = format!("/proc/{}/limits", process.id());

    let raised = until(
        "the limit is what 1,000 connections need, two handles each",
        Duration::from_secs(20),
        async || {
            let limits = fs::read_to_string(&path).unwrap();
            let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
            (line.split_whitespace().nth(3) == Some("2512")).then_some(())
        },
    );
    raised.await;

    process.kill().unwrap();
    process.wait().unwrap();
}
