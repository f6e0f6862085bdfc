//! Options of entries: lifetimes, tiers and limits, as plain data.
//!
//! Attributes set [`EntryOptions`] at compile time, through
//! [`FnSpec`](crate::model::function_spec::FnSpec). Calls on a cache set them through
//! [`Policy`](crate::Policy).

use std::time::Duration;

use crate::encoding::codec::Codec;
use crate::encoding::compress::USUAL_THRESHOLD;
use crate::model::config::{SingleFlight, Tier};

/// Options of the entries that one function or one call stores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EntryOptions {
    /// Time to live of a value. `None`: the cache's `default_ttl`.
    pub(crate) ttl: Option<Duration>,
    /// `true` if `ttl` comes from a configuration file, and takes precedence over the expression in
    /// an attribute.
    pub(crate) has_fixed_ttl: bool,
    /// `false` if a configuration file turns the function off: its calls bypass the cache.
    pub(crate) is_enabled: bool,
    /// Time to live of a remembered absence. `None`: absences are not remembered.
    pub(crate) none_ttl: Option<Duration>,
    /// Time to live of a remembered error. `None`: errors are not remembered.
    pub(crate) err_ttl: Option<Duration>,
    /// Longest time for which memory keeps an entry (`memory_ttl`). `None`: as long as the entry's
    /// time to live.
    pub(crate) memory_ttl: Option<Duration>,
    /// Time without a use after which an entry in memory expires. `None`: entries do not expire for
    /// lack of use.
    pub(crate) idle: Option<Duration>,
    /// Longest time for which Redis keeps an entry (`redis_ttl`). `None`: as long as the entry's
    /// time to live.
    pub(crate) redis_ttl: Option<Duration>,
    pub(crate) jitter: f32,
    pub(crate) tier: Tier,
    /// Callers that share one computation. `None`: the callers in this process, or, if entries are
    /// in Redis, those in all processes.
    pub(crate) single_flight: Option<SingleFlight>,
    /// Longest time for which a call waits for another call's computation. `None`: the setting of
    /// the cache.
    pub(crate) lock_timeout: Option<Duration>,
    /// Longest time for which a computation may run. `None`: no limit.
    pub(crate) timeout: Option<Duration>,
    /// Limit of the computations that run at once (`max_computations`). `None`: no limit.
    pub(crate) bound: Option<ComputationLimit>,
    /// Encoding of values in Redis. `None`: the codec of the cache.
    pub(crate) codec: Option<Codec>,
    /// Turns compression of large values on or off. `None`: the cache's setting.
    pub(crate) compress: Option<bool>,
    /// Turns encryption in Redis on or off. `None`: on, if the cache has keys.
    pub(crate) encrypt: Option<bool>,
    /// Time after the end of its `ttl` for which an entry is served while its key is recomputed.
    /// `None`: an expired entry is not served during a recomputation.
    pub(crate) stale: Option<Duration>,
    /// Time after the end of its `ttl` for which an entry is served if its recomputation failed.
    /// `None`: an expired entry is not served after a failed recomputation.
    pub(crate) stale_if_error: Option<Duration>,
    /// Time that a caller waits for the computation before the caller is served a stale value.
    /// `None`: callers wait until the computation ends.
    pub(crate) soft_timeout: Option<Duration>,
    /// `true` if `detach` is set: a computation continues after its caller was dropped.
    pub(crate) detach: bool,
    /// Longest time for which a computation without `timeout` continues after its caller was
    /// dropped. `None`: the longest time for which a call waits for another one.
    pub(crate) detach_limit: Option<Duration>,
    /// Beta of probabilistic early expiration: the larger the beta, the earlier an entry is
    /// recomputed. Zero turns early expiration off.
    pub(crate) early: f32,
    /// Number of replicas of an entry in Redis, at least 1. Ignored unless Redis is the only tier.
    pub(crate) replicas: u8,
    /// Dependencies that an entry takes over from the values that its computation took.
    pub(crate) depends: Depends,
}

/// Dependencies that an entry takes over from the values that its computation took from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Depends {
    /// The invalidations and the lives of the values: the entry is invalidated with each of them,
    /// and is fresh only while all of them are fresh.
    #[default]
    All,
    /// The invalidations alone. A value that is old, or ends soon, does not shorten the entry's
    /// life.
    Names,
    /// None: an invalidation or the end of a value does not change the entry.
    Nothing,
}

/// Limit of concurrent computations, for a function or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ComputationLimit {
    /// Name of the group whose calls share the limit. `None`: the limit is for the calls of one
    /// function.
    pub(crate) group: Option<&'static str>,
    /// Number of computations that may run at once, at least 1.
    pub(crate) max: u32,
}

impl EntryOptions {
    /// Options of a function or a call that sets no option.
    pub(crate) const DEFAULT: Self = Self {
        ttl: None,
        has_fixed_ttl: false,
        is_enabled: true,
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
        encrypt: None,
        stale: None,
        stale_if_error: None,
        soft_timeout: None,
        detach: false,
        detach_limit: None,
        early: 1.0,
        replicas: 1,
        depends: Depends::All,
    };

    /// Returns the time after its `ttl` for which an entry is kept, to be served as a stale value:
    /// the longer one of `stale` and `stale_if_error`.
    pub(crate) fn window(&self) -> Duration {
        self.stale.max(self.stale_if_error).unwrap_or_default()
    }

    /// Returns the size in bytes from which values are compressed for Redis, or `None` if no value
    /// is compressed. `threshold` is the setting `compress_above` of the cache.
    pub(crate) fn compress_above(&self, threshold: Option<usize>) -> Option<usize> {
        match self.compress {
            Some(false) => None,
            Some(true) => threshold.or(Some(USUAL_THRESHOLD)),
            None => threshold,
        }
    }

    /// Returns these options as they apply to a remembered error. The stale windows are removed,
    /// because an expired error is never served.
    pub(crate) fn of_error(self) -> Self {
        Self {
            idle: None,
            stale: None,
            stale_if_error: None,
            early: 0.0,
            ..self
        }
    }

    /// Returns the number of replicas of an entry, or `None` if an entry has no replicas.
    pub(crate) fn copies(&self) -> Option<u8> {
        (self.replicas > 1 && self.tier == Tier::Redis).then_some(self.replicas)
    }

    /// Returns `true` if `replicas` is set, but ignored because Redis is not the only tier.
    pub(crate) fn leaves_replicas_out(&self) -> bool {
        self.replicas > 1 && self.copies().is_none()
    }

    /// Returns `true` if computations may continue in the background after their caller was
    /// dropped. For that, the option `detach` must be set, and the function must have
    /// single-flight: without it, no other call can wait for the computation. With a limit of its
    /// own (`detach_limit`), a computation can continue without single-flight too.
    pub(crate) fn detaches(&self) -> bool {
        let has_waiters = self.single_flight != Some(SingleFlight::Off);
        self.detach && (has_waiters || self.detach_limit.is_some())
    }

    /// Returns the time for which memory may keep an entry that lives for `ttl`: the shorter one of
    /// `ttl` and the option `memory_ttl`.
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
