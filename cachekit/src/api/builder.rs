//! The builder that sets up a cache.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod encryption;
pub(crate) mod examine;
pub(crate) mod log;
pub(crate) mod redis;
#[cfg(feature = "redis")]
pub(crate) mod secret_files;
pub(crate) mod sources;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::api::settings::environment::Environment;
use crate::base::clock::{Clock, SystemClock};
use crate::base::fault::Faults;
use crate::base::random::Random;

use crate::encoding::codec::Codec;
use crate::model::config::engine::{Engine, Eviction};
use crate::model::config::{Capacity, Config, OnDisconnect, OnNewMaster};
use crate::model::function_override::Configuration;
#[cfg(any(feature = "testing", cachekit_faults))]
use crate::store::fake::controls::FakeStore;

/// A builder that sets up a [`Cache`](crate::Cache).
///
/// Each setting can also be set in a configuration file ([`from_file`](Self::from_file)) and in the
/// environment ([`from_env`](Self::from_env)), in whatever order the methods are called: a variable
/// of the environment takes precedence over the file, and the file over the builder. The page
/// `docs/configuration.md` has a table of all settings.
///
/// A duration of more than a hundred years is cut to a hundred years, which the cache treats as
/// "for ever".
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
    #[cfg(any(feature = "testing", cachekit_faults))]
    pub(crate) fake: Option<FakeStore>,
    /// Variables of the environment that override the settings. Empty: `from_env` was not called.
    environment: Environment,
    /// Path of the configuration file. `None`: `from_file` was not called.
    file: Option<PathBuf>,
    /// Origins of the settings, and options of functions: what `build` has read.
    configuration: Configuration,
}

