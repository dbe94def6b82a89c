//! Two minutes of the torture run with fixed seeds: enough to notice when it, or the shop under it, breaks. Long runs are
//! made by hand; see docs/RELIABILITY.md.

use std::process::Command;

/// Faults are injected for so long, by each seed; starting, checking and ending come on top.
const MINUTES: &str = "1";

fn torture(shape: &str, seed: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_torture"));
    command.args(["--shape", shape, "--seed", seed, "--minutes", MINUTES, "--tills", "16"]);
    let run = command.output().expect("it runs");
    let (said, failed) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!("{said}");
    assert!(run.status.success(), "{}: {failed}", run.status);
    assert!(said.contains("| **violations** | **0** |"));
    for (what, least) in [("orders sold", 100), ("faults", 10)] {
        let cell =
            said.lines().find_map(|line| line.strip_prefix(&format!("| {what} | "))?.split(' ').next());
        let count: Option<u64> = cell.and_then(|count| count.replace(',', "").parse().ok());
        assert!(count.is_some_and(|count| count >= least), "{what}: {count:?}");
    }
}

#[test]
fn split_under_torture_loses_doubles_and_oversells_nothing() {
    torture("split", "7");
}

#[test]
fn one_process_under_torture_loses_doubles_and_oversells_nothing() {
    torture("all", "8");
}
