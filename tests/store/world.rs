//! Nodes over one store, and values whose computation a test controls.

use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble};
use cachekit::{Cache, CacheBuilder, Clock, Policy};
use cachekit_tests::{Source, settle};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The name of the entry that most tests are about.
pub(crate) const ENTRY: &str = "k:row";

/// The runtime's clock, so that memory stands still when everything else does.
#[derive(Debug)]
struct Still(Instant);

impl Clock for Still {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Settings of a node over `store`.
pub(crate) fn settings(store: &FakeStore) -> CacheBuilder {
    cachekit_tests::builder()
        .clock(Still(Instant::now()))
        .__seed_random(1)
        .__store(store.clone())
}

/// A node: a cache of its own over `store`.
pub(crate) async fn node(store: &FakeStore) -> Cache {
    settings(store).build().await.expect("a valid set-up")
}

/// Two of them, over a store of their own.
pub(crate) async fn two() -> (FakeStore, Cache, Cache) {
    let store = FakeStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    (store, one, two)
}

/// A tag, so that there is more to invalidate than the key.
pub(crate) fn policy() -> Policy {
    Policy::new().tag("rows")
}

/// One call under the key `row`.
pub(crate) async fn read(cache: Cache, source: Source, policy: Policy) -> u64 {
    let compute = || async move { source.read().await };
    cache.get_or_compute("row", &policy, compute).await
}

/// The same as a task of its own, run until it waits.
pub(crate) async fn call(cache: &Cache, source: &Source) -> JoinHandle<u64> {
    call_with(cache, source, policy()).await
}

pub(crate) async fn call_with(cache: &Cache, source: &Source, policy: Policy) -> JoinHandle<u64> {
    let task = tokio::spawn(read(cache.clone(), source.clone(), policy));
    settle().await;
    task
}

/// A source that does not stop.
pub(crate) fn quick(version: u64) -> Source {
    let source = Source::default();
    source.write(version);
    source.gate.open_for_all();
    source
}

/// Stores `value` for all.
pub(crate) async fn put(cache: &Cache, value: u64) {
    cache.put("row", value, &policy()).await;
}

pub(crate) async fn sleep(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Every operation of `ops` meets `trouble`, until the store is healed.
pub(crate) fn always(store: &FakeStore, ops: &[Op], trouble: Trouble) {
    for op in ops {
        store.always(*op, trouble);
    }
}

/// What a call asks before it computes.
pub(crate) const READING: [Op; 4] = [Op::Read, Op::Versions, Op::Acquire, Op::ReadOrAcquire];

/// How long `future` takes, with its result.
pub(crate) async fn timed<F: IntoFuture>(future: F) -> (Duration, F::Output) {
    let start = Instant::now();
    let output = future.await;
    (start.elapsed(), output)
}
