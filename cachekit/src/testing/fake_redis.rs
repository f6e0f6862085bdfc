//! A stand-in for Redis, which fails or is slow on demand.

use std::time::Duration;

use crate::api::builder::CacheBuilder;
use crate::store::fake::controls::FakeStore;

/// A stand-in for Redis in the memory of the test's process.
///
/// Each cache that is built with [`CacheBuilder::fake_redis`] and a clone of one `FakeRedis` plays
/// one process of a service: the caches share entries, leases and invalidations, as processes share
/// them over a Redis. The scripts of a Redis are repeated in Rust, and commands cross no network. A
/// `FakeRedis` stores the bytes that the cache would store in a Redis, so values need a codec and
/// `serde` as they do with a Redis.
///
/// # Examples
///
/// ```standalone_crate
/// # #[cfg(feature = "bincode")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::testing::{FakeRedis, Recorder, scope};
/// use cachekit::{Cache, cached};
///
/// #[cached(key = "fake-price:{id}")]
/// async fn price(id: u64) -> u64 {
///     id * 100
/// }
///
/// let redis = FakeRedis::new();
/// let one = Cache::builder().fake_redis(&redis).build().await?;
/// let other = Cache::builder().fake_redis(&redis).build().await?;
/// let seen = Recorder::new(&other);
///
/// scope(one.clone(), price(7)).await;
/// assert_eq!(scope(other.clone(), price(7)).await, 700);
/// assert_eq!(seen.function("price").redis_hits, 1);
///
/// redis.fail();
/// assert_eq!(scope(other.clone(), price(8)).await, 800); // no call fails because of Redis
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct FakeRedis {
    store: FakeStore,
}

impl FakeRedis {
    /// Creates an empty Redis that can be reached.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the connections of all caches, those for messages too, and refuses new connections
    /// until [`recover`](Self::recover).
    pub fn fail(&self) {
        self.store.fail();
    }

    /// Delays each reply by `delay` from now on. A command takes effect at once, as if only its
    /// reply were slow, and messages between caches are not delayed. If `delay` is longer than the cache's `redis_timeout`, each command times out.
    pub fn slow_down(&self, delay: Duration) {
        self.store.slow_down(delay);
    }

    /// Ends the effects of [`fail`](Self::fail) and [`slow_down`](Self::slow_down). The caches begin
    /// to use Redis again as after an outage: when they have sent the invalidations that they kept,
    /// and messages of other caches arrive again.
    pub fn recover(&self) {
        self.store.heal();
        self.store.recover();
    }
}

impl CacheBuilder {
    /// Uses `redis`, a stand-in for Redis in memory, in place of the Redis that
    /// [`redis`](Self::redis), the configuration file or the environment names.
    ///
    /// All caches over one [`FakeRedis`] share one namespace, whatever
    /// [`namespace`](Self::namespace) is.
    pub fn fake_redis(mut self, redis: &FakeRedis) -> Self {
        self.fake = Some(redis.store.clone());
        self
    }
}
