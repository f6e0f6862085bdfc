//! Setting up a cache.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use super::compute::Outcome;
use super::{Cache, Core, env};
use crate::clock::{Clock, SystemClock};
use crate::config::{Capacity, Config, Eviction};
use crate::counter::Counter;
use crate::error::BuildError;
use crate::fault::Faults;
use crate::flight::Flights;
use crate::tags::Tags;
use crate::tier::memory::Moka;
use crate::writes::Writes;

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
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct CacheBuilder {
    config: Config,
    clock: Arc<dyn Clock>,
    faults: Faults,
    /// The first bad value that was read; told by `build`.
    error: Option<BuildError>,
}

impl CacheBuilder {
    pub(super) fn new() -> Self {
        Self {
            config: Config::default(),
            clock: Arc::new(SystemClock::new()),
            faults: Faults::default(),
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

    /// Which entry leaves when the memory tier is full. Default: [`Eviction::Lru`].
    pub fn eviction(mut self, eviction: Eviction) -> Self {
        self.config.eviction = eviction;
        self
    }

    /// The longest that a call waits for another's computation before it computes by
    /// itself. Default: 10 seconds.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.config.lock_timeout = timeout;
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
    /// `CACHE_EVICTION` (`lru`, `tiny-lfu`) and `CACHE_LOCK_TIMEOUT` (`10s`). What is not
    /// set stays as it is; a bad value is reported by [`build`](Self::build).
    pub fn from_env(mut self) -> Self {
        if let Err(error) = env::read(&mut self.config, |name| std::env::var_os(name)) {
            self.error.get_or_insert(error);
        }
        self
    }

    /// Removes one guard. For tests that must see a promise broken.
    #[cfg(feature = "seeded-faults")]
    #[doc(hidden)]
    pub fn __seed(mut self, fault: crate::fault::Fault) -> Self {
        self.faults.broken = Some(fault);
        self
    }

    /// Steps in between two steps of the cache.
    #[cfg(feature = "seeded-faults")]
    #[doc(hidden)]
    pub fn __step_in(mut self, step_in: fn(crate::fault::Point)) -> Self {
        self.faults.step_in = Some(step_in);
        self
    }

    /// Builds the cache.
    ///
    /// # Errors
    ///
    /// A setting that cannot be honoured, with the remedy.
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier connects here"
    )]
    pub async fn build(self) -> Result<Cache, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.check()?;
        Ok(self.assemble())
    }

    fn check(&self) -> Result<(), BuildError> {
        let zero = |name: &str, remedy: &str| Err(BuildError::setting(name, "is zero", remedy));
        if self.config.memory_capacity.amount == 0 {
            return zero(
                "memory_capacity",
                "give at least 1, or turn the cache off with `enabled(false)`",
            );
        }
        if self.config.default_ttl.is_zero() {
            return zero(
                "default_ttl",
                "give a longer one, or turn the cache off with `enabled(false)`",
            );
        }
        if self.config.lock_timeout.is_zero() {
            return zero(
                "lock_timeout",
                "give at least as long as a computation may take",
            );
        }
        Ok(())
    }

    /// A cache of the settings as they are.
    pub(crate) fn assemble(self) -> Cache {
        let memory = Moka::new(self.config.memory_capacity, self.config.eviction);
        Cache {
            core: Arc::new(Core {
                config: Arc::new(self.config),
                clock: self.clock,
                memory: Arc::new(memory),
                tags: Arc::new(Tags::new()),
                epoch: Arc::default(),
                flights: Arc::new(Flights::new(Outcome::kill)),
                writes: Arc::new(Writes::default()),
                owners: Arc::new(RwLock::new(HashMap::new())),
                regions: Arc::new(Mutex::new(HashMap::new())),
                invalidations: Arc::new(Counter::default()),
                faults: self.faults,
            }),
        }
    }
}
