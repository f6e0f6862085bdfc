//! Counts concurrent runs.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts how many are inside at once.
#[derive(Debug, Default)]
pub(crate) struct ConcurrencyGauge {
    current: AtomicUsize,
    pub(crate) max: AtomicUsize,
}

pub(crate) struct Inside<'a>(&'a ConcurrencyGauge);

impl ConcurrencyGauge {
    pub(crate) fn enter(&self) -> Inside<'_> {
        let now = self.current.fetch_add(1, Ordering::SeqCst) + 1;
        self.max.fetch_max(now, Ordering::SeqCst);
        Inside(self)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.current.fetch_sub(1, Ordering::SeqCst);
    }
}
