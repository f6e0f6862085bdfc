//! A record of what a cache did, for the assertions of a test.

use std::fmt;
use std::sync::Arc;

use crate::api::registry;
use crate::core::event_log::{INVALIDATES, Lines};
use crate::core::state::Cache;
use crate::model::stats::{FunctionStats, Stats};

/// A record of what a cache did since the recorder was created: hits by tier, computations and stores
/// of each function, and the computations, stores and invalidations in their order.
///
/// The recorder sees everything that the cache does, also for spawned tasks, served requests and
/// refreshes in the background. It reads the counters that the cache keeps anyway, so calls take
/// the same path as without a recorder. Hits are counted, but have no place in the order: for all
/// calls of one future in their order, see [`observed`](crate::observed).
///
/// # Examples
///
/// ```standalone_crate
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::testing::{Recorder, scope};
/// use cachekit::{Cache, cached, invalidates};
///
/// #[cached(key = "recorded-user:{id}")]
/// async fn get_user(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// #[invalidates(get_user(id))]
/// async fn rename_user(id: u64) {}
///
/// let cache = Cache::builder().build().await?;
/// let seen = Recorder::new(&cache);
/// scope(cache, async {
///     get_user(7).await;
///     get_user(7).await;
///     rename_user(7).await;
/// })
/// .await;
///
/// seen.assert_computed("get_user", 1);
/// assert_eq!(seen.function("get_user").memory_hits, 1);
/// assert_eq!(seen.invalidated(), ["entry recorded-user:7"]);
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder {
    cache: Cache,
    earlier: Stats,
    events: Arc<Lines>,
}

impl Recorder {
    /// Creates a recorder of what `cache` does from now on.
    pub fn new(cache: &Cache) -> Self {
        Self {
            cache: cache.clone(),
            earlier: cache.stats(),
            events: cache.core.event_log.read(),
        }
    }

    /// Returns the statistics of the whole cache since the recorder was created.
    pub fn stats(&self) -> Stats {
        self.cache.stats().since(&self.earlier)
    }

    /// Returns the statistics of one function or region since the recorder was created.
    ///
    /// `name` is the name in the statistics, such as `shop::users::get_user`, or the end of it
    /// after a `::`, such as `get_user`. For a region, `name` is `region`, a space and the region's
    /// name.
    ///
    /// # Panics
    ///
    /// Panics if no function of the program has the name, or if `name` is the end of several names.
    /// The message lists the names.
    #[track_caller]
    pub fn function(&self, name: &str) -> FunctionStats {
        let stats = self.stats();
        let whole = whole_name(name, &stats);
        let counted = stats.functions.into_iter().find(|it| it.name == whole);
        // A function that this cache has not called yet has no counters.
        counted.unwrap_or_else(|| FunctionStats {
            name: whole,
            ..FunctionStats::default()
        })
    }

    /// Asserts that the cache ran the function `name` this many times since the recorder was
    /// created. `name` is a name as for [`function`](Self::function).
    ///
    /// # Panics
    ///
    /// Panics if the number is another one. The message has the other counters of the function, and
    /// what was invalidated. If the cache saw no call of the function, the message says that a
    /// spawned task uses the global cache. Panics for a `name` as `function` does.
    #[track_caller]
    pub fn assert_computed(&self, name: &str, times: u64) {
        let seen = self.function(name);
        assert!(
            seen.computations == times,
            "`{}` was computed {} times, not {times}: {} hits in memory, {} in Redis, {} stale, {} \
             calls past the cache, {} stores, {} refused; invalidated: {:?}; misses: {:?}{}",
            seen.name,
            seen.computations,
            seen.memory_hits,
            seen.redis_hits,
            seen.stale_hits,
            seen.bypassed,
            seen.stores,
            seen.refused_stores,
            self.invalidated(),
            seen.by_cause,
            hint(&seen),
        );
    }

    /// Returns what the cache invalidated since the recorder was created: one line for each name,
    /// such as `entry user:7`, `tag users`, `event user.renamed`, `function shop::get_user` or
    /// `everything`. A line of a soft invalidation ends with ` (soft)`.
    ///
    /// Invalidations are in the order in which they began. The lines of one invalidation are its
    /// entries, then its tags and events, then its functions. Several writes of a
    /// [`deferred`](crate::deferred) scope are one invalidation.
    ///
    /// Invalidations by other caches over the same Redis are in the recorders of those caches.
    pub fn invalidated(&self) -> Vec<String> {
        let events = self.events.lock();
        let invalidated = events
            .iter()
            .filter_map(|line| line.strip_prefix(INVALIDATES));
        invalidated.map(ToOwned::to_owned).collect()
    }

    /// Returns what the cache did since the recorder was created, in its order: a line each.
    ///
    /// - `computes FUNCTION KEY`: the cache begins to run the function.
    /// - `stores FUNCTION KEY`: the value was stored. With `tier = redis`, it is sent to Redis from
    ///   now on.
    /// - `refuses FUNCTION KEY`: the value was not stored, because its entry was invalidated or
    ///   written after the computation or the write began.
    /// - `invalidates NAME`, with a name as in [`invalidated`](Self::invalidated): the invalidation
    ///   begins.
    ///
    /// The lines of computations that run at the same time are in the order in which they happened,
    /// which can differ from run to run.
    pub fn events(&self) -> Vec<String> {
        self.events.lock().clone()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("events", &self.events())
            .finish_non_exhaustive()
    }
}

/// Returns the end of the message about a function without any call in the cache.
fn hint(seen: &FunctionStats) -> &'static str {
    if seen.calls() + seen.computations + seen.bypassed > 0 {
        return "";
    }
    "; this cache saw no call of it: a call outside of `scope`, such as one in a spawned task, uses the \
     global cache (wrap the task in `scope(cachekit::global(), ..)`)"
}

/// Returns the whole name of the function that `name` means.
#[track_caller]
fn whole_name(name: &str, stats: &Stats) -> String {
    let of_program = registry::functions().map(|spec| spec.name().to_owned());
    let of_cache = stats.functions.iter().map(|it| it.name.clone());
    let mut known: Vec<String> = of_program.chain(of_cache).collect();
    known.sort();
    known.dedup();
    let is_meant = |it: &&String| {
        it.strip_suffix(name)
            .is_some_and(|rest| rest.ends_with("::"))
    };
    let found: Vec<&String> = known.iter().filter(is_meant).collect();
    match &*found {
        _ if known.iter().any(|it| it == name) => name.to_owned(),
        [one] => (*one).clone(),
        [] => panic!("no cached function is named `{name}`; there are {known:?}"),
        several => panic!("`{name}` is the end of {several:?}: write more of the name"),
    }
}
