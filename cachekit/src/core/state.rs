//! The state of one cache, which the cache's handles, regions and functions share.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::base::clock::{Clock, Tick};
use crate::base::counter::Counter;
use crate::base::fault::{Faults, removed};
use crate::base::random::Random;
use crate::base::sync::{Mutex, RwLock};
use crate::base::trace;
use crate::coordination::background::Background;
use crate::coordination::concurrency_limit::ConcurrencyLimits;
use crate::coordination::refresh_claims::RefreshClaims;
use crate::coordination::single_flight::table::Flights;
use crate::coordination::tag_epochs::Tags;
use crate::coordination::write_tokens::Writes;
use crate::core::by_owner::FunctionCores;
#[cfg(any(feature = "testing", cachekit_faults))]
use crate::core::event_log::EventLog;
#[cfg(feature = "dashboard")]
use crate::core::key_history::KeyHistory;
use crate::core::outcome::Outcome;
use crate::core::queues::WriteQueues;
use crate::core::remembered::RememberedFunctions;
use crate::core::removed_keys::RemovedKeys;
use crate::key::buf::KeyBuf;
use crate::l1::engine::Size;
use crate::l1::hot_keys::HotKeys;
use crate::l1::memory::Memory;
use crate::l1::thread_cache::lookup_key::LookupKey;
use crate::l2::tier::SharedTier;
use crate::model::config::{Capacity, Config};
use crate::model::epoch::{Epoch, SequenceNumber};
use crate::model::function_override::Configuration;
use crate::model::function_spec::FnSpec;
use crate::model::owner::{DIRECT_NAME, Owner, OwnerId, REGION};
use crate::model::owner_index::CachedOwnerIndex;

/// A cache in memory and, if configured, in Redis. A clone is another handle to the same cache.
///
/// Most applications build one cache at start-up and pass it to [`init`](crate::init). From then on
/// annotated functions use that cache. Several caches in one process have separate entries and
/// settings.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::time::Duration;
/// use cachekit::{Cache, Capacity, Policy};
///
/// let cache = Cache::builder().memory_capacity(Capacity::entries(50_000)).build().await?;
/// let policy = Policy::new().ttl(Duration::from_secs(60)).tag("prices");
///
/// let price = cache.get_or_compute("price:7", &policy, || async { 1_299_u64 }).await;
/// assert_eq!(price, 1_299);
/// assert_eq!(cache.get::<u64>("price:7").await, Some(1_299));
///
/// cache.invalidate_tags(["prices"]).await;
/// assert_eq!(cache.get::<u64>("price:7").await, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Cache {
    pub(crate) core: Arc<Core>,
}

/// State of one cache. A region or a function with its own capacity has its own core, which shares
/// everything with the cache's core except the memory.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    pub(crate) config: Arc<Config>,
    /// Origins of the settings, and options of functions from the configuration file.
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Time at which the cache was built.
    pub(crate) built_at: Tick,
    pub(crate) memory: Arc<Memory>,
    /// Memory with the entries of the cache itself, and of all regions and functions without their
    /// own capacity.
    pub(crate) shared_memory: Arc<Memory>,
    /// Separate memories (L1) of all regions and functions with their own capacity. Memories are
    /// added, and never removed.
    pub(crate) own_memories: Arc<RwLock<Vec<Arc<Memory>>>>,
    /// Cores (cache states with a separate memory) of the functions with their own capacity. `None`
    /// if this `Core` belongs to a function, because a core that refers to itself would never be
    /// freed.
    pub(crate) function_cores: Option<Arc<FunctionCores<Core>>>,
    /// Owner indexes (small numbers by which a thread's table counts hits) for the entries that
    /// `put` and `get_or_compute` store on the cache itself, and not in a region. The copy in this
    /// field saves a look-up with a lock.
    pub(crate) direct: Arc<CachedOwnerIndex>,
    /// Counters for the most used keys of this cache, in the shared memory and in the memories of
    /// functions and regions.
    pub(crate) hot: Arc<HotKeys>,
    /// Keys that were invalidated most recently, for the causes of misses.
    pub(crate) removed_keys: Arc<RemovedKeys>,
    /// Queues of write-behind functions.
    pub(crate) queues: Arc<WriteQueues>,
    /// Functions whose hottest keys are remembered in L2.
    pub(crate) remembered: Arc<RememberedFunctions>,
    pub(crate) tags: Arc<Tags>,
    /// Epoch on which all entries of the cache depend, raised by `clear`.
    pub(crate) epoch: Arc<Epoch>,
    /// Epoch on which all entries of a cache with Redis depend, raised when this node may have
    /// missed invalidations of other nodes.
    pub(crate) bus_epoch: Arc<Epoch>,
    pub(crate) flights: Arc<Flights<Outcome>>,
    pub(crate) concurrency_limits: Arc<ConcurrencyLimits>,
    pub(crate) writes: Arc<Writes>,
    pub(crate) owners: Arc<RwLock<HashMap<OwnerId, Arc<Owner>>>>,
    pub(crate) regions: Arc<Mutex<HashMap<Box<str>, RegionState>>>,
    pub(crate) refresh_claims: Arc<RefreshClaims>,
    pub(crate) random: Random,
    pub(crate) invalidations: Arc<Counter>,
    #[cfg(any(feature = "testing", cachekit_faults))]
    pub(crate) event_log: Arc<EventLog>,
    /// Events of keys, for a dashboard.
    #[cfg(feature = "dashboard")]
    pub(crate) key_history: Arc<KeyHistory>,
    /// Guards (conditions in the code against races) that a test removed from this cache, to show
    /// that the test detects their absence.
    pub(crate) faults: Faults,
    pub(crate) background: Arc<Background>,
    /// Shared tier (L2) with the connection to Redis. `None`: the cache has memory only.
    pub(crate) l2: Option<Arc<SharedTier>>,
}

