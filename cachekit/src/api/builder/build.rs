//! The construction of a cache from a builder's settings.

use std::sync::Arc;

#[cfg(feature = "serde")]
use crate::api::answering::answer_questions;
use crate::api::builder::CacheBuilder;
#[cfg(feature = "redis")]
use crate::api::builder::secret_files::Secrets;
use crate::api::settings::reload::watch;
use crate::base::clock::Tick;
use crate::base::counter::Counter;
use crate::base::error::BuildError;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::base::home_runtime::HomeRuntime;
#[cfg(feature = "redis")]
use crate::base::runtime::has_io;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::base::runtime::has_timer;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::base::trace::call::CallLog;
use crate::coordination::background::Background;
use crate::coordination::refresh_claims::RefreshClaims;
use crate::coordination::single_flight::table::Flights;
use crate::coordination::tag_epochs::Tags;
use crate::coordination::write_tokens::Writes;
use crate::core::outcome::Outcome;
use crate::core::state::{Cache, Core};
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::encoding::codec::Codec;
use crate::encoding::encryption::sealer::Sealer;
use crate::l1::hot_keys::HotKeys;
use crate::l1::memory::Memory;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::l2::bus::client::BusClient;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::l2::bus::timings::BusTimings;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::l2::encrypted_store::EncryptedStore;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::l2::outbox::Outbox;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::l2::outbox_file::OutboxFile;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::l2::tier::Settings;
use crate::l2::tier::SharedTier;
#[cfg(feature = "redis")]
use crate::model::config::OnNewMaster;
use crate::model::epoch::{Epoch, EpochKind};
use crate::model::owner_index::CachedOwnerIndex;
#[cfg(any(feature = "testing", cachekit_faults))]
use crate::store::fake::controls::FakeStore;
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
use crate::store::port::Store;
#[cfg(feature = "redis")]
use crate::store::redis::open::open;
#[cfg(feature = "redis")]
use crate::store::redis::settings::RedisSettings;

/// The remedy that an error names if the runtime cannot use a Redis.
#[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
const RUNTIME: &str = "build the cache inside a runtime, as in `#[tokio::main]`; a runtime that you \
                       build yourself needs `enable_all`";

impl CacheBuilder {
    /// Builds the cache. A cache with a Redis must be built on a tokio runtime, which then drives
    /// the connections. Build the cache on the runtime that lives longest, as in `#[tokio::main]`.
    /// When that runtime ends, as the runtime of each `#[tokio::test]` does, the next call that
    /// needs Redis connects again on that call's runtime. With [`own_thread`](Self::own_thread) the
    /// connections depend on no runtime of the program.
    ///
    /// # Errors
    ///
    /// Returns an error, with the remedy, for a setting that cannot be honoured. Returns an error
    /// for a Redis that answers but refuses the login or the database, or whose account lacks
    /// rights (`docs/redis.md`). With a Redis, returns an error if two cached functions of the
    /// program have the same name or overlapping keys, whichever cache these functions use.
    pub async fn build(self) -> Result<Cache, BuildError> {
        // The future is boxed, because it has much state while it connects, and the caller's future
        // would contain that state.
        Box::pin(self.set_up()).await
    }

    async fn set_up(mut self) -> Result<Cache, BuildError> {
        let effective = self.apply_sources()?;
        self.check_placed(&effective)?;
        self.cut();
        self.check_functions()?;
        self.configuration = effective.configuration(&self.config)?;
        let sealer = self.sealer()?;
        let l2 = self.open_l2(sealer).await?;
        self.log_start();
        let clock = Arc::clone(&self.clock);
        let reload_every = self.config.reload_every;
        let cache = self.with_l2(l2.map(Arc::new));
        if let (Some(every), Some(source)) = (reload_every, effective.source) {
            let watched = watch(&cache, every, source.text);
            watched.map_err(|error| no_thread("reload_every", &error))?;
        }
        if let Some(l2) = &cache.core.l2 {
            l2.bus.connect(&cache.core);
            #[cfg(feature = "serde")]
            answer_questions(&cache.core);
            l2.wait_until_live(&clock).await;
        }
        Ok(cache)
    }

    /// Opens the shared tier: a test's replacement if the builder has one, else the Redis.
    async fn open_l2(&self, sealer: Option<Arc<Sealer>>) -> Result<Option<SharedTier>, BuildError> {
        #[cfg(any(feature = "testing", cachekit_faults))]
        if let Some(store) = &self.fake {
            return self.fake_l2(store, sealer).map(Some);
        }
        match &self.config.redis {
            Some(url) => self.connect(&url.0, sealer).await.map(Some),
            None => Ok(None),
        }
    }

    #[cfg(feature = "redis")]
    async fn connect(
        &self,
        url: &str,
        sealer: Option<Arc<Sealer>>,
    ) -> Result<SharedTier, BuildError> {
        let settings = self.settings()?;
        if !self.config.own_thread && !has_io() {
            let problem = "needs a tokio runtime with I/O";
            return Err(BuildError::setting("redis (REDIS_URL)", problem, RUNTIME));
        }
        let secrets = self.secrets()?;
        let bus = self.bus(sealer)?;
        let redis_settings = self.redis_settings(url, &secrets);
        let home = self.home()?;
        let events = (bus.sink(), bus.probe());
        let store = open(redis_settings, Arc::clone(&home), bus.node, events);
        let store = store.await.map_err(|(problem, remedy)| {
            BuildError::setting("redis (REDIS_URL)", problem, remedy)
        })?;
        let store = self.encrypted(store, &bus);
        bus.set_store(&store);
        Ok(SharedTier::new(home, bus, store, settings, &self.clock))
    }

