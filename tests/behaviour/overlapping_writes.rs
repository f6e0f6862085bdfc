//! Writes of one entry that overlap with each other, with computations and with invalidations leave
//! it empty or new, never old.

use std::cell::RefCell;
use std::pin::pin;
use std::task::Poll;

use cachekit::testing::{Fault, Point, scope};
use cachekit::{Cache, Policy, cached, write_through};
use cachekit_tests::poll_once;

use crate::{Source, spawn, stepped, without};

#[cached(key = "item:{id}", tags = ["items"], skip(source))]
async fn item(source: Source, id: u64) -> u64 {
    source.read().await
}

/// Writes at once, and returns when the gate lets it.
#[write_through(item(_, id))]
async fn set_item(source: Source, id: u64, version: u64) -> Result<u64, ()> {
    source.write(version);
    source.gate.pass().await;
    Ok(version)
}

async fn entry(cache: &Cache) -> Option<u64> {
    scope(cache.clone(), async { item::entry(1).get().await }).await
}

#[tokio::test(start_paused = true)]
async fn what_was_written_is_there() {
    let (cache, source) = (without(None).await, Source::default());
    source.gate.open_for_all();
    spawn(&cache, set_item(source.clone(), 1, 5))
        .await
        .expect("no panic")
        .expect("written");
    assert_eq!(entry(&cache).await, Some(5));
    assert_eq!(source.runs(), 0, "and no call had to compute it");
    assert_eq!(cache.stats().writes, 0);
}

/// Two writes: 1 commits, 2 commits, 2 stores, 1 stores.
async fn two_writes_cross(fault: Option<Fault>) -> Option<u64> {
    let cache = without(fault).await;
    let (first, second) = (Source::default(), Source::default());
    let first_write = spawn(&cache, set_item(first.clone(), 1, 1));
    first.gate.arrived().await;
    let second_write = spawn(&cache, set_item(second.clone(), 1, 2));
    second.gate.arrived().await;
    second.gate.open();
    second_write.await.expect("no panic").expect("written");
    first.gate.open();
    first_write.await.expect("no panic").expect("written");
    assert_eq!(cache.stats().writes, 0);
    entry(&cache).await
}

#[tokio::test(start_paused = true)]
async fn overlapping_writes_leave_the_entry_empty() {
    assert_eq!(two_writes_cross(None).await, None);
    let unguarded = two_writes_cross(Some(Fault::IgnoreWriteToken)).await;
    assert_eq!(
        unguarded,
        Some(1),
        "without the token the older value stays"
    );
}

