//! A named part of a cache with values of one type, used without a macro.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::compute::compute;
use super::doomed::Doomed;
use super::job::Job;
use super::read::get;
use super::write::put;
use super::{Cache, Core, RegionPlace};
use crate::codec::Cacheable;
use crate::config::Capacity;
use crate::event;
use crate::key::{CachePart, Key, KeyBuf};
use crate::labels::Labels;
use crate::owner::{Owner, OwnerId};
use crate::place::LastPlace;
use crate::plan::{Plain, Plan};
use crate::policy::{Lives, Policy};
use crate::remote::name::REGION;
use crate::stats::FunctionStats;
use crate::tier::Memory;

/// A named part of a cache whose values are of type `V`.
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
    core: Arc<Core>,
    owner: Arc<Owner>,
    name: Box<str>,
    policy: Policy,
    place: LastPlace,
    values: PhantomData<fn() -> V>,
}

impl Cache {
    /// The region called `name`: asked for twice, it is the same one.
    ///
    /// Two types under one name share keys; a value of the other type reads as absent.
    pub fn region<V: Cacheable>(&self, name: &str) -> Region<V> {
        let place = self.core.region_place(name);
        let core = match place.memory {
            Some((capacity, memory)) => Arc::new(self.core.with_memory(capacity, memory)),
            None => Arc::clone(&self.core),
        };
        Region {
            core,
            owner: place.owner,
            name: name.into(),
            policy: Policy::new(),
            place: LastPlace::new(),
            values: PhantomData,
        }
    }
}

impl Core {
    fn region_place(&self, name: &str) -> RegionPlace {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = regions.get(name) {
            return place.clone();
        }
        // The place is kept for as long as the cache lives, so its address is an identity.
        let key: Box<str> = name.into();
        let id = OwnerId(
            Arc::as_ptr(&self.regions)
                .addr()
                .wrapping_add(1 + regions.len()),
        );
        let owner = self.owner_of(id, |id| Owner::new(id, &format!("{REGION}{name}")));
        let place = RegionPlace {
            owner,
            memory: None,
        };
        regions.insert(key, place.clone());
        place
    }
}

impl<V: Cacheable> Region<V> {
    /// How long its entries live, from here on. Default: the cache's `default_ttl`.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.policy = self.policy.ttl(ttl);
        self
    }

    /// Gives it memory of its own instead of a share of the cache's, held by an engine of the same
    /// kind. The first capacity that a region is given stays.
    pub fn capacity(mut self, capacity: Capacity) -> Self {
        let regions = Arc::clone(&self.core.regions);
        let mut regions = regions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = regions.get_mut(&*self.name) else {
            return self;
        };
        let (kept, memory) = place.memory.get_or_insert_with(|| {
            let memory = Memory::new(capacity, &self.core.config, self.core.faults);
            (capacity, Arc::new(memory))
        });
        if *kept != capacity {
            event::capacity_kept(&self.name);
        }
        self.core = Arc::new(self.core.with_memory(*kept, Arc::clone(memory)));
        drop(regions);
        self
    }

    /// Its entries are gone when this tag is invalidated.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.policy = self.policy.tag(tag);
        self
    }

    /// The value under `key`. Never computes.
    pub async fn get(&self, key: impl CachePart) -> Option<V> {
        let lives = Lives::from(&self.policy);
        get(&self.core, &self.owner, &self.key(&key), lives).await
    }

    /// The value under `key`, else what `compute` gives, which is then stored; as
    /// [`Cache::get_or_compute`].
    pub async fn get_or_compute<F, Fut>(&self, key: impl CachePart, compute_value: F) -> V
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = V>,
    {
        if !self.core.is_enabled() {
            self.owner.counts.bypassed.bump();
            return compute_value().await;
        }
        let key = self.key(&key);
        let hit = self
            .core
            .hit_by_hand::<Plain<V>>(key.as_bytes(), self.owner.id, &self.place);
        let missed = match hit {
            Ok(hit) => return hit,
            Err(missed) => missed,
        };
        let (core, owner) = (Arc::clone(&self.core), Arc::clone(&self.owner));
        let job = Job::missed(core, owner, missed, Lives::from(&self.policy));
        let labels = Labels::from(&self.policy);
        let plan = Plan::<Plain<V>>::by_hand();
        Box::pin(compute(
            Box::new(job),
            plan,
            labels,
            |_, _| {},
            compute_value,
        ))
        .await
    }

    /// Stores `value` under `key`; as [`Cache::put`].
    pub async fn set(&self, key: impl CachePart, value: V) {
        let owner = Arc::clone(&self.owner);
        let lives = Lives::from(&self.policy);
        let labels = Labels::from(&self.policy);
        put(&self.core, owner, self.key(&key), lives, labels, value).await;
    }

    /// Removes the value under `key`; as [`Cache::invalidate`].
    pub async fn delete(&self, key: impl CachePart) {
        let doomed = Doomed::key(self.key(&key).as_bytes());
        self.core.invalidate(doomed).accepted().await;
    }

    /// Removes all its values, in constant time.
    pub async fn clear(&self) {
        let doomed = Doomed::function(&self.owner.name);
        self.core.invalidate(doomed).accepted().await;
    }

    /// What it did so far.
    pub fn stats(&self) -> FunctionStats {
        FunctionStats::of(&self.owner)
    }

    fn key(&self, key: &impl CachePart) -> Key {
        let mut buf = KeyBuf::new();
        buf.part(b':', &*self.name);
        buf.literal(":");
        buf.part(0, key);
        Key::new(buf.as_bytes())
    }
}

impl Core {
    /// A core with another memory tier that shares everything else.
    fn with_memory(&self, capacity: Capacity, memory: Arc<Memory>) -> Self {
        let mut config = (*self.config).clone();
        config.memory_capacity = capacity;
        Self {
            config: Arc::new(config),
            memory,
            ..self.clone()
        }
    }
}

impl<V> fmt::Debug for Region<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
