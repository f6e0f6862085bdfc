//! The circuit breaker of the store (L2).
//!
//! While the breaker is closed, calls ask the store. A few consecutive failures open the breaker:
//! calls then skip the store and do not wait. From time to time the breaker is half-open: a single
//! probe of the store runs in the background, never in a user's call. Only a probe that is answered
//! in time closes the breaker. (M. Nygard, "Release It!", 2007, chapter 5.)

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::base::fault::{Faults, guard};
use crate::base::trace;

/// The number of consecutive failures of the store that open the circuit breaker.
const FAILURES: u32 = 5;

const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const HALF_OPEN: u8 = 2;

/// A circuit breaker, which counts consecutive failures of the store and is closed, open or
/// half-open.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// The number of failures since the store last answered a call.
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

    /// Returns `true` if the circuit breaker is closed, so that calls may use the store.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSED
    }

    /// Returns `true` if the circuit breaker is half-open: a probe of the store (a trial command)
    /// is running.
    pub(crate) fn is_half_open(&self) -> bool {
        self.state.load(Ordering::Acquire) == HALF_OPEN
    }

    /// Returns the number of times that the circuit breaker turned from closed to open.
    pub(crate) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Relaxed)
    }

    /// Records that the store answered a call. The answer ends a series of consecutive failures.
    pub(crate) fn succeeded(&self) {
        // The number is read first, so that no call writes while the store answers every call.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// Records that the store did not answer a call in time, or rejected a read. The last of
    /// [`FAILURES`] consecutive failures opens the circuit breaker.
    pub(crate) fn failed(&self) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if !guard!(self, NoBreaker: failures < FAILURES) && self.turn(CLOSED, OPEN) {
            self.openings.fetch_add(1, Ordering::Relaxed);
            trace::breaker_opened(failures);
            self.opened.notify_one();
        }
    }

    /// Waits until the circuit breaker is open or half-open. Only one task may wait at a time.
    pub(crate) async fn opened(&self) {
        while self.is_closed() {
            self.opened.notified().await;
        }
    }

    /// Turns an open circuit breaker half-open, and returns the probe of the store (a trial
    /// command) that the caller must run. Returns `None` if the circuit breaker is closed or
    /// another probe runs. If the probe is dropped before it [succeeded](Attempt::succeeded), the
    /// circuit breaker is open again.
    pub(crate) fn attempt(&self) -> Option<Attempt<'_>> {
        self.turn(OPEN, HALF_OPEN).then(|| Attempt(self))
    }

    /// Opens a half-open breaker, because the task that probed the store will not go on.
    pub(crate) fn abandon_attempt(&self) {
        self.turn(HALF_OPEN, OPEN);
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        let state = &self.state;
        let turned = state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        turned.is_ok()
    }
}

/// A running probe of the store (a trial command), during which the circuit breaker is half-open.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt<'a>(&'a Breaker);

impl Attempt<'_> {
    /// Records that the store answered the probe (a trial command). Closes the circuit breaker, so
    /// that calls use the store again.
    pub(crate) fn succeeded(self) {
        self.0.failures.store(0, Ordering::Relaxed);
        if self.0.turn(HALF_OPEN, CLOSED) {
            trace::breaker_closed();
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        // After a success, the breaker is already closed, and `turn` changes nothing.
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
        // The task of an attempt stands still for ever, and another attempt takes its place.
        let left = breaker.attempt().unwrap();
        breaker.abandon_attempt();
        assert!(!breaker.is_half_open() && !breaker.is_closed());
        let next = breaker.attempt().unwrap();
        drop(left);
        drop(next);
        breaker.attempt().unwrap().succeeded();
        assert!(breaker.is_closed() && breaker.attempt().is_none());
        breaker.failed();
        assert!(breaker.is_closed(), "it begins to count anew");
    }
}
