//! A small disk of the run's own, which can be full: a tmpfs, which root alone may mount.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::process::find;

/// Memory is taken as it fills.
const SIZE: &str = "4g";

/// Unmounted with the value.
pub struct Disk(PathBuf);

impl Disk {
    /// `None`, and a line that says so, where it cannot be had.
    pub fn mount(at: &Path) -> Option<Self> {
        let mounted = run("mount", &["-t", "tmpfs", "-o", &format!("size={SIZE},mode=755"), "tmpfs"], at);
        if !mounted {
            println!("No tmpfs can be mounted here (it needs root): the disk will never be full.");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    /// Room for as good as nothing more.
    pub fn fill(&self) -> bool {
        // less than what is there is refused: tried from small to large
        let Some(used) = self.used_kilobytes() else { return false };
        [0, 64, 256, 1024].iter().any(|more| self.resize(&format!("{}k", used + more)))
    }

    pub fn empty(&self) -> bool {
        self.resize(SIZE)
    }

    fn resize(&self, size: &str) -> bool {
        run("mount", &["-o", &format!("remount,size={size}")], &self.0)
    }

    fn used_kilobytes(&self) -> Option<u64> {
        let output = Command::new(find("df")?).args(["-k", "--output=used"]).arg(&self.0).output().ok()?;
        String::from_utf8(output.stdout).ok()?.split_whitespace().last()?.parse().ok()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l"], &self.0);
    }
}

fn run(program: &str, arguments: &[&str], at: &Path) -> bool {
    let Some(program) = find(program) else { return false };
    let mut command = Command::new(program);
    command.args(arguments).arg(at).stderr(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
