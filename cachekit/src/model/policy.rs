//! How long an entry lives and what it hangs on: plain data.

use std::time::Duration;

use crate::base::durations::cut;
use crate::encoding::codec::Codec;
use crate::model::config::{SingleFlight, Tier};
use crate::model::entry_options::{ComputationLimit, EntryOptions};

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
    /// The cache's defaults: its `default_ttl`, no tags.
    ///
    /// Any length of time may be given. One of more than a hundred years is cut to that.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the entry lives. Zero: it is not stored.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = Some(cut(ttl));
        self
    }

    /// Shortens the time to live at random by up to this share, so that entries stored
    /// together do not expire together. Taken as 0 below 0 and as 1 above 1.
    pub fn jitter(mut self, share: f32) -> Self {
        let share = if share.is_nan() { 0.0 } else { share };
        self.options.jitter = share.clamp(0.0, 1.0);
        self
    }

    /// Where the entry lives; both tiers, if nothing is said.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.options.tier = tier;
        self
    }

    /// The longest that memory keeps the entry, whatever its `ttl`.
    pub fn memory_ttl(mut self, ttl: Duration) -> Self {
        self.options.memory_ttl = Some(cut(ttl));
        self
    }

    /// In memory the entry also ends when no call uses it for so long, or up to a quarter longer;
    /// `ttl` stays the longest that it lives. Zero: nothing is kept in memory.
    ///
    /// What Redis has lives as long as without, and comes back into memory when it is asked for.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.options.idle = Some(cut(idle));
        self
    }

    /// The longest that Redis keeps the entry, whatever its `ttl`.
    pub fn redis_ttl(mut self, ttl: Duration) -> Self {
        self.options.redis_ttl = Some(cut(ttl));
        self
    }

    /// Who waits for whom when several miss; all that share the cache, if nothing is said.
    pub fn single_flight(mut self, single_flight: SingleFlight) -> Self {
        self.options.single_flight = Some(single_flight);
        self
    }

    /// How long this call waits for another's computation, in all; the cache's, if nothing
    /// is said.
    pub fn lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.options.lock_timeout = Some(cut(lock_timeout));
        self
    }

    /// At most `most` computations of this `group` run at once in this process, taken as 1
    /// below 1; the others wait for a place, for `lock_timeout` at most. A group is every
    /// call on this cache whose policy names it; it keeps the number that it had first.
    pub fn max_computations(mut self, group: &'static str, max: u32) -> Self {
        self.options.bound = Some(ComputationLimit {
            group: Some(group),
            max: max.max(1),
        });
        self
    }

    /// How the value is written for Redis; as the cache writes, if nothing is said.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.options.codec = Some(codec);
        self
    }

    /// Whether the value is compressed for Redis: `true`, if it has at least as many bytes as
    /// [`compress_above`](crate::CacheBuilder::compress_above) says, or 1,024 where it says nothing;
    /// `false`, never. As the cache does, if nothing is said. Without the feature `lz4` nothing is
    /// compressed.
    pub fn compress(mut self, compress: bool) -> Self {
        self.options.compress = Some(compress);
        self
    }

    /// For so long after its time to live the old value is served at once, while one
    /// computation in the background makes a new one. Only
    /// [`get_or_refresh`](crate::Cache::get_or_refresh) and
    /// [`try_get_or_refresh`](crate::Cache::try_get_or_refresh) can do so; for other calls the
    /// entry ends with its time to live.
    pub fn stale(mut self, window: Duration) -> Self {
        self.options.stale = Some(cut(window));
        self
    }

    /// For so long after its time to live the old value is served where the computation gives
    /// an error.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.options.stale_if_error = Some(cut(window));
        self
    }

    /// After so long [`get_or_refresh`](crate::Cache::get_or_refresh) and
    /// [`try_get_or_refresh`](crate::Cache::try_get_or_refresh) give the old value, if
    /// [`stale`](Self::stale) or [`stale_if_error`](Self::stale_if_error) keeps one, and the
    /// computation goes on in the background.
    pub fn soft_timeout(mut self, timeout: Duration) -> Self {
        self.options.soft_timeout = Some(cut(timeout));
        self
    }

    /// A computation goes on in the background when its caller goes away, and is stored:
    /// callers who have less time than the computation takes get its value in the end. Only
    /// [`get_or_refresh`](crate::Cache::get_or_refresh) and
    /// [`try_get_or_refresh`](crate::Cache::try_get_or_refresh) can do so; for other calls, and
    /// with [`SingleFlight::Off`], it is left out.
    ///
    /// One that nobody else computes, and that has begun, goes on; it is dropped
    /// [`lock_timeout`](Self::lock_timeout) after its caller went away.
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

    /// How early before its end an entry may be computed again: the beta of probabilistic
    /// early expiry. Default: 1. Zero, or less: never.
    pub fn early(mut self, beta: f32) -> Self {
        self.options.early = if beta.is_finite() { beta.max(0.0) } else { 0.0 };
        self
    }

    /// Keeps so many copies of the entry, each computed by itself, and reads one of them at each
    /// call, chosen at random. Taken as 16 above 16; below 2 it is one entry, as without.
    ///
    /// For keys so hot that the one place where they stand in Redis is busy; only with
    /// [`tier(Tier::Redis)`](Self::tier), for what memory keeps is read there. With another tier
    /// it is left out, and an event says so once.
    ///
    /// An invalidation takes all copies away. So does [`put`](crate::Cache::put), which stores
    /// nothing: the copies are computed again. On a single server, copies spread nothing.
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

/// So many copies of one entry, at most.
const MOST_REPLICAS: u8 = 16;

impl From<&Policy> for EntryOptions {
    fn from(policy: &Policy) -> Self {
        policy.options
    }
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
            .replicas(200);
        let told = EntryOptions {
            ttl: Some(ttl),
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
            early: 0.5,
            replicas: 16,
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