/// State of one region: its statistics and epoch (the `Owner`), and its own memory.
#[derive(Debug, Clone)]
pub(crate) struct RegionState {
    pub(crate) owner: Arc<Owner>,
    /// The region's own memory, once one of its handles has set a capacity. All handles of the
    /// region share this cell, also those from before the capacity was set. The cell contains the
    /// memory and not a whole `Core`, because a `Core` refers to its regions, and two values that
    /// refer to each other would never be freed.
    pub(crate) memory: Arc<OnceLock<OwnMemory>>,
}

/// Capacity of a region, and the region's own memory with that capacity.
pub(crate) type OwnMemory = (Capacity, Arc<Memory>);

impl Cache {
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("config", &self.core.config)
            .finish_non_exhaustive()
    }
}

impl Core {
    /// Returns the state of the function `spec` in this cache, and creates it at the first call.
    pub(crate) fn owner(&self, spec: &'static FnSpec) -> Arc<Owner> {
        let (families, events) = (spec.families_of_tags(), spec.event_templates());
        let late = spec.hash_of_tags();
        self.owner_of(spec.id(), |id| {
            let options = self.configuration.options_of(spec);
            Owner::new(id, spec.name())
                .with_labels(families, events, late)
                .with_options(options)
        })
    }

    /// Returns the key by which a call of the function `spec` is looked up in the thread's table
    /// (L0). `arg_words` are the arguments of the call as 64-bit words.
    #[inline]
    pub(crate) fn lookup_key<'a>(
        &self,
        spec: &'static FnSpec,
        arg_words: &'a KeyBuf,
    ) -> LookupKey<'a> {
        LookupKey::new(
            arg_words,
            self.memory.owner_index(spec.id(), spec.owner_index()),
        )
    }

    /// Returns the sequence number of this node's last invalidation.
    pub(crate) fn now(&self) -> SequenceNumber {
        self.tags.now()
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.config.enabled
    }

    pub(crate) fn owner_of(&self, id: OwnerId, make: impl FnOnce(OwnerId) -> Owner) -> Arc<Owner> {
        let owners = self.owners.read();
        if let Some(owner) = owners.get(&id) {
            return Arc::clone(owner);
        }
        drop(owners);
        self.add_owner(id, make)
    }

    /// Adds the owner that `make` creates, unless another thread added it meanwhile.
    // Not inlined: a new owner takes much stack, and recursive calls of cached functions come here.
    #[cold]
    #[inline(never)]
    fn add_owner(&self, id: OwnerId, make: impl FnOnce(OwnerId) -> Owner) -> Arc<Owner> {
        let mut owners = self.owners.write();
        if let Some(owner) = owners.get(&id) {
            return Arc::clone(owner);
        }
        let mut owner = make(id);
        owner.faults = self.faults;
        #[cfg(feature = "metrics")]
        {
            owner.owners_before = owners.len();
        }
        // Regions have unique names, and a cache may have so many that comparing them is slow.
        if !owner.name.starts_with(REGION) && !removed!(self, ShareNames) {
            owner.is_namesake = owners.values().any(|other| other.name == owner.name);
        }
        let owner = Arc::new(owner);
        owners.insert(id, Arc::clone(&owner));
        drop(owners);
        if owner.is_namesake {
            trace::namesake(&owner.name);
        }
        owner
    }

    pub(crate) fn direct_owner(&self) -> Arc<Owner> {
        self.owner_of(OwnerId::DIRECT, |id| Owner::new(id, DIRECT_NAME))
    }

    pub(crate) fn size(&self) -> Size {
        self.memories()
            .map(|memory| memory.size())
            .fold(Size::default(), |sum, size| Size {
                entries: sum.entries + size.entries,
                bytes: sum.bytes + size.bytes,
            })
    }
}
