//! Regions: named parts of a cache with values of one type, used without a macro.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::base::fault::removed;
use crate::base::trace;
use crate::core::in_frame::InFrame;
use crate::core::observing::uncached_frame;
use crate::core::state::{Cache, Core, OwnMemory, RegionState};
use crate::encoding::codec::cacheable::Cacheable;
use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::key::component::CacheKey;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::config::Capacity;
use crate::model::entry_options::EntryOptions;
use crate::model::owner::{Owner, OwnerId, REGION};
use crate::model::owner_index::CachedOwnerIndex;
use crate::model::policy::Policy;
use crate::model::stats::FunctionStats;
use crate::model::tags::EntryTags;
use crate::read::call::{Call, Miss};
use crate::read::peek::get;
use crate::read::typed_call::compute;
use crate::return_type::shape::{Plain, ReturnOps};
use crate::write::put::put;

/// A named part of a cache whose values are of type `V`.
///
/// [`Cache::region`] returns a handle to a region.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::time::Duration;
/// use cachekit::{Cache, Capacity};
///
/// let cache = Cache::builder().build().await?;
/// let profiles = cache
///     .region::<String>("profiles")
///     .ttl(Duration::from_secs(60))
///     .capacity(Capacity::entries(1_000));
///
/// profiles.set(7, "Ann".to_owned()).await;
/// assert_eq!(profiles.get(7).await.as_deref(), Some("Ann"));
/// profiles.delete(7).await;
/// assert_eq!(profiles.get(7).await, None);
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Region<V> {
    /// The core (state) of the cache, with the memory that functions and regions without a capacity
    /// of their own share.
    shared: Arc<Core>,
    /// The core (the state of the cache with one memory) that has the region's own memory. Empty
    /// until this handle uses the region's own memory.
    own: OnceLock<Arc<Core>>,
    state: RegionState,
    name: Box<str>,
    policy: Policy,
    last_place: CachedOwnerIndex,
    values: PhantomData<fn() -> V>,
}

impl Cache {
    /// Returns the region called `name`. All calls with one name return handles to one region.
    ///
    /// Two regions with one name and different value types share keys. A value that one region
    /// stored is absent for the region with another type.
    ///
    /// The keys of a region are `name:` and the key, in the key space of the whole cache. A
    /// function with `key = "user:{id}"` and a region `user` therefore share keys. The function
    /// never gets a value of the region, and the region never gets a value of the function. But a
    /// value that the function stores replaces the region's entry under that key, and a value that
    /// the region stores replaces the function's entry. The log warns once of the shared keys.
    pub fn region<V: Cacheable>(&self, name: &str) -> Region<V> {
        let region = Region {
            shared: Arc::clone(&self.core),
            own: OnceLock::new(),
            state: self.core.region_state(name),
            name: name.into(),
            policy: Policy::new(),
            last_place: CachedOwnerIndex::new(),
            values: PhantomData,
        };
        region.adopt_memory();
        region
    }
}

impl Core {
    fn region_state(&self, name: &str) -> RegionState {
        self.named_state(name, |id| Owner::new(id, &format!("{REGION}{name}")))
    }

    /// Returns the state of the owner that `make` creates, the same state for all calls with one
    /// `name`.
    pub(crate) fn named_state(
        &self,
        name: &str,
        make: impl FnOnce(OwnerId) -> Owner,
    ) -> RegionState {
        let mut regions = self.regions.lock();
        if let Some(state) = regions.get(name) {
            return state.clone();
        }
        // The map of regions lives as long as the cache, so an address in that map is a unique
        // identity.
        let key: Box<str> = name.into();
        let id = OwnerId(
            Arc::as_ptr(&self.regions)
                .addr()
                .wrapping_add(1 + regions.len()),
        );
        let state = RegionState {
            owner: self.owner_of(id, make),
            memory: Arc::default(),
        };
        regions.insert(key, state.clone());
        state
    }
}