/// A write is under way; the key is invalidated; the write returns.
async fn invalidated_while_a_write_runs(tag: bool, fault: Option<Fault>) -> Option<u64> {
    let (cache, source) = (without(fault).await, Source::default());
    let write = spawn(&cache, set_item(source.clone(), 1, 1));
    source.gate.arrived().await;
    if tag {
        cache.invalidate_tags(["items"]).await;
    } else {
        cache.invalidate("item:1").await;
    }
    source.gate.open();
    write.await.expect("no panic").expect("written");
    entry(&cache).await
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_fences_a_write_that_is_under_way() {
    assert_eq!(invalidated_while_a_write_runs(false, None).await, None);
    assert_eq!(invalidated_while_a_write_runs(true, None).await, None);
    let unguarded = invalidated_while_a_write_runs(false, Some(Fault::IgnoreWriteToken)).await;
    assert_eq!(unguarded, Some(1));
    let unguarded = invalidated_while_a_write_runs(true, Some(Fault::IgnoreEpochs)).await;
    assert_eq!(unguarded, Some(1));
}

/// A computation reads the old value; a write goes through; the computation ends.
async fn computed_around_a_write(fault: Option<Fault>) -> Option<u64> {
    let (cache, source) = (without(fault).await, Source::default());
    let computation = spawn(&cache, item(source.clone(), 1));
    source.gate.arrived().await;
    let writer = Source {
        version: source.version.clone(),
        ..Source::default()
    };
    writer.gate.open_for_all();
    spawn(&cache, set_item(writer, 1, 2))
        .await
        .expect("no panic")
        .expect("written");
    source.gate.open();
    assert_eq!(
        computation.await.expect("no panic"),
        0,
        "its caller began before"
    );
    entry(&cache).await
}

#[tokio::test(start_paused = true)]
async fn a_computation_that_began_before_a_write_does_not_store_over_it() {
    assert_eq!(computed_around_a_write(None).await, Some(2));
    assert_eq!(
        computed_around_a_write(Some(Fault::LeaveFlight)).await,
        Some(0)
    );
}

thread_local! {
    static STAGE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

fn invalidate_before_insert(point: Point) {
    if point == Point::BeforeInsert
        && let Some(cache) = STAGE.take()
    {
        let invalidated = poll_once(pin!(cache.invalidate("item:1")));
        assert!(invalidated.is_ready());
    }
}

/// The key is invalidated after the write's last check and before the insertion.
async fn invalidated_between_check_and_insertion(fault: Option<Fault>) -> Option<u64> {
    let cache = stepped(fault, invalidate_before_insert).await;
    let source = Source::default();
    source.gate.open_for_all();
    STAGE.set(Some(cache.clone()));
    scope(cache.clone(), set_item(source, 1, 1))
        .await
        .expect("written");
    assert!(STAGE.take().is_none(), "the step in between was taken");
    entry(&cache).await
}

#[tokio::test]
async fn a_write_evicted_on_its_way_in_is_not_served() {
    assert_eq!(invalidated_between_check_and_insertion(None).await, None);
    assert_eq!(
        invalidated_between_check_and_insertion(Some(Fault::IgnoreDead)).await,
        Some(1)
    );
}

#[tokio::test]
async fn a_failed_write_changes_nothing() {
    #[write_through(item(_, id))]
    async fn failing(id: u64) -> Result<u64, ()> {
        if id == 1 { Err(()) } else { Ok(id) }
    }
    let (cache, source) = (without(None).await, Source::default());
    source.gate.open_for_all();
    source.write(7);
    scope(cache.clone(), item(source, 1)).await;
    assert_eq!(scope(cache.clone(), failing(1)).await, Err(()));
    assert_eq!(entry(&cache).await, Some(7));
    assert_eq!(cache.stats().writes, 0);
}

#[tokio::test]
async fn a_write_that_returns_nothing_invalidates() {
    #[cached(key = "maybe:{id}")]
    async fn maybe(id: u64) -> Result<Option<u64>, String> {
        Ok(Some(id))
    }
    #[write_through(maybe(id))]
    async fn remove(id: u64) -> Result<Option<u64>, String> {
        Ok(None.filter(|kept| *kept == id))
    }
    let cache = without(None).await;
    scope(cache, async {
        maybe(1).await.expect("right");
        assert_eq!(maybe::entry(1).get().await, Some(1));
        remove(1).await.expect("right");
        assert_eq!(maybe::entry(1).get().await, None);
    })
    .await;
}

/// `value = EXPR` over arguments and the result, into a function of another return type.
#[tokio::test]
async fn a_value_made_of_the_result() {
    #[cached(key = "total:{id}")]
    async fn total(id: u64) -> Option<u64> {
        Some(id)
    }
    #[write_through(total(id), value = *ret + added)]
    async fn add(id: u64, added: u64) -> Result<u64, String> {
        Ok(id * 100)
    }
    scope(without(None).await, async {
        add(2, 5).await.expect("right");
        assert_eq!(total(2).await, Some(205));
    })
    .await;
}

/// The wrong order of two plain puts cannot be seen, so overlap alone decides.
#[tokio::test]
async fn a_put_during_a_write_leaves_the_entry_empty() {
    let (cache, source) = (without(None).await, Source::default());
    let mut write = Box::pin(scope(cache.clone(), set_item(source.clone(), 1, 1)));
    assert!(poll_once(write.as_mut()).is_pending());
    scope(cache.clone(), async { item::entry(1).put(9).await }).await;
    assert_eq!(entry(&cache).await, None);
    source.gate.open();
    assert!(matches!(poll_once(write.as_mut()), Poll::Ready(Ok(1))));
    assert_eq!(entry(&cache).await, None);
    cache.put("free", 1, &Policy::new()).await;
    assert_eq!(cache.get::<i32>("free").await, Some(1));
}
