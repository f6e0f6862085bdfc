//! The time of day, for the age of responses.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that was read once as the time of day, and since then advances with the cache's clock.
/// A step of the system's clock therefore makes no response older or younger in this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallClock {
    /// Milliseconds from the Unix epoch to the start of the cache's clock.
    start: u64,
}

impl WallClock {
    /// Creates a clock from `now`, the current reading of the cache's clock.
    pub(crate) fn new(now: Duration) -> Self {
        let time_of_day = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            start: millis(time_of_day).saturating_sub(millis(now)),
        }
    }

    /// Returns the milliseconds from the Unix epoch to `now`, a reading of the cache's clock.
    pub(crate) fn at(self, now: Duration) -> u64 {
        self.start.saturating_add(millis(now))
    }
}

/// Returns the milliseconds of `length`.
pub(crate) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
