//! Freshness of entries: the end of an entry's life, early expiration before that end, and the
//! windows after it in which the entry may be served as a stale value.

use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::durations::LONGEST;
use crate::model::entry_options::EntryOptions;

/// Largest value of `-ln(u)` for a random `u` of at least 2^-64: the natural logarithm of 2^64,
/// rounded up. Early expiration recomputes an entry at most `LONGEST_DRAW` times
/// [`Freshness::spread`] before the entry's end.
const LONGEST_DRAW: f64 = 44.37;

/// Remaining life of an entry, or the time since that life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// Time until the end of the fresh life. Zero once that life is over.
    pub(crate) left: Duration,
    /// Time since the end of the fresh life. Zero as long as the entry is fresh.
    pub(crate) over: Duration,
    /// Time since the value was computed or written.
    pub(crate) age: Duration,
}

impl From<Duration> for Life {
    fn from(left: Duration) -> Self {
        let (over, age) = (Duration::ZERO, Duration::ZERO);
        Self { left, over, age }
    }
}

/// The points in time until which an entry is fresh, and until which the entry is served as a stale
/// value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Freshness {
    /// End of the entry's fresh life. If the option `memory_ttl` sets a shorter life in memory,
    /// memory drops the entry earlier.
    pub(crate) end: Tick,
    /// End of the window in which the expired entry is served while its key is recomputed
    /// (`stale`).
    stale_until: Tick,
    /// End of the window in which the expired entry is served if its recomputation failed
    /// (`stale_if_error`).
    error_until: Tick,
    /// Time before which early expiration cannot happen, whatever number is drawn. Hits before this
    /// time draw no number.
    early_from: Tick,
    /// Duration of the value's computation, multiplied by the beta of early expiration (`early`).
    spread: Duration,
    /// Time at which the value was computed or written, in nanoseconds since the clock's start.
    /// Negative if another process computed it before this process's clock started.
    born: i64,
}

impl Freshness {
    /// Creates the freshness of a value that is stored at `now`. `took` is the duration of its
    /// computation, or zero if that is unknown.
    pub(crate) fn new(now: Tick, life: Life, options: &EntryOptions, took: Duration) -> Self {
        let end = now.after(life.left);
        // The window is counted from now and not from the end, because the end may lie before the
        // start of the clock.
        let until = |window: Option<Duration>| match window {
            Some(window) => now.after(life.left.saturating_add(window).saturating_sub(life.over)),
            None => end,
        };
        let spread = scaled(took, f64::from(options.early));
        let early_from = if spread.is_zero() {
            Tick::NEVER
        } else {
            end.before(scaled(spread, LONGEST_DRAW))
        };
        Self {
            end,
            stale_until: until(options.stale),
            error_until: until(options.stale_if_error),
            early_from,
            spread,
            born: signed(now.nanos()).saturating_sub(signed(nanos(life.age))),
        }
    }

    /// Returns the time at `now` since the value was computed or written.
    pub(crate) fn age(&self, now: Tick) -> Duration {
        let age = signed(now.nanos()).saturating_sub(self.born);
        Duration::from_nanos(u64::try_from(age).unwrap_or_default())
    }

    /// Returns this freshness with the fresh life ending at `end` if that is earlier. The stale
    /// windows then begin and end earlier by the same time.
    pub(crate) fn ended_at(self, end: Tick) -> Self {
        if self.end <= end {
            return self;
        }
        let until = |until: Tick| end.after(until.since(self.end));
        Self {
            end,
            stale_until: until(self.stale_until),
            error_until: until(self.error_until),
            ..self
        }
    }

    /// Returns `true` if the entry's fresh life is over at `now`, but the time has not ended in
    /// which the option `stale` serves the entry while its key is recomputed.
    pub(crate) fn is_stale(&self, now: Tick) -> bool {
        self.end <= now && now < self.stale_until
    }

    /// Returns `true` if the entry may be served as a stale value when its recomputation fails at
    /// `now` (the option `stale_if_error`).
    pub(crate) fn outlives_errors(self, now: Tick) -> bool {
        now < self.error_until
    }

    /// Returns `true` if the entry may be served as a stale value at `now` to a caller that has
    /// waited for the computation for `soft_timeout` (the option for such values).
    pub(crate) fn outlives_delay(self, now: Tick) -> bool {
        now < self.error_until.max(self.stale_until)
    }

