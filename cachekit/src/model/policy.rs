//! The options of one call on a cache: lifetime, tier, tags, limits.
//!
//! [`Policy`] is the public builder. The cache itself reads
//! [`EntryOptions`](crate::model::entry_options::EntryOptions).

use std::time::Duration;

use crate::base::durations::cut;
use crate::encoding::codec::Codec;
use crate::model::config::{SingleFlight, Tier};
use crate::model::entry_options::{ComputationLimit, Depends, EntryOptions};

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
    pub(crate) options: EntryOptions,
    pub(crate) tags: Vec<String>,
    pub(crate) events: Vec<String>,
}

impl Policy {
    /// Returns a policy without any option: the entry lives for the cache's `default_ttl` and has
    /// no tags.
    ///
    /// The methods of a policy accept every length of time. A length above a hundred years is cut
    /// to a hundred years.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time to live of the entry. With zero, the entry is not stored.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = Some(cut(ttl));
        self
    }

    /// Shortens the time to live of each stored entry at random by up to this share, so that
    /// entries stored together do not expire together. With 0.1, an entry lives for 90 % to 100 %
    /// of its `ttl`. The share is clamped to the range from 0 to 1.
    pub fn jitter(mut self, share: f32) -> Self {
        let share = if share.is_nan() { 0.0 } else { share };
        self.options.jitter = share.clamp(0.0, 1.0);
        self
    }

    /// Sets the tiers that keep the entry. The default is memory and Redis.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.options.tier = tier;
        self
    }

    /// Limits the time for which memory keeps the entry. If `ttl` is shorter, `ttl` applies.
    pub fn memory_ttl(mut self, ttl: Duration) -> Self {
        self.options.memory_ttl = Some(cut(ttl));
        self
    }

    /// Expires the entry in memory when no call has used it for this long, or for up to a quarter
    /// longer. `ttl` remains the upper bound. With zero, memory keeps nothing.
    ///
    /// The copy of the entry in Redis lives until its `ttl` ends. A later call that asks for the
    /// key loads this copy into memory again.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.options.idle = Some(cut(idle));
        self
    }

    /// Limits the time for which Redis keeps the entry. If `ttl` is shorter, `ttl` applies.
    pub fn redis_ttl(mut self, ttl: Duration) -> Self {
        self.options.redis_ttl = Some(cut(ttl));
        self
    }

    /// Sets the callers whose concurrent misses of the key share one computation (single-flight).
    /// The default is all callers in this process for entries in memory only, and the callers in
    /// all processes with the same Redis for other entries.
    pub fn single_flight(mut self, single_flight: SingleFlight) -> Self {
        self.options.single_flight = Some(single_flight);
        self
    }

    /// Bounds the total time for which this call waits for another call's computation. The default
    /// is the cache's `lock_timeout`.
    pub fn lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.options.lock_timeout = Some(cut(lock_timeout));
        self
    }

    /// Limits this `group` to `max` concurrent computations in this process (backpressure). A `max`
    /// of 0 is taken as 1.
    ///
    /// Further calls wait for a permit, at most for `lock_timeout`. All calls on this cache whose
    /// policies name the same group share its limit. If policies give different `max` for one
    /// group, the one of the first call is used.
    pub fn max_computations(mut self, group: &'static str, max: u32) -> Self {
        self.options.bound = Some(ComputationLimit {
            group: Some(group),
            max: max.max(1),
        });
        self
    }

    /// Sets the encoding of the value in Redis. The default is the cache's codec.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.options.codec = Some(codec);
        self
    }

    /// Turns compression for Redis on or off. The default is the cache's setting.
    ///
    /// With `true`, a value is compressed if it has at least
    /// [`compress_above`](crate::CacheBuilder::compress_above) bytes, or 1,024 if the cache has no
    /// such threshold. Without the feature `lz4` nothing is compressed.
    pub fn compress(mut self, compress: bool) -> Self {
        self.options.compress = Some(compress);
        self
    }

    /// Serves the stale value for this long after its time to live, while one computation in the
    /// background makes a new value (stale-while-revalidate).
    ///
    /// Only [`get_or_refresh`](crate::Cache::get_or_refresh) and
    /// [`try_get_or_refresh`](crate::Cache::try_get_or_refresh) serve a stale value in this way.
    /// For other calls the entry ends with its time to live.
    pub fn stale(mut self, window: Duration) -> Self {
        self.options.stale = Some(cut(window));
        self
    }

    /// Serves the stale value in place of an error: if an entry's time to live ended less than
    /// `window` ago and its recomputation returns an error, the caller gets the entry's value
    /// (fail-safe).
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.options.stale_if_error = Some(cut(window));
        self
    }

    /// Bounds the time for which [`get_or_refresh`](crate::Cache::get_or_refresh) and
    /// [`try_get_or_refresh`](crate::Cache::try_get_or_refresh) wait for the computation. After
    /// `timeout`, a call returns the stale value, and the computation continues in the background.
    ///
    /// The option has an effect only if the cache still has a stale value. The policy must
    /// therefore also set [`stale`](Self::stale) or [`stale_if_error`](Self::stale_if_error), which
    /// keep the value after its time to live.
    pub fn soft_timeout(mut self, timeout: Duration) -> Self {
        self.options.soft_timeout = Some(cut(timeout));
        self
    }

    /// Lets a computation continue in the background, and store its value, after its caller was
    /// dropped. A caller with a time limit that is shorter than the computation gets the value at a
    /// later call.
    ///
    /// Only [`get_or_refresh`](crate::Cache::get_or_refresh) and
    /// [`try_get_or_refresh`](crate::Cache::try_get_or_refresh) continue their computations. Other
    /// calls, and calls with [`SingleFlight::Off`], ignore the option.
    ///
    /// A computation continues if it has begun and no other call computes the key. If the
    /// computation still runs [`lock_timeout`](Self::lock_timeout) after its caller was dropped,
    /// the computation is dropped too.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use std::time::Duration;
    /// use cachekit::{Cache, Policy};
    /// use tokio::time::{sleep, timeout};
    ///
    /// let cache = Cache::builder().build().await?;
    /// let policy = Policy::new().detach();
    /// let report = || async {
    ///     sleep(Duration::from_millis(20)).await;
    ///     7_u64
    /// };
    /// let patience = Duration::from_millis(5);
    /// let first = timeout(patience, cache.get_or_refresh("report", &policy, report)).await;
    /// assert!(first.is_err());
    /// assert_eq!(cache.get_or_refresh("report", &policy, report).await, 7);
    /// assert_eq!(cache.stats().computations, 1);
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn detach(mut self) -> Self {
        self.options.detach = true;
        self
    }

    /// Sets how early an entry may be recomputed before its end: the beta of probabilistic early
    /// expiration (`XFetch`). The default is 1. With zero or less, no entry is recomputed early.
    pub fn early(mut self, beta: f32) -> Self {
        self.options.early = if beta.is_finite() { beta.max(0.0) } else { 0.0 };
        self
    }

    /// Keeps `replicas` replicas of the entry in Redis, each of them computed on its own. Each call
    /// reads one of them at random.
    ///
    /// A number above 16 is taken as 16. With 0 or 1, Redis has a single entry, as without this
    /// option.
    ///
    /// Use replicas for keys that are read so often that the one Redis node with the key is busy.
    /// Replicas need [`tier(Tier::Redis)`](Self::tier), because with memory, few reads would reach
    /// Redis. With another tier the option is ignored, and a warning is logged once. A single Redis
    /// server gains nothing from replicas.
    ///
    /// An invalidation removes all replicas. [`put`](crate::Cache::put) also removes all replicas,
    /// and stores nothing: the next calls compute the replicas again.
    ///
    /// # Examples
    ///
    /// ```
    /// use cachekit::{Policy, Tier};
    ///
    /// let front_page = Policy::new().tier(Tier::Redis).replicas(4);
    /// ```
    pub fn replicas(mut self, replicas: u8) -> Self {
        self.options.replicas = replicas.clamp(1, MOST_REPLICAS);
        self
    }

    /// Sets the dependencies that the entry takes over from the cached values that its computation
    /// took. The default is [`Depends::All`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cachekit::{Depends, Policy};
    ///
    /// // An inner entry that lives for five seconds must not shorten the life of the page.
    /// let page = Policy::new().depends(Depends::Names);
    /// ```
    pub fn depends(mut self, depends: Depends) -> Self {
        self.options.depends = depends;
        self
    }

    /// Adds a tag to the entry. [`invalidate_tags`](crate::Cache::invalidate_tags) with the tag
    /// removes the entry.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Adds an event to the entry. [`emit`](crate::Cache::emit) with the event removes the entry.
    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.events.push(event.into());
        self
    }
}

