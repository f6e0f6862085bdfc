//! The global cache, used by annotated functions without `cache = EXPR`.

use once_cell::sync::OnceCell;

use crate::api::registry;
use crate::base::error::BuildError;
use crate::base::trace::start::default_cache;
use crate::core::state::Cache;
use crate::read::background_task::Task;

// The second of two calls of `init` must fail. This needs `try_insert`, which is not stable in std,
// so this `OnceCell` is that of the crate `once_cell`.
static GLOBAL: OnceCell<Cache> = OnceCell::new();

/// Cache with the default settings, in place of the global cache for programs that do not call
/// [`init`].
static DEFAULT: OnceCell<Cache> = OnceCell::new();

/// Makes `cache` the global cache, which annotated functions use. Call `init` once, at start-up.
///
/// Build a cache with Redis on the runtime that lives longest, as in `#[tokio::main]`: that runtime
/// drives the connections. If that runtime ends, the next call that needs Redis connects again on
/// that call's runtime. A cache with [`own_thread`](crate::CacheBuilder::own_thread) depends on no
/// runtime.
///
/// Entries that were cached before `init`, in a cache with the default settings, are not moved to
/// `cache`.
///
/// # Errors
///
/// Returns an error if `init` was called before. Returns an error if two cached functions have the
/// same name, or keys that overlap; the message names both functions and the remedy.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{Cache, Capacity};
///
/// let cache = Cache::builder().memory_capacity(Capacity::entries(100_000)).build().await?;
/// cachekit::init(cache)?;
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn init(cache: Cache) -> Result<(), BuildError> {
    let problems = registry::problems();
    if !problems.is_empty() {
        return Err(BuildError::functions(problems.to_vec()));
    }
    GLOBAL
        .try_insert(cache)
        .map(|_| ())
        .map_err(|_| BuildError::already_initialised())
}

/// Builds a cache with the settings from environment variables
/// ([`CacheBuilder::from_env`](crate::CacheBuilder::from_env)) and makes that cache the global one,
/// like [`init`].
///
/// # Errors
///
/// Returns an error if [`init`] fails, if a variable cannot be parsed, or if the cache cannot be
/// built.
pub async fn init_from_env() -> Result<(), BuildError> {
    init(Cache::builder().from_env().build().await?)
}

/// Returns the cache that annotated functions use. Before [`init`], this is a cache with the
/// default settings, so that attributes work without any set-up.
pub fn global() -> Cache {
    with_current(Clone::clone)
}

/// Puts `task` into the scope of the caller's task, if a test gave that task a cache of its
/// own.
pub(crate) fn carried(task: Task) -> Task {
    #[cfg(any(feature = "testing", cachekit_faults))]
    let task = crate::testing::scope::carried(task);
    task
}

/// Calls `f` with the current cache: the cache of the current task if a test set one, or else the
/// global cache.
pub(crate) fn with_current<T>(f: impl FnOnce(&Cache) -> T) -> T {
    #[cfg(any(feature = "testing", cachekit_faults))]
    let f = match crate::testing::scope::with_scoped(f) {
        Ok(result) => return result,
        Err(f) => f,
    };
    f(GLOBAL.get().unwrap_or_else(|| default()))
}

fn default() -> &'static Cache {
    DEFAULT.get().unwrap_or_else(|| {
        // The conflicts are logged before the default cache is made, because a log subscriber may
        // ask for this cache.
        registry::log_problems();
        let mut is_new = false;
        let cache = DEFAULT.get_or_init(|| {
            is_new = true;
            Cache::builder().assemble()
        });
        if is_new {
            default_cache();
        }
        cache
    })
}