    /// Returns the settings for the adapter of the Redis at `url`.
    #[cfg(feature = "redis")]
    pub(crate) fn redis_settings<'a>(
        &'a self,
        url: &'a str,
        secrets: &'a Secrets,
    ) -> RedisSettings<'a> {
        let user = self.config.sentinel_user.as_ref();
        RedisSettings {
            url,
            password: secrets.password.as_deref(),
            certificates: &secrets.certificates,
            sentinel_user: user.map(|user| user.0.as_str()),
            sentinel_password: secrets.sentinel_password.as_deref(),
            namespace: &self.config.namespace,
            any_origin: self.config.on_new_master == OnNewMaster::Replay,
            has_intents: self.config.intents,
            has_answers: self.config.answers,
            bus_timeout: self.config.bus_timeout,
            faults: self.faults,
        }
    }

    #[cfg(any(feature = "testing", cachekit_faults))]
    fn fake_l2(
        &self,
        store: &FakeStore,
        sealer: Option<Arc<Sealer>>,
    ) -> Result<SharedTier, BuildError> {
        let bus = self.bus(sealer)?;
        let mut store = store.clone();
        store.faults = self.faults;
        let store = self.encrypted(store.open(bus.node, bus.sink()), &bus);
        let settings = self.settings()?;
        let home = self.home()?;
        Ok(SharedTier::new(home, bus, store, settings, &self.clock))
    }

    #[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
    fn bus(&self, sealer: Option<Arc<Sealer>>) -> Result<Arc<BusClient>, BuildError> {
        let outbox = self.outbox(sealer.clone())?;
        let clock = Arc::clone(&self.clock);
        Ok(BusClient::new(self.timings(), outbox, sealer, clock))
    }

    /// Returns `store` behind the encryption, if the cache has keys.
    #[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
    fn encrypted(&self, store: Arc<dyn Store>, bus: &BusClient) -> Arc<dyn Store> {
        match &bus.sealer {
            Some(sealer) => Arc::new(EncryptedStore {
                inner: store,
                sealer: Arc::clone(sealer),
                faults: self.faults,
            }),
            None => store,
        }
    }

    /// Returns the runtime for the tasks of L2: that of a new thread with `own_thread`, else the
    /// caller's.
    #[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
    fn home(&self) -> Result<Arc<HomeRuntime>, BuildError> {
        if !self.config.own_thread {
            return Ok(HomeRuntime::current());
        }
        HomeRuntime::own_thread().map_err(|error| no_thread("own_thread", &error))
    }

    /// Returns the outbox, with the invalidations that an earlier process left in its file.
    #[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
    fn outbox(&self, sealer: Option<Arc<Sealer>>) -> Result<Outbox, BuildError> {
        let Some(path) = &self.config.outbox_file else {
            return Ok(Outbox::default());
        };
        let opened = OutboxFile::open(path, &self.config.namespace, sealer);
        let (file, left) = opened
            .map_err(|(problem, remedy)| BuildError::setting("outbox_file", problem, remedy))?;
        Ok(Outbox::with_file(file, left))
    }

    /// Returns the times for which a node trusts messages of other nodes and heartbeats of its own.
    #[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
    fn timings(&self) -> BusTimings {
        let mut timings = BusTimings::of(self.config.bus_timeout, self.clock.lag());
        timings.faults = self.faults;
        timings
    }

    /// Returns the settings of L2. Returns an error if the runtime has no timer or no codec is
    /// enabled.
    #[cfg(any(feature = "redis", feature = "testing", cachekit_faults))]
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
            compress_encrypted: self.config.compress_encrypted,
            bus_timeout: self.config.bus_timeout,
            on_disconnect: self.config.on_disconnect,
            on_new_master: self.config.on_new_master,
            has_intents: self.config.intents,
            call_log: CallLog(self.config.trace_calls),
        })
    }

    #[cfg(not(feature = "redis"))]
    #[expect(
        clippy::unused_async,
        reason = "the same signature as with the feature"
    )]
    async fn connect(&self, _: &str, _: Option<Arc<Sealer>>) -> Result<SharedTier, BuildError> {
        let remedy = "enable the feature `redis` of cachekit, or remove the setting";
        Err(BuildError::setting(
            "redis (REDIS_URL)",
            "this build lacks the feature `redis`",
            remedy,
        ))
    }

    /// Builds a cache with memory only, from the settings, which are not checked.
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
                configuration: Arc::new(self.configuration),
                built_at: Tick::now(&*self.clock),
                clock: self.clock,
                shared_memory: Arc::clone(&memory),
                memory,
                own_memories: Arc::default(),
                function_cores: Some(Arc::default()),
                direct: Arc::new(CachedOwnerIndex::new()),
                hot: Arc::new(hot),
                remembered: Arc::default(),
                removed_keys: Arc::default(),
                queues: Arc::default(),
                tags: Arc::new(Tags::new()),
                epoch: Arc::new(Epoch::of(EpochKind::Cache)),
                bus_epoch: Arc::new(Epoch::of(EpochKind::Bus)),
                flights: Arc::new(flights),
                concurrency_limits: Arc::default(),
                writes: Arc::new(Writes::default()),
                owners: Arc::default(),
                regions: Arc::default(),
                refresh_claims: Arc::new(RefreshClaims::new()),
                random: self.random,
                invalidations: Arc::new(Counter::default()),
                #[cfg(any(feature = "testing", cachekit_faults))]
                event_log: Arc::default(),
                #[cfg(feature = "dashboard")]
                key_history: Arc::default(),
                faults: self.faults,
                background,
                l2,
            }),
        }
    }
}

fn no_thread(setting: &str, error: &std::io::Error) -> BuildError {
    BuildError::setting(
        setting,
        format!("the system gives no thread: {error}"),
        "raise the limit of threads, or remove the setting",
    )
}