/// Largest number of replicas that [`Policy::replicas`] accepts. Greater numbers are reduced to
/// this one.
pub(crate) const MOST_REPLICAS: u8 = 16;

impl From<&Policy> for EntryOptions {
    fn from(policy: &Policy) -> Self {
        policy.options
    }
}

/// Types of the expression that `ttl = EXPR` accepts: `Duration` and `Option<Duration>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time to live",
    note = "give a `Duration`, or an `Option<Duration>` where `None` means \"do not store\"; seconds are \
            one plain number, `ttl = 300`, and anything computed is a `Duration`"
)]
pub trait IntoTtl {
    /// Returns the time to live, or `None` if the value must not be stored.
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
    fn a_policy_passes_on_what_it_was_told() {
        let [ttl, memory, redis, lock, stale, error, soft, idle] =
            [1, 2, 3, 4, 5, 6, 7, 8].map(Duration::from_secs);
        let policy = Policy::new()
            .ttl(ttl)
            .jitter(2.0)
            .tier(Tier::Redis)
            .memory_ttl(memory)
            .idle(idle)
            .redis_ttl(redis)
            .single_flight(SingleFlight::Off)
            .lock_timeout(lock)
            .max_computations("reports", 0)
            .codec(Codec::Json)
            .compress(true)
            .stale(stale)
            .stale_if_error(error)
            .soft_timeout(soft)
            .detach()
            .early(0.5)
            .replicas(200)
            .depends(Depends::Names);
        let told = EntryOptions {
            ttl: Some(ttl),
            has_fixed_ttl: false,
            is_enabled: true,
            none_ttl: None,
            err_ttl: None,
            memory_ttl: Some(memory),
            idle: Some(idle),
            redis_ttl: Some(redis),
            jitter: 1.0,
            tier: Tier::Redis,
            single_flight: Some(SingleFlight::Off),
            lock_timeout: Some(lock),
            timeout: None,
            bound: Some(ComputationLimit {
                group: Some("reports"),
                max: 1,
            }),
            codec: Some(Codec::Json),
            compress: Some(true),
            stale: Some(stale),
            stale_if_error: Some(error),
            soft_timeout: Some(soft),
            detach: true,
            detach_limit: None,
            early: 0.5,
            replicas: 16,
            depends: Depends::Names,
        };
        assert_eq!(EntryOptions::from(&policy), told);
        assert_eq!(EntryOptions::from(&Policy::new()), EntryOptions::default());
    }

    #[test]
    fn copies_are_of_entries_that_memory_does_not_keep() {
        let copies = |policy: Policy| EntryOptions::from(&policy).copies();
        let redis = || Policy::new().tier(Tier::Redis);
        assert_eq!(copies(redis().replicas(4)), Some(4));
        assert_eq!(copies(Policy::new().replicas(4).tier(Tier::Redis)), Some(4));
        assert_eq!([0, 1].map(|it| copies(redis().replicas(it))), [None; 2]);
        assert_eq!(copies(Policy::new().replicas(4)), None);
        assert_eq!(copies(Policy::new().tier(Tier::Memory).replicas(4)), None);
        let said = |policy: Policy| EntryOptions::from(&policy).leaves_replicas_out();
        assert!(said(Policy::new().replicas(4)) && !said(Policy::new().replicas(1)));
        assert!(!said(redis().replicas(4)));
    }

    #[test]
    fn who_waits_for_nobody_leaves_nothing() {
        let detaches = |policy: Policy| EntryOptions::from(&policy).detaches();
        assert!(!detaches(Policy::new()));
        assert!(detaches(Policy::new().detach()));
        assert!(!detaches(
            Policy::new().detach().single_flight(SingleFlight::Off)
        ));
    }
}
