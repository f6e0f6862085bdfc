//! The cache that annotated functions use when they name none.

use once_cell::sync::OnceCell;

use crate::api::registry;
use crate::base::error::BuildError;
use crate::core::state::Cache;
use crate::read::background_task::Task;

// once_cell's: std's has no stable `try_insert`, and `init` must not lose a race silently.
static GLOBAL: OnceCell<Cache> = OnceCell::new();

/// For programs that set nothing up.
static DEFAULT: OnceCell<Cache> = OnceCell::new();

/// Makes `cache` the one that annotated functions use. Call it once, at start-up.
///
/// What was cached before, with the default settings, is left behind.
///
/// # Errors
///
/// If it was called before, or if two cached functions have the same name or keys that
/// overlap; the message names both and the remedy.
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

/// [`init`] with the settings of the environment: see
/// [`CacheBuilder::from_env`](crate::CacheBuilder::from_env).
///
/// # Errors
///
/// Those of [`init`], and a variable that cannot be read.
pub async fn init_from_env() -> Result<(), BuildError> {
    init(Cache::builder().from_env().build().await?)
}

/// The cache that annotated functions use: the one given to [`init`], before that one with
/// the default settings, so that attributes work with no set-up at all.
pub fn global() -> Cache {
    with_current(Clone::clone)
}

/// `task` with the caller's task's cache, if it has one of its own.
pub(crate) fn carried(task: Task) -> Task {
    #[cfg(any(feature = "testing", cachekit_faults))]
    let task = crate::testing::carried(task);
    task
}

/// Calls `f` with the current task's cache, else the global one.
pub(crate) fn with_current<T>(f: impl FnOnce(&Cache) -> T) -> T {
    #[cfg(any(feature = "testing", cachekit_faults))]
    let f = match crate::testing::with_scoped(f) {
        Ok(result) => return result,
        Err(f) => f,
    };
    f(GLOBAL.get().unwrap_or_else(|| default()))
}

fn default() -> &'static Cache {
    DEFAULT.get().unwrap_or_else(|| {
        // Not while it is made: who listens may ask for it.
        registry::log_problems();
        DEFAULT.get_or_init(|| Cache::builder().assemble())
    })
}