    /// Returns `true` if a random draw may expire the entry early at `now`. Costs one comparison.
    #[inline]
    pub(crate) fn is_near_end(&self, now: Tick) -> bool {
        now >= self.early_from
    }

    /// Returns the time before which no random draw can expire the entry early.
    pub(crate) fn early_from(&self) -> Tick {
        self.early_from
    }

    /// Returns the length of time before its end at which an entry is recomputed early, for a
    /// random `u`, uniform in (0, 1]. The length is `-delta * beta * ln(u)`, with `delta` the
    /// duration of the computation.
    pub(crate) fn advance(&self, u: f64) -> Duration {
        scaled(self.spread, -u.ln())
    }

    /// Returns `true` if the entry ends within `advance` after `now`. `advance` is a result of
    /// [`advance`](Self::advance).
    pub(crate) fn is_due(&self, now: Tick, advance: Duration) -> bool {
        now.after(advance) >= self.end
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

fn signed(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

/// Multiplies `length` by `by`, which is at least zero. Returns at most [`LONGEST`].
fn scaled(length: Duration, by: f64) -> Duration {
    let longest = LONGEST.as_secs_f64();
    Duration::from_secs_f64((length.as_secs_f64() * by).clamp(0.0, longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn options(early: f32) -> EntryOptions {
        EntryOptions {
            early,
            stale: Some(5 * SECOND),
            stale_if_error: Some(20 * SECOND),
            ..EntryOptions::DEFAULT
        }
    }

    fn at(seconds: u64) -> Tick {
        Tick::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn the_windows_begin_at_the_end() {
        let fresh = Freshness::new(at(100), Life::from(10 * SECOND), &options(1.0), SECOND);
        assert_eq!(fresh.end, at(110));
        let stale = |second| fresh.is_stale(at(second));
        assert_eq!([109, 110, 114, 115].map(stale), [false, true, true, false]);
        assert!(fresh.outlives_errors(at(129)) && !fresh.outlives_errors(at(130)));
    }

    #[test]
    fn what_was_found_late_has_the_rest_of_its_windows() {
        let life = Life {
            left: Duration::ZERO,
            over: 3 * SECOND,
            age: 13 * SECOND,
        };
        // The end of the entry's life lies before the start of the clock.
        let found = Freshness::new(at(1), life, &options(1.0), SECOND);
        assert_eq!(
            [1, 4].map(|second| found.age(at(second))),
            [13 * SECOND, 16 * SECOND]
        );
        assert!(found.is_stale(at(1)) && found.is_stale(at(2)) && !found.is_stale(at(3)));
        assert!(found.outlives_errors(at(17)) && !found.outlives_errors(at(18)));
    }

    #[test]
    fn what_ended_before_its_time_has_its_windows_from_there() {
        let fresh = Freshness::new(at(100), Life::from(10 * SECOND), &options(1.0), SECOND);
        let ended = fresh.ended_at(at(104));
        let stale = |second| ended.is_stale(at(second));
        assert_eq!([103, 104, 108, 109].map(stale), [false, true, true, false]);
        assert!(ended.outlives_errors(at(123)) && !ended.outlives_errors(at(124)));
        assert_eq!(fresh.ended_at(at(111)).end, at(110), "it was over before");
    }

    #[test]
    fn no_draw_succeeds_before_the_first_moment() {
        let fresh = Freshness::new(at(0), Life::from(100 * SECOND), &options(0.5), 2 * SECOND);
        let smallest = 0.5_f64.powi(64);
        let earliest = 100.0 - fresh.advance(smallest).as_secs_f64();
        assert!((55.63..55.65).contains(&earliest), "{earliest}");
        assert!(!fresh.is_near_end(at(55)) && fresh.is_near_end(at(56)));
        assert_eq!(fresh.advance(1.0), Duration::ZERO);
        assert!(fresh.is_due(at(100), Duration::ZERO) && !fresh.is_due(at(98), SECOND));
    }

    #[test]
    fn nothing_is_early_where_that_is_off_or_nothing_is_known() {
        for (early, took) in [(0.0, SECOND), (1.0, Duration::ZERO)] {
            let fresh = Freshness::new(at(0), Life::from(SECOND), &options(early), took);
            assert!(!fresh.is_near_end(at(1_000_000)));
        }
    }
}
