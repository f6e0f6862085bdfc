//! The behaviour of a cache, seen through its public interface.

mod abandoned_callers;
mod attributes;
mod cache_api;
mod cancellation;
mod concurrency_gauge;
mod destructors;
mod detach;
mod early_expiration;
mod engines;
mod err_ttl;
mod function_capacity;
mod hot_keys;
mod idle;
mod low_hit_rate;
mod max_computations;
mod no_stale_fill;
mod overlapping_writes;
mod panics;
mod refresh_claims;
mod regions;
mod runtimes;
mod single_flight;
mod soft_invalidation;
mod stale;
mod stale_windows;
mod statistics;
mod stress;
mod sync_functions;
mod thread_cache;
mod timeouts;
mod ttl;
mod uncached;
mod weights;
mod write_order;

use cachekit::testing::{Fault, Point};
use cachekit::{Cache, testing};
pub use cachekit_tests::Source;
use tokio::task::JoinHandle;

/// Spawns `future` with `cache` as its global one.
pub fn spawn<F>(cache: &Cache, future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(testing::scope(cache.clone(), future))
}

/// A cache with the defaults, less one guard.
///
/// # Panics
///
/// Never: the defaults are right.
pub async fn without(fault: Option<Fault>) -> Cache {
    stepped(fault, |_| {}).await
}

/// The same, with a step in between two of its own.
///
/// # Panics
///
/// Never: the defaults are right.
pub async fn stepped(fault: Option<Fault>, step_in: fn(Point)) -> Cache {
    let builder = cachekit_tests::builder().__step_in(step_in);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    builder.build().await.expect("the defaults are right")
}

/// A cache with the defaults.
///
/// # Panics
///
/// Never: the defaults are right.
pub async fn cache() -> Cache {
    cachekit_tests::builder()
        .build()
        .await
        .expect("the defaults are right")
}
