//! A directory that is gone after the test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// Removed on drop.
pub struct Directory(PathBuf);

impl Directory {
    pub fn fresh() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("it-{}", Uuid::now_v7().simple()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} stays: {error}", self.0.display());
        }
    }
}
