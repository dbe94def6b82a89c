//! Counts what is under way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// How much is under way; clones count the same.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicUsize>);

/// One of it; ends when dropped, wherever that is.
pub struct Counted(Arc<AtomicUsize>);

impl Counter {
    pub fn current(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Counts one more, unless there are `max` already.
    pub fn enter(&self, max: usize) -> Option<Counted> {
        if self.0.fetch_add(1, Relaxed) >= max {
            self.0.fetch_sub(1, Relaxed);
            return None;
        }
        Some(Counted(self.0.clone()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_in_as_many_as_it_may() {
        let counter = Counter::default();
        let inside = (counter.enter(2), counter.enter(2));
        assert!(counter.enter(2).is_none());
        assert_eq!(counter.current(), 2);
        drop(inside);
        assert_eq!(counter.current(), 0);
    }
}
