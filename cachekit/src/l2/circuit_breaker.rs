//! The circuit breaker of the shared store.
//!
//! While it is closed, calls ask the store. A few consecutive failures open it: calls then go on
//! without the store and do not wait. From time to time it is half-open: one probe runs in the
//! background, never in a user's call. Only an answer in time closes the breaker. (M. Nygard,
//! "Release It!", 2007, chapter 5.)

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::base::fault::{Faults, guard};
use crate::base::trace;

/// The number of consecutive failures that open the breaker.
const FAILURES: u32 = 5;

const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const HALF_OPEN: u8 = 2;

/// A circuit breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// The consecutive failures so far.
    failures: AtomicU32,
    state: AtomicU8,
    openings: AtomicU64,
    opened: Notify,
    pub(crate) faults: Faults,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self {
            failures: AtomicU32::new(0),
            state: AtomicU8::new(CLOSED),
            openings: AtomicU64::new(0),
            opened: Notify::new(),
            faults: Faults::default(),
        }
    }

    /// Returns `true` if calls may ask the store.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSED
    }

    /// Returns `true` if a probe is running.
    pub(crate) fn is_half_open(&self) -> bool {
        self.state.load(Ordering::Acquire) == HALF_OPEN
    }

    /// Returns how often the breaker opened.
    pub(crate) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Relaxed)
    }

    /// Records that a call's question was answered.
    pub(crate) fn succeeded(&self) {
        // Read first: as long as all goes well, no call writes.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// Records that a call's question was not answered in time, or that a read was rejected.
    pub(crate) fn failed(&self) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if !guard!(self, NoBreaker: failures < FAILURES) && self.turn(CLOSED, OPEN) {
            self.openings.fetch_add(1, Ordering::Relaxed);
            trace::breaker_opened(failures);
            self.opened.notify_one();
        }
    }

    /// Waits until the breaker is not closed. For a single task.
    pub(crate) async fn opened(&self) {
        while self.is_closed() {
            self.opened.notified().await;
        }
    }

    /// Begins a probe; `None` if the breaker is closed or another probe runs. If it is dropped
    /// before it [succeeded](Attempt::succeeded), the breaker stays open.
    pub(crate) fn attempt(&self) -> Option<Attempt<'_>> {
        self.turn(OPEN, HALF_OPEN).then(|| Attempt(self))
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        let state = &self.state;
        let turned = state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        turned.is_ok()
    }
}

/// A probe of a half-open breaker.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt<'a>(&'a Breaker);

impl Attempt<'_> {
    /// Closes the breaker: calls ask the store again.
    pub(crate) fn succeeded(self) {
        self.0.failures.store(0, Ordering::Relaxed);
        if self.0.turn(HALF_OPEN, CLOSED) {
            trace::breaker_closed();
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        // No effect after a success.
        self.0.turn(HALF_OPEN, OPEN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Breaker {
        let breaker = Breaker::new();
        (0..FAILURES).for_each(|_| breaker.failed());
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let breaker = Breaker::new();
        for _ in 0..10 {
            (1..FAILURES).for_each(|_| breaker.failed());
            breaker.succeeded();
        }
        assert!(breaker.is_closed());
        (0..FAILURES).for_each(|_| breaker.failed());
        assert!(!breaker.is_closed());
        breaker.failed();
        assert_eq!(breaker.openings(), 1);
    }

    #[test]
    fn only_an_attempt_closes_it() {
        let breaker = opened();
        breaker.succeeded();
        assert!(!breaker.is_closed(), "an answer that was on its way");
        let attempt = breaker.attempt().unwrap();
        assert!(breaker.is_half_open() && !breaker.is_closed());
        assert!(breaker.attempt().is_none(), "one at a time");
        drop(attempt);
        assert!(!breaker.is_half_open() && !breaker.is_closed());
        breaker.attempt().unwrap().succeeded();
        assert!(breaker.is_closed() && breaker.attempt().is_none());
        breaker.failed();
        assert!(breaker.is_closed(), "it begins to count anew");
    }
}
