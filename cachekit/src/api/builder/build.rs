//! Check of a builder's settings, and the construction of the cache.

use std::sync::Arc;
use std::time::Duration;

use crate::api::builder::CacheBuilder;
use crate::api::registry;
use crate::base::counter::Counter;
use crate::base::durations::cut;
use crate::base::error::BuildError;
use crate::base::fault::removed;
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::base::home_runtime::HomeRuntime;
#[cfg(feature = "redis")]
use crate::base::runtime::has_io;
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::base::runtime::has_timer;
use crate::coordination::background::Background;
use crate::coordination::refresh_claims::RefreshClaims;
use crate::coordination::single_flight::table::Flights;
use crate::coordination::tag_epochs::Tags;
use crate::coordination::write_tokens::Writes;
use crate::core::outcome::Outcome;
use crate::core::state::{Cache, Core};
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::encoding::codec::Codec;
use crate::encoding::compress;
use crate::l1::hot_keys::HotKeys;
use crate::l1::memory::Memory;
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::l2::bus::client::BusClient;
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::l2::bus::timings::BusTimings;
use crate::l2::open_writes::open_write::SHORTEST_INTENT;
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::l2::outbox::Outbox;
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::l2::outbox_file::OutboxFile;
#[cfg(any(feature = "redis", cachekit_faults))]
use crate::l2::tier::Settings;
use crate::l2::tier::SharedTier;
use crate::model::config::OnDisconnect;
#[cfg(feature = "redis")]
use crate::model::config::OnNewMaster;
use crate::model::config::engine::Engine;
use crate::model::owner_index::CachedOwnerIndex;
#[cfg(feature = "redis")]
use crate::store::redis::Redis;
#[cfg(feature = "redis")]
use crate::store::redis::settings::RedisSettings;
#[cfg(cachekit_faults)]
use crate::store::tests::fake::controls::FakeStore;

/// The shortest `bus_timeout`.
const SHORTEST_BUS_TIMEOUT: Duration = Duration::from_millis(20);

/// Largest number of counted hot keys. With more keys, the search for the lowest count would take
/// longer than a call.
const MOST_HOT_KEYS: usize = 1 << 20;

/// The remedy that an error names if the runtime cannot use a Redis.
#[cfg(any(feature = "redis", cachekit_faults))]
const RUNTIME: &str = "build the cache inside a runtime, as in `#[tokio::main]`; a runtime that you \
                       build yourself needs `enable_all`";

impl CacheBuilder {
    /// Builds the cache. A cache with a Redis must be built on a tokio runtime, which then drives
    /// the connections. Build the cache on the runtime that lives longest, as in `#[tokio::main]`.
    /// When that runtime ends, as the runtime of each `#[tokio::test]` does, the next call that
    /// needs Redis connects again on its own runtime. With [`own_thread`](Self::own_thread) the
    /// connections depend on no runtime of the program.
    ///
    /// # Errors
    ///
    /// Returns an error, with the remedy, for a setting that cannot be honoured. Returns an error
    /// for a Redis that answers but refuses the login or the database, or whose account lacks
    /// rights (`docs/redis.md`). With a Redis, returns an error if two cached functions of the
    /// program have one name or overlapping keys, whichever cache these functions use.
    pub async fn build(self) -> Result<Cache, BuildError> {
        // The future is boxed, because the state of connecting is large and the caller's future
        // need not contain it.
        Box::pin(self.set_up()).await
    }

