//! Writes with an order: among overlapping writes the newest stays, whichever ends last. An order
//! counts between writes alone, not against an invalidation or a loss.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use cachekit::testing::{Fault, Point, scope};
use cachekit::{Cache, cached, deferred, write_through};
use cachekit_tests::poll_once;

use crate::{Source, spawn, stepped, without};

#[cached(key = "row:{id}", tags = ["rows"], skip(source))]
async fn row(source: Source, id: u64) -> u64 {
    source.read().await
}

/// Writes at once, and returns when the gate lets it.
#[write_through(row(_, id), order_by = ret)]
async fn set_row(source: Source, id: u64, version: u64) -> Result<u64, &'static str> {
    source.write(version);
    source.gate.pass().await;
    match version {
        0 => Err("as asked"),
        13 => panic!("as asked"),
        _ => Ok(version),
    }
}

#[write_through(row(_, id))]
async fn set_row_unordered(source: Source, id: u64, version: u64) -> u64 {
    source.gate.pass().await;
    version
}

async fn entry(cache: &Cache) -> Option<u64> {
    scope(cache.clone(), async { row::entry(1).get().await }).await
}

/// A write that has begun.
struct Begun<'a> {
    write: Pin<Box<dyn Future<Output = Result<u64, &'static str>> + 'a>>,
    source: Source,
}

impl Begun<'_> {
    fn new(cache: &Cache, version: u64) -> Self {
        let source = Source::default();
        let write = scope(cache.clone(), set_row(source.clone(), 1, version));
        let mut write: Pin<Box<dyn Future<Output = _>>> = Box::pin(write);
        assert!(poll_once(write.as_mut()).is_pending());
        Self { write, source }
    }

    fn end(mut self) -> Result<u64, &'static str> {
        self.source.gate.open();
        match poll_once(self.write.as_mut()) {
            Poll::Ready(ended) => ended,
            Poll::Pending => panic!("in memory nothing waits"),
        }
    }
}

/// Writes of these versions that all overlap, and end in this order. What stays.
async fn ended(versions: &[u64], fault: Option<Fault>) -> (Option<u64>, u64) {
    let cache = without(fault).await;
    let begun: Vec<_> = versions
        .iter()
        .map(|version| Begun::new(&cache, *version))
        .collect();
    for (write, version) in begun.into_iter().zip(versions) {
        assert_eq!(write.end(), Ok(*version));
    }
    let stats = cache.stats();
    assert_eq!((stats.writes, stats.refused_stores), (0, 0));
    (entry(&cache).await, stats.superseded)
}

#[tokio::test]
async fn the_newest_of_overlapping_writes_stays() {
    assert_eq!(ended(&[1, 2], None).await, (Some(2), 0));
    assert_eq!(ended(&[2, 1], None).await, (Some(2), 1));
    assert_eq!(ended(&[2, 1, 4, 3], None).await, (Some(4), 2));
    assert_eq!(
        ended(&[2, 1], Some(Fault::IgnoreOrder)).await,
        (Some(1), 0),
        "without the comparison the older one stays"
    );
}

#[tokio::test]
async fn an_older_write_that_begins_later_replaces_nothing() {
    let cache = without(None).await;
    for (version, stays) in [(5, 5), (4, 5), (5, 5), (6, 6)] {
        assert_eq!(Begun::new(&cache, version).end(), Ok(version));
        assert_eq!(entry(&cache).await, Some(stays));
    }
    let stats = cache.stats();
    assert_eq!((stats.stores, stats.superseded), (3, 1));
    assert_eq!(cache.stats().functions[0].superseded, 1);
    cache.invalidate("row:1").await;
    Begun::new(&cache, 4).end().expect("written");
    assert_eq!(entry(&cache).await, Some(4), "there is no newer one");
}

#[tokio::test]
async fn equal_orders_of_overlapping_writes_leave_the_entry_empty() {
    let cache = without(None).await;
    let (one, two) = (Begun::new(&cache, 7), Begun::new(&cache, 7));
    one.end().expect("written");
    two.end().expect("written");
    assert_eq!(entry(&cache).await, None);
}

/// A write begins; the entry, or its tag, is invalidated; another write goes through; the
/// first one ends.
async fn invalidated_in_between(tag: bool, fault: Option<Fault>) -> Option<u64> {
    let cache = without(fault).await;
    let before = Begun::new(&cache, 9);
    if tag {
        cache.invalidate_tags(["rows"]).await;
    } else {
        cache.invalidate("row:1").await;
    }
    Begun::new(&cache, 3).end().expect("written");
    assert_eq!(entry(&cache).await, Some(3));
    before.end().expect("written");
    entry(&cache).await
}

#[tokio::test]
async fn no_order_holds_against_an_invalidation() {
    assert_eq!(invalidated_in_between(false, None).await, None);
    assert_eq!(invalidated_in_between(true, None).await, None);
    let unguarded = invalidated_in_between(false, Some(Fault::IgnoreWriteToken)).await;
    assert_eq!(unguarded, Some(9));
    let unguarded = invalidated_in_between(true, Some(Fault::IgnoreEpochs)).await;
    assert_eq!(unguarded, Some(9));
}

