//! Which sources stand beside this program.

use std::process::Command;

/// With a mark where what is built differs from it; `unknown` where there is no git.
pub fn commit() -> String {
    let Some(head) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--", ":/", ":(top,exclude)docs"]) {
        Some(changes) if changes.is_empty() => head,
        Some(_) => format!("{head} with changes"),
        None => format!("{head}, changes unknown"),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
