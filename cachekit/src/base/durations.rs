//! Durations that users choose, and sums with them that cannot overflow.

use std::time::Duration;

use tokio::time::Instant;

/// The longest duration that a setting can have: a hundred years. A longer setting means "for
/// ever", and is shortened to a hundred years when the setting is made. With this limit, sums and
/// multiples of settings overflow on no clock and in no script in Redis.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Returns `length`, or [`LONGEST`] if `length` is longer.
pub(crate) const fn cut(length: Duration) -> Duration {
    if length.as_secs() < LONGEST.as_secs() {
        length
    } else {
        LONGEST
    }
}

/// Returns the instant that is `length` after now.
pub(crate) fn from_now(length: Duration) -> Instant {
    later(Instant::now(), length)
}

/// Returns the instant that is `length` after `start`. If the clock cannot represent that instant,
/// returns the instant that is [`LONGEST`] after `start`.
pub(crate) fn later(start: Instant, length: Duration) -> Instant {
    start.checked_add(length).unwrap_or_else(|| start + LONGEST)
}

/// Lengths of time in seconds, for serde.
#[cfg(feature = "serde")]
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(time.as_secs_f64())
    }

    #[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
    pub(crate) fn serialize_option<S: Serializer>(
        time: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_some(&time.as_secs_f64()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_is_cut() {
        let just_less = LONGEST.saturating_sub(Duration::from_nanos(1));
        for length in [Duration::ZERO, Duration::from_nanos(1), just_less, LONGEST] {
            assert_eq!(cut(length), length);
        }
        assert_eq!(cut(Duration::MAX), LONGEST);
        assert_eq!(cut(LONGEST + Duration::from_nanos(1)), LONGEST);
    }

    #[test]
    fn no_length_is_too_long_to_be_added() {
        let now = Instant::now();
        assert_eq!(later(now, Duration::MAX), now + LONGEST);
        assert!(from_now(Duration::MAX) > from_now(LONGEST / 2));
    }
}