    async fn set_up(mut self) -> Result<Cache, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.check()?;
        self.cut();
        self.check_functions()?;
        let l2 = match self.redis.take() {
            Some(url) => Some(self.connect(&url).await?),
            None => None,
        };
        #[cfg(cachekit_faults)]
        let l2 = match self.fake.take() {
            Some(store) => Some(self.fake_l2(&store)?),
            None => l2,
        };
        let clock = Arc::clone(&self.clock);
        let cache = self.with_l2(l2.map(Arc::new));
        if let Some(l2) = &cache.core.l2 {
            l2.bus.connect(&cache.core);
            l2.wait_until_live(&clock).await;
        }
        Ok(cache)
    }

    #[cfg(feature = "redis")]
    async fn connect(&self, url: &str) -> Result<SharedTier, BuildError> {
        let settings = self.settings()?;
        if !self.own_thread && !has_io() {
            let problem = "needs a tokio runtime with I/O";
            return Err(BuildError::setting("redis (REDIS_URL)", problem, RUNTIME));
        }
        let bus = BusClient::new(self.timings(), self.outbox()?);
        let redis_settings = RedisSettings {
            url,
            password: self.redis_password.as_deref(),
            namespace: &self.config.namespace,
            any_origin: self.config.on_new_master == OnNewMaster::Replay,
            has_intents: self.config.intents,
            faults: self.faults,
        };
        let home = self.home()?;
        let redis = Redis::open(redis_settings, Arc::clone(&home), bus.node, bus.sink());
        let redis = redis.await.map_err(|(problem, remedy)| {
            BuildError::setting("redis (REDIS_URL)", problem, remedy)
        })?;
        let store = Arc::new(redis);
        Ok(SharedTier::new(home, bus, store, settings, &self.clock))
    }

    #[cfg(cachekit_faults)]
    fn fake_l2(&self, store: &FakeStore) -> Result<SharedTier, BuildError> {
        let bus = BusClient::new(self.timings(), self.outbox()?);
        let mut store = store.clone();
        store.faults = self.faults;
        let store = store.open(bus.node, bus.sink());
        let settings = self.settings()?;
        let home = self.home()?;
        Ok(SharedTier::new(home, bus, store, settings, &self.clock))
    }

    /// Returns the runtime for the tasks of L2: that of a new thread with `own_thread`, else the
    /// caller's.
    #[cfg(any(feature = "redis", cachekit_faults))]
    fn home(&self) -> Result<Arc<HomeRuntime>, BuildError> {
        if !self.own_thread {
            return Ok(HomeRuntime::current());
        }
        HomeRuntime::own_thread().map_err(|error| {
            let problem = format!("the system gives no thread: {error}");
            BuildError::setting(
                "own_thread",
                problem,
                "raise the limit of threads, or remove the setting",
            )
        })
    }

    /// Returns the outbox, with the invalidations that an earlier process left in its file.
    #[cfg(any(feature = "redis", cachekit_faults))]
    fn outbox(&self) -> Result<Outbox, BuildError> {
        let Some(path) = &self.outbox_file else {
            return Ok(Outbox::default());
        };
        let opened = OutboxFile::open(path, &self.config.namespace);
        let (file, left) = opened
            .map_err(|(problem, remedy)| BuildError::setting("outbox_file", problem, remedy))?;
        Ok(Outbox::with_file(file, left))
    }

    /// Returns the times for which a node trusts messages of other nodes and heartbeats of its own.
    #[cfg(any(feature = "redis", cachekit_faults))]
    fn timings(&self) -> BusTimings {
        let mut timings = BusTimings::of(self.config.bus_timeout, self.clock.lag());
        timings.faults = self.faults;
        timings
    }

    /// Returns the settings of L2. Returns an error if the runtime has no timer or no codec is
    /// enabled.
    #[cfg(any(feature = "redis", cachekit_faults))]
    fn settings(&self) -> Result<Settings, BuildError> {
        let wrong =
            |problem, remedy| Err(BuildError::setting("redis (REDIS_URL)", problem, remedy));
        if !has_timer() {
            return wrong("needs a tokio runtime with time and I/O", RUNTIME);
        }
        let Some(codec) = self.config.codec.or_else(Codec::preferred) else {
            let remedy = "enable one of the features `bincode`, `msgpack` and `json` of cachekit";
            return wrong("no codec is enabled", remedy);
        };
        Ok(Settings {
            timeout: self.config.redis_timeout,
            codec,
            max_value: self.config.max_value_bytes,
            compress_above: self.config.compress_above,
            bus_timeout: self.config.bus_timeout,
            on_disconnect: self.config.on_disconnect,
            on_new_master: self.config.on_new_master,
            has_intents: self.config.intents,
        })
    }

    #[cfg(not(feature = "redis"))]
    #[expect(
        clippy::unused_async,
        reason = "the same signature as with the feature"
    )]
    async fn connect(&self, _: &str) -> Result<SharedTier, BuildError> {
        let remedy = "enable the feature `redis` of cachekit, or remove the setting";
        Err(BuildError::setting(
            "redis (REDIS_URL)",
            "this build lacks the feature `redis`",
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
                "give a longer time to live, or turn the cache off with `enabled(false)`",
            );
        }
        if self.config.hot_keys > MOST_HOT_KEYS {
            return Err(BuildError::setting(
                "hot_keys",
                format!("is {}", self.config.hot_keys),
                format!("give at most {MOST_HOT_KEYS}"),
            ));
        }
        if self.config.lock_timeout.is_zero() {
            return zero(
                "lock_timeout",
                "give at least as long as a computation may take",
            );
        }
        self.check_shortest()?;
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
        if self.outbox_file.is_some() && !self.is_shared() {
            return Err(BuildError::setting(
                "outbox_file",
                "the cache has no Redis",
                "remove the setting, or give a Redis with `redis`",
            ));
        }
        self.check_features()
    }

    /// Checks the settings into which a few round trips to Redis must fit.
    fn check_shortest(&self) -> Result<(), BuildError> {
        let config = &self.config;
        for (name, length, shortest) in [
            ("bus_timeout", config.bus_timeout, SHORTEST_BUS_TIMEOUT),
            ("intent", config.intent, SHORTEST_INTENT),
        ] {
            if length < shortest {
                let millis = shortest.as_millis();
                return Err(BuildError::setting(
                    name,
                    format!("is {length:?}"),
                    format!("give at least {millis} milliseconds: a few round trips must fit"),
                ));
            }
        }
        Ok(())
    }

    /// Returns `true` if the cache is to have an L2.
    fn is_shared(&self) -> bool {
        let is_shared = self.redis.is_some();
        #[cfg(cachekit_faults)]
        let is_shared = is_shared || self.fake.is_some();
        is_shared
    }

    /// Checks for functions with one name or with overlapping keys. With L2, returns an error,
    /// because an entry in L2 is recognised by the name of its function. In memory alone such
    /// functions do no harm, so a warning is logged.
    fn check_functions(&self) -> Result<(), BuildError> {
        let is_shared = self.is_shared() && !removed!(self, ShareNames);
        match registry::problems() {
            [] => Ok(()),
            problems if is_shared => Err(BuildError::functions(problems.to_vec())),
            _ => {
                registry::log_problems();
                Ok(())
            }
        }
    }

    /// Cuts every duration in the settings to a hundred years, the longest that is supported.
    fn cut(&mut self) {
        let config = &mut self.config;
        for length in [
            &mut config.default_ttl,
            &mut config.lock_timeout,
            &mut config.redis_timeout,
            &mut config.bus_timeout,
            &mut config.intent,
        ] {
            *length = cut(*length);
        }
        if let OnDisconnect::ServeFor(length) = &mut config.on_disconnect {
            *length = cut(*length);
        }
    }

    fn check_features(&self) -> Result<(), BuildError> {
        if let Some(codec) = self.config.codec.filter(|codec| !codec.is_available()) {
            return Err(BuildError::setting(
                "codec",
                format!("this build lacks the codec `{codec}`"),
                format!("enable the feature `{codec}` of cachekit"),
            ));
        }
        if self.config.compress_above.is_some() && !compress::is_available() {
            return Err(BuildError::setting(
                "compress_above (CACHE_COMPRESS_ABOVE)",
                "this build cannot compress",
                "enable the feature `lz4` of cachekit, or remove the setting",
            ));
        }
        Ok(())
    }

    fn check_engine(&self) -> Result<(), BuildError> {
        let engine = self.config.engine;
        if !engine.is_available() {
            return Err(BuildError::setting(
                "engine (CACHE_ENGINE)",
                format!("this build lacks the engine `{engine}`"),
                "enable the feature `quick_cache` of cachekit, or use `moka`",
            ));
        }
        if engine != Engine::Moka && self.config.eviction.is_some() {
            return Err(BuildError::setting(
                "eviction (CACHE_EVICTION)",
                format!("the engine `{engine}` has a fixed policy"),
                "remove the setting, or use the engine `moka`",
            ));
        }
        Ok(())
    }

    /// Builds a cache with memory only, from the settings without a check.
    pub(crate) fn assemble(self) -> Cache {
        self.with_l2(None)
    }

    fn with_l2(self, l2: Option<Arc<SharedTier>>) -> Cache {
        let background = match &l2 {
            Some(l2) => Arc::clone(&l2.background),
            None => Background::new(None),
        };
        let mut memory = Memory::new(self.config.memory_capacity, &self.config);
        memory.generations.faults = self.faults;
        let memory = Arc::new(memory);
        let hot = HotKeys::new(self.config.hot_keys);
        let mut flights = Flights::new(Outcome::evict);
        flights.faults = self.faults;
        Cache {
            core: Arc::new(Core {
                config: Arc::new(self.config),
                clock: self.clock,
                shared_memory: Arc::clone(&memory),
                memory,
                own_memories: Arc::default(),
                function_cores: Some(Arc::default()),
                direct: Arc::new(CachedOwnerIndex::new()),
                hot: Arc::new(hot),
                tags: Arc::new(Tags::new()),
                epoch: Arc::default(),
                bus_epoch: Arc::default(),
                flights: Arc::new(flights),
                concurrency_limits: Arc::default(),
                writes: Arc::new(Writes::default()),
                owners: Arc::default(),
                regions: Arc::default(),
                refresh_claims: Arc::new(RefreshClaims::new()),
                random: self.random,
                invalidations: Arc::new(Counter::default()),
                faults: self.faults,
                background,
                l2,
            }),
        }
    }
}
