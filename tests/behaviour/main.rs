//! What a cache does, seen through its public surface.

mod abandoned;
mod at_hand;
mod attributes;
mod blocking;
mod cancellation;
mod crowds;
mod destructors;
mod detach;
mod direct;
mod early;
mod engines;
mod failed;
mod freshness;
mod hot_keys;
mod idle;
mod leaders;
mod orders;
mod panics;
mod past;
mod peak;
mod refreshes;
mod regions;
mod rooms;
mod runtimes;
mod soft;
mod stale;
mod stress;
mod timeouts;
mod uncached;
mod weights;
mod windows;
mod writes;

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
