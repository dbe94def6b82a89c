//! Small file systems of a test's own, where this user may mount: real walls, not pretended ones.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::directory::Directory;

/// A file system in memory, gone after the test.
pub struct Mount(Directory);

impl Mount {
    /// Of this many mebibytes, writable by everybody; `None`, and said so, where this user may not mount.
    pub fn of_mib(size: u32) -> Option<Self> {
        let directory = Directory::fresh();
        let options = format!("size={size}m,mode=0777");
        let mounted = as_root(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs"], directory.path());
        if !mounted {
            super::skipped::note("a file system that is full or read-only: this user may not mount one");
        }
        mounted.then(|| Self(directory))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// From now on nothing can be written; only while no file is open for writing.
    pub fn make_read_only(&self) {
        assert!(as_root(&["mount", "-o", "remount,ro"], self.path()));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if !as_root(&["umount"], self.path()) {
            eprintln!("{} stays mounted", self.path().display());
        }
    }
}

fn as_root(arguments: &[&str], path: &Path) -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    let mut command = match is_root {
        true => Command::new(arguments[0]),
        false => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", arguments[0]]);
            sudo
        }
    };
    command.args(&arguments[1..]).arg(path).status().is_ok_and(|status| status.success())
}
