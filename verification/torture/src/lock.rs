//! Locks of this program.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic elsewhere is told there; what it left is still the best there is to report.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
