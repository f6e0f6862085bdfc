//! Values that are back-filled from the store into memory.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, Policy, cached, testing};
use cachekit_tests::{Source, settle};

use crate::world::{call, node, policy, put, quick, settings, sleep, two};

const SLOW: Trouble = Trouble::Slow(Duration::from_millis(50));
const LATE: Trouble = Trouble::Late(Duration::from_millis(50));

#[tokio::test(start_paused = true)]
async fn memory_keeps_nothing_longer_than_the_store() {
    let (store, one, other) = two().await;
    let policy = Policy::new().ttl(Duration::from_secs(60));
    one.put("row", 1_u64, &policy).await;
    sleep(50_000).await;
    store.once(Op::Read, Trouble::Slow(Duration::from_millis(90)));
    assert_eq!(other.get::<u64>("row").await, Some(1));
    sleep(60_000 - 50_090 - 1).await;
    assert_eq!(other.get::<u64>("row").await, Some(1));
    assert_eq!(other.stats().memory_hits, 1);
    sleep(1).await;
    assert_eq!(store.left("k:row"), Duration::ZERO);
    assert_eq!(
        other.get::<u64>("row").await,
        None,
        "the answer was on its way"
    );
}

#[tokio::test(start_paused = true)]
async fn time_for_a_computation_makes_no_value_live_longer() {
    let (store, one, other) = two().await;
    let policy = Policy::new().ttl(Duration::from_secs(2));
    one.put("row", 1_u64, &policy).await;
    // A write of a third node makes room for its computation, and goes away.
    store.once(Op::Fill, Trouble::Lost);
    let third = node(&store).await;
    store.always(Op::Invalidate, Trouble::Lost);
    third.put("row", 2_u64, &policy).await;
    assert!(store.left("k:row") > Duration::from_secs(10));
    // The third took a moment to begin.
    sleep(1_990).await;
    assert_eq!(other.get::<u64>("row").await, Some(1));
    sleep(10).await;
    assert_eq!(other.get::<u64>("row").await, None);
}

#[derive(Debug, Clone, Copy)]
enum By {
    Key,
    Tag,
}

const BOTH: [By; 2] = [By::Key, By::Tag];

impl By {
    async fn invalidate(self, cache: &Cache) {
        match self {
            Self::Key => cache.invalidate("row").await,
            Self::Tag => cache.invalidate_tags(["rows"]).await,
        }
    }
}

/// The store is read, the answer takes its time, and meanwhile this node invalidates.
#[tokio::test(start_paused = true)]
async fn an_invalidation_while_an_answer_is_on_its_way_is_not_undone() {
    for by in BOTH {
        for computes in [false, true] {
            let (store, one, other) = two().await;
            put(&other, 1).await;
            store.once(Op::Read, SLOW);
            let reading = if computes {
                call(&one, &quick(9)).await
            } else {
                let one = one.clone();
                let reading = tokio::spawn(async move { one.get::<u64>("row").await.unwrap_or(0) });
                settle().await;
                reading
            };
            sleep(20).await;
            by.invalidate(&one).await;
            // It began before, so it may have the value; a look asks for the tag's version last.
            let read = reading.await.unwrap();
            assert!(read == 1 || (read == 0 && !computes), "{by:?}: {read}");
            assert_eq!(
                one.get::<u64>("row").await,
                None,
                "{by:?}, computes: {computes}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_while_an_answer_is_on_its_way_is_not_undone() {
    let (store, one, other) = two().await;
    put(&other, 1).await;
    store.once(Op::Read, SLOW);
    let reading = tokio::spawn({
        let one = one.clone();
        async move { one.get::<u64>("row").await }
    });
    sleep(20).await;
    put(&one, 2).await;
    assert_eq!(reading.await.unwrap(), Some(1), "it began before");
    assert_eq!(one.get::<u64>("row").await, Some(2));
}

/// A call reads the store after the node invalidated and before the store did: what a call
/// sees that begins afterwards.
async fn read_before_acceptance(by: By, fault: Option<Fault>) -> Option<u64> {
    let store = FakeStore::new();
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    put(&node(&store).await, 1).await;
    store.once(Op::Invalidate, LATE);
    let invalidating = tokio::spawn({
        let one = one.clone();
        async move { by.invalidate(&one).await }
    });
    sleep(20).await;
    let compute = || async { 2_u64 };
    let read = one.get_or_compute("row", &policy(), compute).await;
    assert_eq!(read, 1, "the store was not told yet");
    invalidating.await.expect("it ends");
    one.get::<u64>("row").await
}

#[tokio::test(start_paused = true)]
async fn g1_d_what_was_read_before_the_store_accepted_is_not_served_after() {
    for by in BOTH {
        assert_eq!(read_before_acceptance(by, None).await, None, "{by:?}");
        let fault = Some(Fault::NoSecondBump);
        assert_eq!(read_before_acceptance(by, fault).await, Some(1), "{by:?}");
    }
}

/// A call that must compute does not take what a look into the store has found.
#[tokio::test(start_paused = true)]
async fn a_refresh_does_not_join_a_peek_into_the_store() {
    let (store, one, other) = two().await;
    let written = testing::scope(other.clone(), answer(quick(1)));
    assert_eq!(written.await, 1);
    settle().await;
    store.once(Op::Read, SLOW);
    let looking = tokio::spawn(testing::scope(one.clone(), answer(quick(2))));
    sleep(20).await;
    let refreshed = testing::scope(one.clone(), answer::refresh(quick(3)));
    assert_eq!(refreshed.await, 3);
    assert_eq!(looking.await.unwrap(), 1);
    assert_eq!(testing::scope(one, answer(quick(4))).await, 3);
}

#[cached(key = "answer", name = "answer", skip(source))]
async fn answer(source: Source) -> u64 {
    source.read().await
}
