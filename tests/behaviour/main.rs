//! What a cache does, seen through its public surface.

mod attributes;
mod blocking;
mod cancellation;
mod direct;
mod freshness;
mod leaders;
mod past;
mod stress;
mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use cachekit::testing::{Fault, Point};
use cachekit::{Cache, testing};
use cachekit_tests::Gate;
use tokio::task::JoinHandle;

/// A source of data whose computations stop at a gate.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What the source holds now.
    pub version: Arc<AtomicU64>,
    /// How many computations began.
    pub runs: Arc<AtomicUsize>,
    /// Where they wait.
    pub gate: Gate,
}

impl Source {
    /// Begins a computation, reads, and waits at the gate.
    pub async fn read(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let version = self.version.load(Ordering::SeqCst);
        self.gate.pass().await;
        version
    }

    /// How many computations began.
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// Changes what the source holds.
    pub fn write(&self, version: u64) {
        self.version.store(version, Ordering::SeqCst);
    }
}

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
    let builder = Cache::builder().__step_in(step_in);
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
    Cache::builder()
        .build()
        .await
        .expect("the defaults are right")
}
