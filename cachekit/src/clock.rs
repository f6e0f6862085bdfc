//! The clock that lengths of life are measured on.
//!
//! Deadlines are kept as nanoseconds since the clock's own start, so that a reading is one
//! integer and no two machines' clocks are ever compared.

use std::fmt;
use std::time::{Duration, Instant};

/// A monotonic clock.
///
/// The default is [`SystemClock`]; tests move a [`ManualClock`](crate::testing::ManualClock)
/// by hand (feature `testing`).
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time since this clock's start. Never goes back.
    fn now(&self) -> Duration;
}

/// The operating system's monotonic clock.
///
/// There is no background ticker: after the process was stopped or throttled, the first
/// reading is already right.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A reading of a [`Clock`], in nanoseconds since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    /// Now, on `clock`.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self(nanos(clock.now()))
    }

    /// `length` later; lengths beyond 584 years mean "never".
    pub(crate) fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(nanos(length)))
    }

    /// A moment that does not come.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// `length` earlier, or the clock's beginning.
    pub(crate) fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(length)))
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// How long it is from `earlier` to here; zero if it is not later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}