impl fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("config", &self.config)
            .field("file", &self.file)
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
            #[cfg(any(feature = "testing", cachekit_faults))]
            fake: None,
            environment: Environment::default(),
            file: None,
            configuration: Configuration::default(),
        }
    }

    /// Sets the time to live of entries whose function, policy or region sets none. Default: 300
    /// seconds.
    pub fn default_ttl(mut self, ttl: Duration) -> Self {
        self.config.default_ttl = ttl;
        self
    }

    /// Sets the capacity of memory (L1), in entries or in bytes. Default: 10,000 entries.
    ///
    /// An expired entry is not served, but uses memory until another entry takes its room: only
    /// this capacity bounds memory, not the time to live. For large values, set a capacity in
    /// bytes.
    pub fn memory_capacity(mut self, capacity: Capacity) -> Self {
        self.config.memory_capacity = capacity;
        self
    }

    /// Sets the library that holds the entries in memory, for functions and regions. Default:
    /// [`Engine::Moka`].
    pub fn engine(mut self, engine: Engine) -> Self {
        self.config.engine = engine;
        self
    }

    /// Sets the policy that chooses the entry to evict when memory is full. Default:
    /// [`Eviction::Lru`].
    ///
    /// This setting is for [`Engine::Moka`]. Other engines have a fixed policy, and
    /// [`build`](Self::build) returns an error if such an engine and an eviction are set.
    pub fn eviction(mut self, eviction: Eviction) -> Self {
        self.config.eviction = Some(eviction);
        self
    }

    /// Sets the number of keys whose uses are counted for [`hot_keys`](crate::Cache::hot_keys); 0
    /// counts none. Default: 1,024.
    ///
    /// Each counted key takes about 100 bytes plus its text (at most 1 KiB), from the first use of
    /// any key on. A key whose share of all uses is more than 1/`keys` is always among the counted
    /// keys.
    pub fn hot_keys(mut self, keys: usize) -> Self {
        self.config.hot_keys = keys;
        self
    }

    /// Sets the longest time that a call waits for another call's computation before the call
    /// computes itself. Default: 10 seconds.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.config.lock_timeout = timeout;
        self
    }

    /// Sets the first part of every key in Redis, before a colon, so that applications can share a
    /// Redis. The namespace must be 1 to 64 letters, digits, `-`, `_` and `.`. Default: `cachekit`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.config.namespace = namespace.into();
        self
    }

    /// Allows queues of write-behind functions in a Redis server that may lose queued writes: a
    /// server without an append-only file, or with a `maxmemory-policy` that evicts any key.
    /// Without this setting, such a server is refused.
    #[cfg(feature = "redis")]
    pub fn volatile_queues(mut self, accepted: bool) -> Self {
        self.config.volatile_queues = accepted;
        self
    }

    /// Runs the cache's tasks for Redis on a thread of the cache's own: its connections, messages of
    /// other processes, and background stores. Without Redis, the setting has no effect.
    ///
    /// By default, these tasks run on the tokio runtime on which the cache is built. If that
    /// runtime ends, or nothing drives it, the next call that needs Redis begins the tasks again on
    /// that call's runtime. Memory is not trusted until then, and invalidations wait. With a thread
    /// of its own, the cache depends on no runtime of the program. The calls themselves still run,
    /// and wait, on the runtimes of their callers.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use cachekit::Cache;
    ///
    /// let cache = Cache::builder().redis("redis://localhost").own_thread().build().await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn own_thread(mut self) -> Self {
        self.config.own_thread = true;
        self
    }

    /// Sets a file in which the cache keeps the invalidations that Redis has not accepted, so that
    /// they survive the process. The next cache with this file sends them. Until Redis has accepted
    /// them, that cache uses Redis only for entries that they do not concern. Without the setting,
    /// the invalidations are lost with the process. Needs a Redis.
    ///
    /// If an invalidation has to wait, it is written to the disk before the call that made it
    /// returns. The call blocks its thread meanwhile. While Redis is away, an invalidation
    /// therefore takes as long as a synchronisation of the disk, usually some milliseconds. While
    /// Redis accepts invalidations, the file is not used.
    ///
    /// The file contains keys and names of tags, and only its owner may read it. It has at most 64
    /// MiB and 100,000 names; if more names wait, one removal of everything replaces them. Such a
    /// removal also replaces a damaged file, with a warning in the log. Each process needs its own
    /// file, on a local disk that survives a restart.
    ///
    /// [`build`](Self::build) returns an error if the file cannot be opened, belongs to a cache
    /// with another namespace, or is used by another process. Locks of files are supported on Linux
    /// and the systems of Apple; on other systems, `build` returns an error.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder()
    ///     .redis("redis://localhost")
    ///     .outbox_file("/var/lib/shop/outbox")
    ///     .build()
    ///     .await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn outbox_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.outbox_file = Some(path.into());
        self
    }

    /// Sets the longest time that a call waits for Redis before the call goes on without Redis.
    /// Default: 100 milliseconds.
    pub fn redis_timeout(mut self, timeout: Duration) -> Self {
        self.config.redis_timeout = timeout;
        self
    }

    /// Sets the longest time for which the memory of this process may serve a value after Redis
    /// accepted another process's invalidation of that value. Must be at least 20 milliseconds.
    /// Default: 1 second. An invalidation usually arrives within milliseconds.
    pub fn bus_timeout(mut self, timeout: Duration) -> Self {
        self.config.bus_timeout = timeout;
        self
    }

    /// Sets whether calls are served from memory while this process receives no messages of other
    /// nodes and cannot reach Redis. Default: calls are served from memory for 30 seconds.
    pub fn on_disconnect(mut self, policy: OnDisconnect) -> Self {
        self.config.on_disconnect = policy;
        self
    }

    /// Sets the treatment of the entries in memory and Redis when Redis turns out to have another
    /// data set, as after a failover. Default: [`OnNewMaster::Clear`].
    pub fn on_new_master(mut self, policy: OnNewMaster) -> Self {
        self.config.on_new_master = policy;
        self
    }

    /// Sets the time for which the mark of a running write stands in Redis without a renewal. Must be
    /// at least 100 milliseconds. Default: 3 seconds.
    ///
    /// If a process dies in a function with `#[invalidates]` or `#[write_through]`, another process
    /// invalidates what the attribute names by the function's arguments. It does so at the latest
    /// when this time is over, and usually within a second. The attribute's option `intent` sets
    /// another time for one function.
    pub fn intent(mut self, length: Duration) -> Self {
        self.config.intent = length;
        self
    }

    /// Turns the marks of running writes in Redis on or off. If they are off, this process leaves
    /// no marks, whatever attributes say, and does not carry out the marks of dead processes.
    /// Default: `true`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder().intents(false).build().await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn intents(mut self, enabled: bool) -> Self {
        self.config.intents = enabled;
        self
    }

    /// Turns answers to questions of other processes on or off. The commands `cachekit stats`,
    /// `top` and `config`, and `Cache::ask_stats`, ask all processes of the namespace for their
    /// statistics or their configuration. A process answers at most 10 questions in a second. A
    /// process with `answers(false)` does not answer. Default: `true`.
    pub fn answers(mut self, enabled: bool) -> Self {
        self.config.answers = enabled;
        self
    }

    /// Sets the encoding of values in Redis, for functions without a `codec`. Default:
    /// [`Codec::Bincode`], or the first codec whose feature is on.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.config.codec = Some(codec);
        self
    }

    /// Sets the largest size of a value in Redis, in bytes, encoded and not yet compressed. A
    /// larger value is neither written to Redis nor read from Redis, and stays in memory only.
    /// Default: 8 MiB.
    pub fn max_value_bytes(mut self, bytes: usize) -> Self {
        self.config.max_value_bytes = bytes;
        self
    }

    /// Compresses a value in Redis by LZ4 if the value's encoding has at least `bytes` bytes and
    /// compression saves at least an eighth of them. Default: only values of functions with
    /// `compress` are compressed.
    ///
    /// Compression costs the writing and the reading call a few microseconds for each kilobyte, and
    /// saves network traffic and memory in Redis; 1,024 is a good first value. Every cache with the
    /// feature `lz4`, on by default, reads compressed values, whatever its own setting. A cache
    /// without the feature treats compressed values as misses, and its [`build`](Self::build)
    /// returns an error if this option is set.
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

    /// Turns the cache on or off. If the cache is off, every call runs its function and stores
    /// nothing, but invalidations are still carried out. Default: `true`.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.config.enabled = enabled;
        self
    }

    /// Sets the clock on which times to live are measured. Default: the system's monotonic clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Looks for changes of the configuration file at this interval, and applies what can be
    /// changed while the cache is in use: see [`reload`](crate::Cache::reload). A change is applied
    /// when two looks in a row find it, so that a file that is being written is not read. A file that
    /// cannot be used changes nothing, and is logged as an error once. Needs a configuration file.
    /// Default: changes of the file are not looked for.
    ///
    /// A thread of the cache's own reads the file, and ends with the cache.
    pub fn reload_every(mut self, interval: Duration) -> Self {
        self.config.reload_every = Some(interval);
        self
    }
}
