//! Lifetimes, placement and limits of entries: plain data.
//!
//! Attributes fill it at compile time, through [`FnSpec`](crate::model::function_spec::FnSpec), and
//! calls through [`Policy`](crate::Policy).

use std::time::Duration;

use crate::encoding::codec::Codec;
use crate::encoding::compress::USUAL_THRESHOLD;
use crate::model::config::{SingleFlight, Tier};

/// Options of the entries of one function or one call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EntryOptions {
    /// `None`: the cache's `default_ttl`.
    pub(crate) ttl: Option<Duration>,
    /// Lifetime of a remembered absence. `None`: absences are not remembered.
    pub(crate) none_ttl: Option<Duration>,
    /// Lifetime of a remembered error. `None`: errors are not remembered.
    pub(crate) err_ttl: Option<Duration>,
    /// Upper bound of the time in memory.
    pub(crate) memory_ttl: Option<Duration>,
    /// Time in memory since the last use. `None`: unused entries live as long as used ones.
    pub(crate) idle: Option<Duration>,
    /// Upper bound of the time in Redis.
    pub(crate) redis_ttl: Option<Duration>,
    pub(crate) jitter: f32,
    pub(crate) tier: Tier,
    /// `None`: all callers that share the tier.
    pub(crate) single_flight: Option<SingleFlight>,
    /// `None`: the cache's.
    pub(crate) lock_timeout: Option<Duration>,
    /// Upper bound of one computation. `None`: no bound.
    pub(crate) timeout: Option<Duration>,
    /// Limit of concurrent computations. `None`: no limit.
    pub(crate) bound: Option<ComputationLimit>,
    /// `None`: the cache's.
    pub(crate) codec: Option<Codec>,
    /// Turns compression of large values on or off. `None`: as the cache does.
    pub(crate) compress: Option<bool>,
    /// Time after the end of its life for which an entry is served while it is recomputed.
    pub(crate) stale: Option<Duration>,
    /// Time after the end of its life for which an entry is served if recomputing it failed.
    pub(crate) stale_if_error: Option<Duration>,
    /// Time that a caller waits before it is served a stale value.
    pub(crate) soft_timeout: Option<Duration>,
    /// `true` if a computation continues after its caller was dropped.
    pub(crate) detach: bool,
    /// Beta of probabilistic early expiration. Zero turns it off.
    pub(crate) early: f32,
    /// Number of replicas of an entry, at least one. More than one needs Redis as the only tier.
    pub(crate) replicas: u8,
}

/// Limit of concurrent computations, for a function or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ComputationLimit {
    /// `None`: the function itself.
    pub(crate) group: Option<&'static str>,
    /// At least one.
    pub(crate) max: u32,
}

impl EntryOptions {
    /// No option set: the cache decides everything.
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

    /// Returns the time after its life for which an entry is kept.
    pub(crate) fn window(&self) -> Duration {
        self.stale.max(self.stale_if_error).unwrap_or_default()
    }

    /// Returns the size in bytes from which values are compressed, given the cache's `threshold`.
    pub(crate) fn compress_above(&self, threshold: Option<usize>) -> Option<usize> {
        match self.compress {
            Some(false) => None,
            Some(true) => threshold.or(Some(USUAL_THRESHOLD)),
            None => threshold,
        }
    }

    /// Returns the options of a remembered error. An expired error is never served.
    pub(crate) fn of_error(self) -> Self {
        Self {
            idle: None,
            stale: None,
            stale_if_error: None,
            early: 0.0,
            ..self
        }
    }

    /// Returns the number of replicas of an entry, if there is more than one.
    pub(crate) fn copies(&self) -> Option<u8> {
        (self.replicas > 1 && self.tier == Tier::Redis).then_some(self.replicas)
    }

    /// Returns `true` if replicas are requested with a tier that has none.
    pub(crate) fn leaves_replicas_out(&self) -> bool {
        self.replicas > 1 && self.copies().is_none()
    }

    /// Returns `true` if a computation continues after its caller was dropped. Without
    /// single-flight no other call could wait for it, so it does not.
    pub(crate) fn detaches(&self) -> bool {
        self.detach && self.single_flight != Some(SingleFlight::Off)
    }

    /// Returns the time for which memory may keep an entry that lives for `ttl`.
    pub(crate) fn in_memory(&self, ttl: Duration) -> Duration {
        self.memory_ttl.map_or(ttl, |most| most.min(ttl))
    }
}

impl Default for EntryOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
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
}
