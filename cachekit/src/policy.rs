//! How long an entry lives and what it hangs on: plain data.

use std::time::Duration;

/// The options of one call to [`Cache::get_or_compute`](crate::Cache::get_or_compute) and
/// [`Cache::put`](crate::Cache::put).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use cachekit::Policy;
///
/// let policy = Policy::new().ttl(Duration::from_secs(60)).tag("users").tag("org:7");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    pub(crate) ttl: Option<Duration>,
    pub(crate) jitter: f32,
    pub(crate) tags: Vec<String>,
    pub(crate) events: Vec<String>,
}

impl Policy {
    /// The cache's defaults: its `default_ttl`, no tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the entry lives. Zero: it is not stored.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Shortens the time to live at random by up to this share, so that entries stored
    /// together do not expire together. Taken as 0 below 0 and as 1 above 1.
    pub fn jitter(mut self, share: f32) -> Self {
        self.jitter = share.clamp(0.0, 1.0);
        self
    }

    /// The entry is gone when this tag is invalidated.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The entry is gone when this event is emitted.
    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.events.push(event.into());
        self
    }
}

/// How long a function's entries live.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Lives {
    /// `None`: the cache's `default_ttl`.
    pub(crate) ttl: Option<Duration>,
    /// For a remembered absence; `None`: absences are not remembered.
    pub(crate) none_ttl: Option<Duration>,
    pub(crate) jitter: f32,
}

impl From<&Policy> for Lives {
    fn from(policy: &Policy) -> Self {
        Self {
            ttl: policy.ttl,
            none_ttl: None,
            jitter: policy.jitter,
        }
    }
}

/// `ttl`, shortened by a share drawn from `[0, jitter]` through `random` in `[0, 1)`.
pub(crate) fn jittered(ttl: Duration, jitter: f32, random: f64) -> Duration {
    if jitter <= 0.0 {
        return ttl;
    }
    ttl.mul_f64(1.0 - f64::from(jitter.min(1.0)) * random)
}

/// What `ttl = EXPR` may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time to live",
    note = "give a `Duration`, or an `Option<Duration>` where `None` means \"do not store\"; seconds are \
            one plain number, `ttl = 300`, and anything computed is a `Duration`"
)]
pub trait IntoTtl {
    /// The time to live; `None`: the value is not stored.
    fn into_ttl(self) -> Option<Duration>;
}

impl IntoTtl for Duration {
    fn into_ttl(self) -> Option<Duration> {
        Some(self)
    }
}

impl IntoTtl for Option<Duration> {
    fn into_ttl(self) -> Option<Duration> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_shortens_by_at_most_its_share() {
        let ttl = Duration::from_secs(100);
        assert_eq!(jittered(ttl, 0.0, 0.99), ttl);
        assert_eq!(jittered(ttl, 0.5, 0.0), ttl);
        assert_eq!(jittered(ttl, 0.5, 0.5), Duration::from_secs(75));
        assert!(jittered(ttl, 1.0, 0.999_999) < Duration::from_secs(1));
    }
}
