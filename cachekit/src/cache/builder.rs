//! Setting up a cache.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use super::compute::Outcome;
use super::remote::Remote;
use super::{Cache, Core, env};
#[cfg(any(feature = "redis", feature = "seeded-faults"))]
use super::{bus::Desk, remote::Settings};
use crate::background::Background;
use crate::chance::Chance;
use crate::clock::{Clock, SystemClock};
use crate::codec::Codec;
use crate::compress;
use crate::config::{Capacity, Config, Engine, Eviction, OnDisconnect, OnNewMaster};
use crate::counter::Counter;
use crate::error::BuildError;
use crate::fault::Faults;
use crate::flight::Flights;
use crate::hot::HotKeys;
use crate::place::LastPlace;
use crate::refreshes::Refreshes;
#[cfg(feature = "seeded-faults")]
use crate::remote::fake::FakeStore;
#[cfg(feature = "redis")]
use crate::remote::redis::Redis;
use crate::tags::Tags;
use crate::tier::Memory;
use crate::writes::Writes;

/// Of more, finding the lowest count would take longer than a call.
const MOST_HOT_KEYS: usize = 1 << 20;

/// Sets up a [`Cache`].
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
    config: Config,
    clock: Arc<dyn Clock>,
    faults: Faults,
    chance: Chance,
    redis: Option<String>,
    redis_password: Option<String>,
    #[cfg(feature = "seeded-faults")]
    fake: Option<FakeStore>,
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
    pub(super) fn new() -> Self {
        Self {
            config: Config::default(),
            clock: Arc::new(SystemClock::new()),
            faults: Faults::default(),
            chance: Chance::default(),
            redis: None,
            redis_password: None,
            #[cfg(feature = "seeded-faults")]
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

    /// How many keys' uses are counted for [`hot_keys`](Cache::hot_keys); 0: of none. Default: 1,024.
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
    pub fn from_env(mut self) -> Self {
        let get = |name: &str| std::env::var_os(name);
        let read = env::read(&mut self.config, get).and_then(|()| {
            env::read_text(get, "REDIS_URL", &mut self.redis)?;
            env::read_text(get, "REDIS_PASSWORD", &mut self.redis_password)
        });
        if let Err(error) = read {
            self.error.get_or_insert(error);
        }
        self
    }

    /// Removes one more guard. For tests that must see a promise broken.
    #[cfg(feature = "seeded-faults")]
    #[doc(hidden)]
    pub fn __seed(mut self, fault: crate::fault::Fault) -> Self {
        self.faults = self.faults.with(fault);
        self
    }

    /// The same draws at each run.
    #[cfg(feature = "seeded-faults")]
    #[doc(hidden)]
    pub fn __seed_random(mut self, seed: u64) -> Self {
        self.chance = Chance::seeded(seed);
        self
    }

    /// Steps in between two steps of the cache.
    #[cfg(feature = "seeded-faults")]
    #[doc(hidden)]
    pub fn __step_in(mut self, step_in: fn(crate::fault::Point)) -> Self {
        self.faults.step_in = Some(step_in);
        self
    }

    /// A store in memory instead of a Redis. For tests that must see it fail.
    #[cfg(feature = "seeded-faults")]
    #[doc(hidden)]
    pub fn __store(mut self, store: FakeStore) -> Self {
        self.fake = Some(store);
        self
    }

    /// Builds the cache. With a Redis, on a tokio runtime, which then keeps the connection:
    /// the cache goes on without Redis when that runtime ends.
    ///
    /// # Errors
    ///
    /// A setting that cannot be honoured, with the remedy.
    pub async fn build(self) -> Result<Cache, BuildError> {
        // Boxed: connecting has a large state, and `main` need not carry it.
        Box::pin(self.set_up()).await
    }

    async fn set_up(mut self) -> Result<Cache, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.check()?;
        let remote = match self.redis.take() {
            Some(url) => Some(self.connect(&url).await?),
            None => None,
        };
        #[cfg(feature = "seeded-faults")]
        let remote = match self.fake.take() {
            Some(store) => Some(self.fake_remote(&store)?),
            None => remote,
        };
        let clock = Arc::clone(&self.clock);
        let cache = self.with_remote(remote.map(Arc::new));
        if let Some(remote) = &cache.core.remote {
            remote.desk.attend(&cache.core);
            remote.settle(&clock).await;
        }
        Ok(cache)
    }

    #[cfg(feature = "redis")]
    async fn connect(&self, url: &str) -> Result<Remote, BuildError> {
        let settings = self.settings()?;
        let faults = self.faults;
        let desk = Desk::new(self.config.bus_timeout, self.clock.lag(), faults);
        let password = self.redis_password.as_deref();
        let namespace = &self.config.namespace;
        let redis = Redis::open(url, password, namespace, desk.node, desk.sink(), faults);
        let redis = redis.await.map_err(|(problem, remedy)| {
            BuildError::setting("redis (REDIS_URL)", problem, remedy)
        })?;
        let store = Arc::new(redis);
        Ok(Remote::new(desk, store, settings, &self.clock, faults))
    }

    #[cfg(feature = "seeded-faults")]
    fn fake_remote(&self, store: &FakeStore) -> Result<Remote, BuildError> {
        let desk = Desk::new(self.config.bus_timeout, self.clock.lag(), self.faults);
        let store = store.open(desk.node, desk.sink(), self.faults);
        let settings = self.settings()?;
        let faults = self.faults;
        Ok(Remote::new(desk, store, settings, &self.clock, faults))
    }

    /// How a store is used, if one can be.
    #[cfg(any(feature = "redis", feature = "seeded-faults"))]
    fn settings(&self) -> Result<Settings, BuildError> {
        let wrong =
            |problem, remedy| Err(BuildError::setting("redis (REDIS_URL)", problem, remedy));
        if tokio::runtime::Handle::try_current().is_err() {
            let remedy = "build the cache inside of one, as in `#[tokio::main]`";
            return wrong("needs a tokio runtime", remedy);
        }
        let Some(codec) = self.config.codec.or_else(Codec::preferred) else {
            let remedy = "turn on one of the features `bincode`, `msgpack` and `json`";
            return wrong("there is no codec for values", remedy);
        };
        Ok(Settings {
            timeout: self.config.redis_timeout,
            codec,
            max_value: self.config.max_value_bytes,
            compress_above: self.config.compress_above,
            bus_timeout: self.config.bus_timeout,
            on_disconnect: self.config.on_disconnect,
            on_new_master: self.config.on_new_master,
        })
    }

    #[cfg(not(feature = "redis"))]
    #[expect(
        clippy::unused_async,
        reason = "the same signature as with the feature"
    )]
    async fn connect(&self, _: &str) -> Result<Remote, BuildError> {
        let remedy = "turn on the feature `redis` of cachekit, or take it out";
        Err(BuildError::setting(
            "redis (REDIS_URL)",
            "this build has no Redis",
            remedy,
        ))
    }

    fn check(&self) -> Result<(), BuildError> {
        let zero = |name: &str, remedy: &str| Err(BuildError::setting(name, "is zero", remedy));
        if self.config.memory_capacity.amount == 0 {
            return zero(
                "memory_capacity",
                "give at least 1, or turn the cache off with `enabled(false)`",
            );
        }
        self.check_engine()?;
        if self.config.default_ttl.is_zero() {
            return zero(
                "default_ttl",
                "give a longer one, or turn the cache off with `enabled(false)`",
            );
        }
        if self.config.hot_keys > MOST_HOT_KEYS {
            return Err(BuildError::setting(
                "hot_keys",
                format!("is {}", self.config.hot_keys),
                format!("give at most {MOST_HOT_KEYS}: they are the few that are used most"),
            ));
        }
        if self.config.lock_timeout.is_zero() {
            return zero(
                "lock_timeout",
                "give at least as long as a computation may take",
            );
        }
        if self.config.bus_timeout < Duration::from_millis(20) {
            return Err(BuildError::setting(
                "bus_timeout",
                format!("is {:?}", self.config.bus_timeout),
                "give at least 20 milliseconds: a few round trips must fit",
            ));
        }
        if self.config.redis_timeout.is_zero() {
            return zero(
                "redis_timeout",
                "give at least as long as a network round trip takes",
            );
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let namespace = &self.config.namespace;
        if namespace.is_empty() || namespace.len() > 64 || !namespace.chars().all(is_plain) {
            return Err(BuildError::setting(
                "namespace",
                format!("cannot be `{namespace}`"),
                "give 1 to 64 letters, digits, `-`, `_` and `.`",
            ));
        }
        self.check_features()
    }

    fn check_features(&self) -> Result<(), BuildError> {
        if let Some(codec) = self.config.codec.filter(|codec| !codec.is_available()) {
            return Err(BuildError::setting(
                "codec",
                format!("this build has no `{codec}`"),
                format!("turn on the feature `{codec}` of cachekit"),
            ));
        }
        if self.config.compress_above.is_some() && !compress::is_available() {
            return Err(BuildError::setting(
                "compress_above (CACHE_COMPRESS_ABOVE)",
                "this build compresses nothing",
                "turn on the feature `lz4` of cachekit, or take it out",
            ));
        }
        Ok(())
    }

    fn check_engine(&self) -> Result<(), BuildError> {
        let engine = self.config.engine;
        if !engine.is_available() {
            return Err(BuildError::setting(
                "engine (CACHE_ENGINE)",
                format!("this build has no `{engine}`"),
                "turn on the feature `quick_cache` of cachekit, or take `moka`",
            ));
        }
        if engine != Engine::Moka && self.config.eviction.is_some() {
            return Err(BuildError::setting(
                "eviction (CACHE_EVICTION)",
                format!("the engine `{engine}` has a policy of its own"),
                "leave it out, or take the engine `moka`",
            ));
        }
        Ok(())
    }

    /// A cache of the settings as they are, with memory only.
    pub(crate) fn assemble(self) -> Cache {
        self.with_remote(None)
    }

    fn with_remote(self, remote: Option<Arc<Remote>>) -> Cache {
        let background = match &remote {
            Some(remote) => Arc::clone(&remote.background),
            None => Background::new(None, self.faults),
        };
        let memory = Memory::new(self.config.memory_capacity, &self.config, self.faults);
        let hot = HotKeys::new(self.config.hot_keys);
        Cache {
            core: Arc::new(Core {
                config: Arc::new(self.config),
                clock: self.clock,
                memory: Arc::new(memory),
                by_hand: Arc::new(LastPlace::new()),
                hot: Arc::new(hot),
                tags: Arc::new(Tags::new()),
                epoch: Arc::default(),
                bus_epoch: Arc::default(),
                flights: Arc::new(Flights::new(Outcome::kill, self.faults)),
                gates: Arc::default(),
                writes: Arc::new(Writes::default()),
                owners: Arc::new(RwLock::new(HashMap::new())),
                regions: Arc::new(Mutex::new(HashMap::new())),
                refreshes: Arc::new(Refreshes::new()),
                chance: self.chance,
                invalidations: Arc::new(Counter::default()),
                faults: self.faults,
                background,
                remote,
            }),
        }
    }
}
