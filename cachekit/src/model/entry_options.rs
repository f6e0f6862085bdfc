//! Lifetimes, placement and limits of entries: plain data.

use std::time::Duration;

use crate::encoding::codec::Codec;
use crate::encoding::compress::USUAL_THRESHOLD;
use crate::model::config::{SingleFlight, Tier};

/// How long entries live, where, and who computes them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EntryOptions {
    /// `None`: the cache's `default_ttl`.
    pub(crate) ttl: Option<Duration>,
    /// For a remembered absence; `None`: absences are not remembered.
    pub(crate) none_ttl: Option<Duration>,
    /// For a remembered error; `None`: errors are not remembered.
    pub(crate) err_ttl: Option<Duration>,
    /// At most that long in memory.
    pub(crate) memory_ttl: Option<Duration>,
    /// So long in memory after the last use; `None`: as long as without.
    pub(crate) idle: Option<Duration>,
    /// At most that long in Redis.
    pub(crate) redis_ttl: Option<Duration>,
    pub(crate) jitter: f32,
    pub(crate) tier: Tier,
    /// `None`: as wide as the tier is shared.
    pub(crate) single_flight: Option<SingleFlight>,
    /// `None`: the cache's.
    pub(crate) lock_timeout: Option<Duration>,
    /// How long one computation may take; `None`: as long as it likes.
    pub(crate) timeout: Option<Duration>,
    /// How many computations run at once; `None`: all.
    pub(crate) bound: Option<ComputationLimit>,
    /// `None`: the cache's.
    pub(crate) codec: Option<Codec>,
    /// Whether large values are compressed; `None`: as the cache has it.
    pub(crate) compress: Option<bool>,
    /// After its life an entry is served for so long while it is computed again.
    pub(crate) stale: Option<Duration>,
    /// After its life an entry is served for so long where computing it again failed.
    pub(crate) stale_if_error: Option<Duration>,
    /// How long a caller waits before it is served what is there.
    pub(crate) soft_timeout: Option<Duration>,
    /// Whether a computation goes on without its caller.
    pub(crate) detach: bool,
    /// Beta of probabilistic early expiry; zero: never.
    pub(crate) early: f32,
    /// How many copies of an entry there are, in Redis alone; at least one.
    pub(crate) replicas: u8,
}

/// How many computations may run at once, of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ComputationLimit {
    /// `None`: of the function.
    pub(crate) group: Option<&'static str>,
    /// At least one.
    pub(crate) max: u32,
}

impl EntryOptions {
    /// Nothing said: everything as the cache has it.
    pub(crate) const DEFAULT: Self = Self {
        ttl: None,
        none_ttl: None,
        err_ttl: None,
        memory_ttl: None,
        idle: None,
        redis_ttl: None,
        jitter: 0.0,
        tier: Tier::Both,
        single_flight: None,
        lock_timeout: None,
        timeout: None,
        bound: None,
        codec: None,
        compress: None,
        stale: None,
        stale_if_error: None,
        soft_timeout: None,
        detach: false,
        early: 1.0,
        replicas: 1,
    };

    /// How long after its life an entry is kept.
    pub(crate) fn window(&self) -> Duration {
        self.stale.max(self.stale_if_error).unwrap_or_default()
    }

    /// From how many bytes on values are compressed, in a cache that has a threshold or none.
    pub(crate) fn compress_above(&self, threshold: Option<usize>) -> Option<usize> {
        match self.compress {
            Some(false) => None,
            Some(true) => threshold.or(Some(USUAL_THRESHOLD)),
            None => threshold,
        }
    }

    /// The same for a remembered error: nothing serves one that is over.
    pub(crate) fn of_error(self) -> Self {
        Self {
            idle: None,
            stale: None,
            stale_if_error: None,
            early: 0.0,
            ..self
        }
    }

    /// How many copies of an entry there are, if more than one.
    pub(crate) fn copies(&self) -> Option<u8> {
        (self.replicas > 1 && self.tier == Tier::Redis).then_some(self.replicas)
    }

    /// Whether copies are asked for where there are none.
    pub(crate) fn leaves_replicas_out(&self) -> bool {
        self.replicas > 1 && self.copies().is_none()
    }

    /// Whether a computation goes on without its caller: what others may wait for.
    pub(crate) fn detaches(&self) -> bool {
        self.detach && self.single_flight != Some(SingleFlight::Off)
    }

    /// How long memory may keep what lives for `ttl`.
    pub(crate) fn in_memory(&self, ttl: Duration) -> Duration {
        self.memory_ttl.map_or(ttl, |most| most.min(ttl))
    }
}

impl Default for EntryOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// `ttl`, shortened by a share drawn from `[0, jitter]` through `random` in `[0, 1)`.
pub(crate) fn jittered(ttl: Duration, jitter: f32, random: f64) -> Duration {
    if jitter <= 0.0 {
        return ttl;
    }
    ttl.mul_f64(1.0 - f64::from(jitter.min(1.0)) * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_no_longer_than_its_cap() {
        let [short, long] = [30, 300].map(Duration::from_secs);
        let capped = EntryOptions {
            memory_ttl: Some(short),
            ..EntryOptions::DEFAULT
        };
        assert_eq!(capped.in_memory(long), short);
        assert_eq!(capped.in_memory(short / 2), short / 2);
        assert_eq!(EntryOptions::DEFAULT.in_memory(long), long);
    }

    #[test]
    fn a_function_has_the_last_word_on_compression() {
        let says = |compress| EntryOptions {
            compress,
            ..EntryOptions::DEFAULT
        };
        let threshold = |compress, of_cache| says(compress).compress_above(of_cache);
        assert_eq!(threshold(None, None), None);
        assert_eq!(threshold(None, Some(10)), Some(10));
        assert_eq!(threshold(Some(true), None), Some(1_024));
        assert_eq!(threshold(Some(true), Some(10)), Some(10));
        assert_eq!(threshold(Some(false), Some(10)), None);
    }

    #[test]
    fn jitter_shortens_by_at_most_its_share() {
        let ttl = Duration::from_secs(100);
        assert_eq!(jittered(ttl, 0.0, 0.99), ttl);
        assert_eq!(jittered(ttl, 0.5, 0.0), ttl);
        assert_eq!(jittered(ttl, 0.5, 0.5), Duration::from_secs(75));
        assert!(jittered(ttl, 1.0, 0.999_999) < Duration::from_secs(1));
    }
}
