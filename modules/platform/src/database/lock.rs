//! Keeps two processes off one data directory.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Held as long as the value lives; the system releases it when the process ends, however it ends.
pub struct FileLock {
    _file: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FileLockError {
    #[error("another process uses {}; stop it, or choose another directory", .0.display())]
    InUse(PathBuf),
    #[error("cannot use {}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl FileLock {
    /// Makes `directory` if need be and takes the lock in it.
    ///
    /// # Errors
    /// When another process holds it, or the directory cannot be written.
    pub fn take(directory: &Path) -> Result<Self, FileLockError> {
        let failed = |source| FileLockError::Io { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(failed)?;
        let path = directory.join("pos.lock");
        let mut file = File::options().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FileLockError::InUse(directory.to_owned()));
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
