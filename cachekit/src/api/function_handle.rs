//! Handles to a cached function as a whole: all its entries, and its statistics.

use std::fmt;
use std::sync::Arc;

use crate::api::warm_start::warm_start;
use crate::core::state::{Cache, Core};
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::function_spec::FnSpec;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::stats::FunctionStats;
use crate::model::warm_start_report::WarmStartReport;
use crate::read::call_mode::{CallMode, in_mode, in_mode_blocking};
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// A handle to a cached function as a whole, in one cache: to all its entries and its statistics.
///
/// A cached method `get` has a method `get_cache(&self)`, which returns a handle.
#[derive(Clone)]
pub struct FunctionHandle {
    core: Arc<Core>,
    spec: &'static FnSpec,
    /// Operations on the function's values. `None` if the values are not both in memory and in Redis,
    /// or have a type that depends on generic arguments.
    ops: Option<ValueOps>,
}

pub(crate) fn function_handle(cache: &Cache, spec: &'static FnSpec) -> FunctionHandle {
    FunctionHandle {
        core: Arc::clone(cache.core()),
        spec,
        ops: None,
    }
}

impl FunctionHandle {
    /// Returns this handle with the operations on the function's values.
    #[doc(hidden)]
    #[must_use]
    pub fn __with_values<S>(self, return_ops: &ReturnOps<S>) -> Self
    where
        S: ReturnType + 'static,
        S::Value: Send + Sync + 'static,
    {
        Self {
            ops: Some(return_ops.value_ops()),
            ..self
        }
    }

    /// Returns the name of the cached function, as in statistics and in
    /// [`Cache::invalidate_function`].
    pub fn name(&self) -> &str {
        self.spec.name()
    }

    /// Removes all entries of the function, in constant time. A later call never gets a value whose
    /// computation began before the invalidation.
    pub async fn invalidate_all(&self) {
        let targets = InvalidationTargets::function(self.name());
        self.core.invalidate(targets).accepted().await;
    }

    /// Makes all entries of the function stale, in constant time (a [soft
    /// invalidation](crate::InvalidationBuilder::soft)).
    pub async fn expire_all(&self) {
        let targets = InvalidationTargets::function(self.name()).with_mode(InvalidationMode::Soft);
        self.core.invalidate(targets).accepted().await;
    }

    /// Runs `call`, a call of this function, without the cache: the cache looks nothing up, stores
    /// nothing and waits for nothing. Other cached functions that this call runs use the cache as
    /// usual.
    ///
    /// Use this method for cached methods: a cached free function has its own `uncached`, as in
    /// `get_user::uncached(id)`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safety is that of `call` without the cache.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use cachekit::cached;
    ///
    /// #[derive(Debug, Clone)]
    /// struct Prices;
    ///
    /// impl Prices {
    ///     #[cached(key = "price-in-cents:{id}", skip(self))]
    ///     pub async fn get(&self, id: u64) -> u64 {
    ///         id * 100
    ///     }
    /// }
    ///
    /// let prices = Prices;
    /// assert_eq!(prices.get_cache().uncached(prices.get(7)).await, 700);
    /// assert_eq!(prices.get_entry(7).get().await, None, "nothing was stored");
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn uncached<F: Future>(&self, call: F) -> F::Output {
        in_mode(CallMode::Uncached, self.spec.id(), call).await
    }

    /// Runs `call`, a closure with a call of this function, without the cache. This method is
    /// [`uncached`](Self::uncached) for functions that are not `async`.
    pub fn uncached_blocking<T>(&self, call: impl FnOnce() -> T) -> T {
        in_mode_blocking(CallMode::Uncached, self.spec.id(), call)
    }

    /// Loads the entries of at most `most` of the function's hottest keys from Redis into memory.
    /// From this call on, this process stores the function's hottest keys in Redis every minute and
    /// at a shutdown, for the warm start of other processes (`docs/operating.md`).
    ///
    /// Never runs the function. Loads nothing if the method's return type depends on generic
    /// arguments of the method, or if the method's values are not both in memory and in Redis.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the loading. Entries that were already loaded stay in memory.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use cachekit::cached;
    ///
    /// #[derive(Debug, Clone)]
    /// struct Prices;
    ///
    /// impl Prices {
    ///     #[cached(key = "warm-price:{id}", skip(self))]
    ///     pub async fn get(&self, id: u64) -> u64 {
    ///         id * 100
    ///     }
    /// }
    ///
    /// let report = Prices.get_cache().warm_start(1_000).await;
    /// println!("{} of {} entries loaded", report.loaded, report.remembered);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn warm_start(&self, most: usize) -> WarmStartReport {
        let Some(ops) = self.ops else {
            return WarmStartReport::default();
        };
        let cache = Cache {
            core: Arc::clone(&self.core),
        };
        warm_start(cache, self.spec, ops, most).await
    }

    /// Returns the statistics of the cached function since the cache was built.
    pub fn stats(&self) -> FunctionStats {
        FunctionStats::of(&self.core.owner(self.spec), self.core.weighs())
    }
}

impl fmt::Debug for FunctionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionHandle")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, cachekit_faults, feature = "bincode"))]
mod tests {
    use super::*;
    use crate::api::entry::{Entry, typed_entry};
    use crate::base::fault::guards::Fault;
    use crate::core::entry_key::Target;
    use crate::model::config::Tier;
    use crate::model::tags::EntryTags;
    use crate::return_type::shape::Plain;
    use crate::store::fake::controls::FakeStore;

    /// The first of two functions with one name. The linker did not collect both together, as in a
    /// program that loads a library, so their names were not compared.
    static FIRST: FnSpec = FnSpec::new(|| "", "a.rs", 1)
        .named("twice")
        .tier(Tier::Redis);
    static SECOND: FnSpec = FnSpec::new(|| "", "b.rs", 1).named("twice");

    fn row(cache: &Cache, spec: &'static FnSpec) -> Entry<u64> {
        let target = Target::new(|key| key.literal("row:1"));
        let return_ops = ReturnOps::<Plain<u64>>::direct();
        typed_entry(
            cache,
            spec,
            return_ops,
            target,
            EntryTags::default(),
            |_, _| {},
        )
    }

    #[tokio::test]
    async fn without_the_guard_it_does() {
        let builder = Cache::builder().__store(FakeStore::new());
        let cache = builder.__seed(Fault::ShareNames).build().await;
        let cache = cache.expect("a valid set-up");
        row(&cache, &FIRST).put(1).await;
        assert_eq!(row(&cache, &SECOND).get().await, Some(1));
    }

    #[tokio::test]
    async fn the_second_of_two_of_one_name_never_gets_the_first_one_s_value() {
        let store = FakeStore::new();
        let cache = Cache::builder().__store(store.clone()).build().await;
        let cache = cache.expect("neither is registered");
        row(&cache, &FIRST).put(1).await;
        assert_eq!(row(&cache, &FIRST).get().await, Some(1));
        assert_eq!(row(&cache, &SECOND).get().await, None, "it is the other's");
        row(&cache, &SECOND).put(2).await;
        assert_eq!(row(&cache, &SECOND).get().await, Some(2), "from memory");
        assert_eq!(
            row(&cache, &FIRST).get().await,
            None,
            "and not from the store"
        );
        for spec in [&FIRST, &SECOND] {
            row(&cache, spec).put(3).await;
        }
        function_handle(&cache, &FIRST).invalidate_all().await;
        assert_eq!(
            row(&cache, &SECOND).get().await,
            None,
            "by the name of both"
        );
    }
}
