//! Setting up a cache.

pub(crate) mod build;
pub(crate) mod env;

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::{Clock, SystemClock};
use crate::base::error::BuildError;
use crate::base::fault::Faults;
use crate::base::random::Random;

use crate::encoding::codec::Codec;
use crate::model::config::engine::{Engine, Eviction};
use crate::model::config::{Capacity, Config, OnDisconnect, OnNewMaster};
#[cfg(cachekit_faults)]
use crate::store::tests::fake::controls::FakeStore;

/// Sets up a [`Cache`](crate::Cache).
///
/// Lengths of time of more than a hundred years are cut to that: they mean "for ever".
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::time::Duration;
/// use cachekit::{Cache, Capacity, Eviction};
///
/// let cache = Cache::builder()
///     .default_ttl(Duration::from_secs(60))
///     .memory_capacity(Capacity::bytes(64 << 20))
///     .eviction(Eviction::Lru)
///     .build()
///     .await?;
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct CacheBuilder {
    pub(crate) config: Config,
    clock: Arc<dyn Clock>,
    pub(crate) faults: Faults,
    pub(crate) random: Random,
    redis: Option<String>,
    redis_password: Option<String>,
    #[cfg(cachekit_faults)]
    pub(crate) fake: Option<FakeStore>,
    /// The first bad value that was read; told by `build`.
    error: Option<BuildError>,
}

impl fmt::Debug for CacheBuilder {
    /// Without the address of a Redis, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("config", &self.config)
            .field("has_redis", &self.redis.is_some())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl CacheBuilder {
    pub(crate) fn new() -> Self {
        Self {
            config: Config::default(),
            clock: Arc::new(SystemClock::new()),
            faults: Faults::default(),
            random: Random::default(),
            redis: None,
            redis_password: None,
            #[cfg(cachekit_faults)]
            fake: None,
            error: None,
        }
    }

    /// How long entries live where nothing else is said. Default: 300 seconds.
    pub fn default_ttl(mut self, ttl: Duration) -> Self {
        self.config.default_ttl = ttl;
        self
    }

    /// How much the memory tier holds. Default: 10,000 entries.
    ///
    /// An entry whose life is over is not served, and keeps its room until another takes it: memory
    /// is bounded by this alone, not by how long entries live. Where values are large, give a
    /// capacity in bytes.
    pub fn memory_capacity(mut self, capacity: Capacity) -> Self {
        self.config.memory_capacity = capacity;
        self
    }

    /// What holds the memory tier's entries, those of regions too. Default: [`Engine::Moka`].
    pub fn engine(mut self, engine: Engine) -> Self {
        self.config.engine = engine;
        self
    }

    /// Which entry leaves when the memory tier is full. Default: [`Eviction::Lru`].
    ///
    /// For [`Engine::Moka`]. Another engine has a policy of its own, and [`build`](Self::build)
    /// refuses to have both set.
    pub fn eviction(mut self, eviction: Eviction) -> Self {
        self.config.eviction = Some(eviction);
        self
    }

    /// How many keys' uses are counted for [`hot_keys`](crate::Cache::hot_keys); 0: of none. Default: 1,024.
    ///
    /// Each takes about 100 bytes and its key, at most 1 KiB, from the first use of any key on. What
    /// has more than one in so many of all uses is never overlooked.
    pub fn hot_keys(mut self, keys: usize) -> Self {
        self.config.hot_keys = keys;
        self
    }

    /// The longest that a call waits for another's computation before it computes by
    /// itself. Default: 10 seconds.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.config.lock_timeout = timeout;
        self
    }

