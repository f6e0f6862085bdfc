//! A region that gets memory of its own while one of its handles is in use.

use std::time::Duration;

use cachekit::Capacity;
use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit_tests::settle;

use crate::world::{node, settings, sleep};

/// What is read after a write that began with the cache's memory, and ended when the region had
/// its own, which had read meanwhile what was there before.
async fn read_after(fault: Option<Fault>) -> [Option<u64>; 2] {
    let store = FakeStore::new();
    let other = node(&store).await;
    other.region::<u64>("rows").set(1, 1).await;
    settle().await;
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let cache = builder.build().await.expect("a valid set-up");
    let early = cache.region::<u64>("rows");
    store.once(Op::Acquire, Trouble::Slow(Duration::from_millis(50)));
    let writing = tokio::spawn(async move {
        early.set(1, 2).await;
        early
    });
    sleep(20).await;
    let late = cache.region::<u64>("rows").capacity(Capacity::entries(10));
    assert_eq!(late.get(1).await, Some(1), "the write has not ended");
    let early = writing.await.expect("it ends well");
    [early.get(1).await, late.get(1).await]
}

#[tokio::test(start_paused = true)]
async fn a_write_from_before_the_capacity_leaves_nothing_old() {
    assert_eq!(read_after(None).await, [Some(2); 2]);
    let broken = read_after(Some(Fault::KeepRegionMemory)).await;
    assert_eq!(broken, [Some(2), Some(1)]);
}