#[tokio::test]
async fn what_has_no_order_cannot_be_told_from_what_has() {
    for plain_ends_first in [true, false] {
        let cache = without(None).await;
        let ordered = Begun::new(&cache, 2);
        let source = Source::default();
        let plain = scope(cache.clone(), set_row_unordered(source.clone(), 1, 1));
        let mut plain = Box::pin(plain);
        assert!(poll_once(plain.as_mut()).is_pending());
        source.gate.open();
        if plain_ends_first {
            assert_eq!(poll_once(plain.as_mut()), Poll::Ready(1));
            ordered.end().expect("written");
        } else {
            ordered.end().expect("written");
            assert_eq!(poll_once(plain.as_mut()), Poll::Ready(1));
        }
        assert_eq!(entry(&cache).await, None);
        assert_eq!(cache.stats().refused_stores, 2);
    }
}

#[tokio::test]
async fn a_put_in_between_leaves_the_entry_empty() {
    let cache = without(None).await;
    let write = Begun::new(&cache, 2);
    scope(cache.clone(), async { row::entry(1).put(1).await }).await;
    write.end().expect("written");
    assert_eq!(entry(&cache).await, None);
}

#[tokio::test]
async fn a_write_that_did_not_finish_fences_those_it_overlaps_with() {
    let cache = without(None).await;
    let (newer, dropped) = (Begun::new(&cache, 2), Begun::new(&cache, 1));
    drop(dropped);
    newer.end().expect("written");
    assert_eq!(entry(&cache).await, None);

    let (newer, panics) = (Begun::new(&cache, 14), Begun::new(&cache, 13));
    newer.end().expect("written");
    assert_eq!(entry(&cache).await, Some(14));
    assert!(catch_unwind(AssertUnwindSafe(|| panics.end())).is_err());
    assert_eq!(entry(&cache).await, None);
}

#[tokio::test]
async fn a_write_that_failed_did_not_happen() {
    let cache = without(None).await;
    let (newer, fails) = (Begun::new(&cache, 2), Begun::new(&cache, 0));
    newer.end().expect("written");
    assert_eq!(fails.end(), Err("as asked"));
    assert_eq!(entry(&cache).await, Some(2));
    assert_eq!(cache.stats().writes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_computation_that_began_before_a_write_does_not_store_over_it() {
    for fault in [None, Some(Fault::LeaveFlight)] {
        let (cache, source) = (without(fault).await, Source::default());
        let computation = spawn(&cache, row(source.clone(), 1));
        source.gate.arrived().await;
        Begun::new(&cache, 2).end().expect("written");
        source.gate.open();
        computation.await.expect("no panic");
        let expected = if fault.is_none() { 2 } else { 0 };
        assert_eq!(entry(&cache).await, Some(expected));
    }
}

#[tokio::test]
async fn nothing_is_stored_before_a_transaction_ends() {
    let cache = without(None).await;
    Begun::new(&cache, 1).end().expect("written");
    scope(cache.clone(), async {
        deferred(async {
            let source = Source::default();
            source.gate.open_for_all();
            set_row(source, 1, 2).await.expect("written");
            assert_eq!(row::entry(1).get().await, Some(1));
            Ok::<(), ()>(())
        })
        .await
        .expect("committed");
        assert_eq!(row::entry(1).get().await, None);
    })
    .await;
}

thread_local! {
    static STAGE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

fn write_before_insert(point: Point) {
    if point == Point::BeforeInsert
        && let Some(cache) = STAGE.take()
    {
        Begun::new(&cache, 2).end().expect("written");
    }
}

/// A newer write goes through after an older one's last check and before its insertion.
#[tokio::test]
async fn an_older_value_on_its_way_in_covers_no_newer_one() {
    let cache = stepped(None, write_before_insert).await;
    let older = Begun::new(&cache, 1);
    STAGE.set(Some(cache.clone()));
    older.end().expect("written");
    assert!(STAGE.take().is_none(), "the step in between was taken");
    assert_eq!(entry(&cache).await, Some(2));
}

fn invalidate_before_insert(point: Point) {
    if point == Point::BeforeInsert
        && let Some(cache) = STAGE.take()
    {
        assert!(poll_once(pin!(cache.invalidate("row:1"))).is_ready());
    }
}

#[tokio::test]
async fn a_value_evicted_on_its_way_in_is_not_served() {
    for fault in [None, Some(Fault::IgnoreDead)] {
        let cache = stepped(fault, invalidate_before_insert).await;
        let write = Begun::new(&cache, 1);
        STAGE.set(Some(cache.clone()));
        write.end().expect("written");
        assert_eq!(entry(&cache).await, fault.map(|_| 1));
    }
}