    /// What every key in Redis begins with, before a colon, so that applications share one.
    /// Letters, digits, `-`, `_` and `.`; the default is `cachekit`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.config.namespace = namespace.into();
        self
    }

    /// A Redis that processes share: `redis://[user:password@]host[:port][/db]` or
    /// `unix:///path`. A call that memory cannot answer asks there before it runs the
    /// function.
    ///
    /// A Redis that is away when the cache is built is a warning, and used when it comes.
    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.redis = Some(url.into());
        self
    }

    /// The password for a Redis whose address holds none.
    pub fn redis_password(mut self, password: impl Into<String>) -> Self {
        self.redis_password = Some(password.into());
        self
    }

    /// The longest that a call waits for Redis before it goes on without. Default: 100
    /// milliseconds.
    pub fn redis_timeout(mut self, timeout: Duration) -> Self {
        self.config.redis_timeout = timeout;
        self
    }

    /// The longest that the memory of this process may serve a value after Redis accepted
    /// its invalidation by another process. Default: 1 second; usually it is milliseconds.
    pub fn bus_timeout(mut self, timeout: Duration) -> Self {
        self.config.bus_timeout = timeout;
        self
    }

    /// What memory does while neither messages nor Redis can be reached. Default: it goes
    /// on for 30 seconds.
    pub fn on_disconnect(mut self, policy: OnDisconnect) -> Self {
        self.config.on_disconnect = policy;
        self
    }

    /// What to make of entries when Redis turns out to hold another data set. Default:
    /// [`OnNewMaster::Clear`].
    pub fn on_new_master(mut self, policy: OnNewMaster) -> Self {
        self.config.on_new_master = policy;
        self
    }

    /// How values are written for Redis, where a function does not say otherwise. Default:
    /// [`Codec::Bincode`], or the first whose feature is on.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.config.codec = Some(codec);
        self
    }

    /// The largest value that is written to Redis or read from there, encoded and not yet
    /// compressed; larger ones stay in memory only. Default: 8 MiB.
    pub fn max_value_bytes(mut self, bytes: usize) -> Self {
        self.config.max_value_bytes = bytes;
        self
    }

    /// Values that have at least so many bytes when they are encoded are compressed for Redis, by
    /// LZ4, where that saves an eighth of them. Default: none are, unless their function says
    /// `compress`.
    ///
    /// It takes the time of whoever stores and reads, a few microseconds for each kilobyte, and
    /// saves the network's and the memory of Redis: try 1,024. What is compressed is read by every
    /// cache that has the feature `lz4`, on by default, whatever its own setting, and is a miss
    /// without it. [`build`](Self::build) refuses the setting where the feature is off.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # #[cfg(feature = "lz4")]
    /// let cache = cachekit::Cache::builder().compress_above(1024).build().await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compress_above(mut self, bytes: usize) -> Self {
        self.config.compress_above = Some(bytes);
        self
    }

    /// `false`: every call runs its function, nothing is stored; invalidations are still
    /// carried out. Default: `true`.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.config.enabled = enabled;
        self
    }

    /// The clock that lengths of life are measured on.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes settings from the environment: `CACHE_ENABLED` (`true` or `false`),
    /// `CACHE_DEFAULT_TTL` (`300`, `5m`), `CACHE_MEMORY_CAPACITY` (`10000`, `64MB`),
    /// `CACHE_ENGINE` (`moka`, `quick-cache`), `CACHE_EVICTION` (`lru`, `tiny-lfu`),
    /// `CACHE_LOCK_TIMEOUT` (`10s`), `CACHE_NAMESPACE`, `REDIS_URL`, `REDIS_PASSWORD`,
    /// `CACHE_REDIS_TIMEOUT` (`100ms`), `CACHE_CODEC` (`bincode`, `msgpack`, `json`),
    /// `CACHE_MAX_VALUE_BYTES` and `CACHE_COMPRESS_ABOVE` (`1024`). What is not set stays as it is;
    /// a bad value is reported by [`build`](Self::build).
    pub fn from_env(self) -> Self {
        self.with_variables(|name| std::env::var_os(name))
    }

    pub(crate) fn with_variables(mut self, get: impl Fn(&str) -> Option<OsString> + Copy) -> Self {
        let read = env::read(&mut self.config, get).and_then(|()| {
            env::read_text(get, "REDIS_URL", &mut self.redis)?;
            env::read_text(get, "REDIS_PASSWORD", &mut self.redis_password)
        });
        if let Err(error) = read {
            self.error.get_or_insert(error);
        }
        self
    }
}
