//! The parts of threads' tables (L0) that all threads of a process share.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::l1::thread_cache::table::slots::PART_SLOTS;

/// Number of parts that all threads share, for tables that need more than their own: 1,048,576
/// slots, which take 97 MiB.
const SHARED_PARTS: usize = (1 << 20) / PART_SLOTS;

/// Number of shared parts that no thread has drawn.
static LEFT: AtomicUsize = AtomicUsize::new(SHARED_PARTS);

/// Parts that one thread has drawn from those that all threads share. They are given back when this
/// value is dropped, at the latest when the thread ends.
pub(crate) struct DrawnParts {
    drawn: usize,
    left: &'static AtomicUsize,
}

impl DrawnParts {
    pub(crate) const fn new() -> Self {
        Self::of(&LEFT)
    }

    pub(super) const fn of(left: &'static AtomicUsize) -> Self {
        Self { drawn: 0, left }
    }

    /// Draws one part. Returns `false` if no part is left.
    pub(crate) fn draw(&mut self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        let drawn = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.drawn += usize::from(drawn.is_ok());
        drawn.is_ok()
    }

    /// Gives back all drawn parts but `kept`.
    pub(crate) fn keep(&mut self, kept: usize) {
        let given_back = self.drawn.saturating_sub(kept);
        self.drawn -= given_back;
        self.left.fetch_add(given_back, Ordering::Relaxed);
    }
}

impl Drop for DrawnParts {
    fn drop(&mut self) {
        self.keep(0);
    }
}