impl<V: Cacheable> Region<V> {
    /// Sets the time to live of entries that this handle stores. Default: the cache's
    /// `default_ttl`.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.policy = self.policy.ttl(ttl);
        self
    }

    /// Sets the time without a use after which an entry ends in memory, as [`Policy::idle`] does.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.policy = self.policy.idle(idle);
        self
    }

    /// Gives the region memory of its own, with this capacity, instead of a share of the cache's
    /// memory. The region's memory uses the same engine as the cache.
    ///
    /// The capacity belongs to the region, not to this handle: from now on all handles use the
    /// region's memory, also handles made before. Entries of the region that were in the cache's
    /// memory are read from Redis or computed again. The first capacity given to a region stays. A
    /// later, different capacity changes nothing, and the log warns of it.
    pub fn capacity(self, capacity: Capacity) -> Self {
        let core = &self.shared;
        let (kept, _): &OwnMemory = self
            .state
            .memory
            .get_or_init(|| (capacity, core.new_memory(capacity)));
        if *kept != capacity {
            trace::capacity_kept(&self.name);
        }
        self.adopt_memory();
        self
    }

    /// Adds a tag to entries that this handle stores. An invalidation of the tag removes those
    /// entries.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.policy = self.policy.tag(tag);
        self
    }

    /// Returns the value under `key`, from memory or from Redis; `None` if neither has a value of
    /// type `V`. Never computes.
    pub async fn get(&self, key: impl CacheKey) -> Option<V> {
        let options = EntryOptions::from(&self.policy);
        get(self.core(), &self.state.owner, &self.key(&key), &options).await
    }

    /// Returns the value under `key` from memory or Redis, or else runs `compute_value` and stores
    /// its value, as [`Cache::get_or_compute`] does.
    pub async fn get_or_compute<F, Fut>(&self, key: impl CacheKey, compute_value: F) -> V
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = V>,
    {
        let (core, owner) = (self.core(), &self.state.owner);
        if !core.is_enabled() {
            core.note_bypass(owner);
            return InFrame::new(uncached_frame(), compute_value()).await;
        }
        let key = self.key(&key);
        let hit = core.hit_direct(
            ReturnOps::<Plain<V>>::direct,
            key.as_bytes(),
            owner.id,
            &self.last_place,
        );
        let missed = match hit {
            Ok(hit) => return hit,
            Err(None) => {
                core.note_bypass(owner);
                return InFrame::new(uncached_frame(), compute_value()).await;
            }
            Err(Some(missed)) => missed,
        };
        let call = Call::after_miss(
            Arc::clone(core),
            Arc::clone(owner),
            missed,
            EntryOptions::from(&self.policy),
            core.surroundings(),
        );
        let entry_tags = EntryTags::from(&self.policy);
        let return_ops = ReturnOps::<Plain<V>>::direct;
        compute(
            Miss(Some(Box::new(call))),
            return_ops,
            entry_tags,
            |_, _| {},
            async move { compute_value().await },
        )
        .await
    }

    /// Stores `value` under `key` in memory and Redis, as [`Cache::put`] does.
    pub async fn set(&self, key: impl CacheKey, value: V) {
        let (core, key) = (self.core(), self.key(&key));
        let owner = Arc::clone(&self.state.owner);
        let options = EntryOptions::from(&self.policy);
        let entry_tags = EntryTags::from(&self.policy);
        put(core, owner, key.clone(), options, entry_tags, value).await;
        if !Arc::ptr_eq(core, self.core()) {
            // During the store the region got its own memory, which may have read the older value
            // from Redis.
            core.evict_key(key.as_bytes());
        }
    }

    /// Removes the value under `key` from memory and Redis, as [`Cache::invalidate`] does.
    pub async fn delete(&self, key: impl CacheKey) {
        let targets = InvalidationTargets::key(self.key(&key).as_bytes());
        let name = self.shared.name_in_spans(&self.state.owner.name);
        let targets = targets.of_function(name);
        self.shared.invalidate(targets).accepted().await;
    }

    /// Removes all values of the region, in constant time, from memory and Redis.
    pub async fn clear(&self) {
        let targets = InvalidationTargets::function(&self.state.owner.name);
        self.shared.invalidate(targets).accepted().await;
    }

    /// Returns the statistics of the region since the cache was built.
    pub fn stats(&self) -> FunctionStats {
        FunctionStats::of(&self.state.owner, self.shared.weighs())
    }

    /// Returns the core (the state of a cache with one memory) whose memory the region uses now.
    /// Costs at most two atomic loads.
    #[inline]
    fn core(&self) -> &Arc<Core> {
        if let Some(own) = self.own.get() {
            return own;
        }
        if self.state.memory.get().is_none() || removed!(self.shared, KeepRegionMemory) {
            return &self.shared;
        }
        self.adopt_memory();
        self.own.get().unwrap_or(&self.shared)
    }

    /// Makes this handle use the region's own memory from now on. Does nothing if the region has no
    /// memory of its own.
    #[cold]
    fn adopt_memory(&self) {
        if let Some((capacity, memory)) = self.state.memory.get() {
            let core = || Arc::new(self.shared.with_memory(*capacity, Arc::clone(memory)));
            self.own.get_or_init(core);
        }
    }

    fn key(&self, key: &impl CacheKey) -> Key {
        let mut buf = KeyBuf::new();
        buf.part(b':', &*self.name);
        buf.literal(":");
        buf.part(0, key);
        Key::new(buf.as_bytes())
    }
}

impl<V> fmt::Debug for Region<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
