//! How many run at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts how many are inside at once.
#[derive(Debug, Default)]
pub(crate) struct Peak {
    now: AtomicUsize,
    pub(crate) most: AtomicUsize,
}

pub(crate) struct Inside<'a>(&'a Peak);

impl Peak {
    pub(crate) fn enter(&self) -> Inside<'_> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Inside(self)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}
