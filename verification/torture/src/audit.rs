//! `pos audit` on the shop, with a bound.

use std::{
    fs::{self, File},
    process::Child,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::time::sleep;

use crate::{check::Findings, process::Program, shop::Shop};

/// A million orders take it a minute; a run that waits longer has hung.
const ENDS_WITHIN: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(50);

/// Ended with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it ended with. That it disagrees is a violation; that it does not end is something that could not be checked.
///
/// # Errors
/// When it cannot be run.
pub async fn audit(shop: &Shop, findings: &mut Findings) -> anyhow::Result<String> {
    audit_within(&shop.audit, ENDS_WITHIN, findings).await
}

async fn audit_within(
    program: &Program,
    within: Duration,
    findings: &mut Findings,
) -> anyhow::Result<String> {
    let begun = Instant::now();
    // into a file: a pipe that nobody empties would stop it
    let log = File::create(program.log())?;
    let child = program.command().stdout(log.try_clone()?).stderr(log).spawn();
    let mut running = Running(child.context("`pos audit` cannot be run")?);
    loop {
        if let Some(status) = running.0.try_wait()? {
            if status.code() != Some(0) {
                let said = fs::read(program.log())?;
                let said = String::from_utf8_lossy(&said);
                findings.violation("`pos audit` agrees", format!("it ended with {status}:\n{said}"));
            }
            return Ok(status.to_string());
        }
        if begun.elapsed() > within {
            let fault = format!("`pos audit` did not end within {} s", within.as_secs());
            findings.could_not_check(fault.clone());
            return Ok(fault);
        }
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn findings_of(script: &str, name: &str, within: Duration) -> (Findings, String) {
        let directory = std::env::temp_dir().join(format!("pos-torture-audit-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let program = Program {
            name: "audit".into(),
            file: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            settings: vec![],
            directory: directory.clone(),
            user: None,
        };
        let mut findings = Findings::default();
        let said = audit_within(&program, within, &mut findings).await.unwrap();
        fs::remove_dir_all(directory).unwrap();
        (findings, said)
    }

    #[tokio::test]
    async fn an_audit_that_does_not_end_could_not_check() {
        let (findings, said) = findings_of("exec sleep 60", "hangs", Duration::from_millis(200)).await;
        assert_eq!(findings.total(), 0);
        assert_eq!(findings.unchecked(), [said]);
    }

    #[tokio::test]
    async fn an_audit_that_disagrees_is_a_violation() {
        let (findings, _) = findings_of("echo I2; exit 2", "disagrees", ENDS_WITHIN).await;
        assert_eq!((findings.total(), findings.unchecked().len()), (1, 0));
        let (_, shown) = &findings.violations["`pos audit` agrees"];
        assert!(shown[0].contains("I2"), "{shown:?}");
    }
}
