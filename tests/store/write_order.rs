//! Writes with an order over a store whose answers a test delays: which values reach memory, and
//! which do not stay there.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble, scope};
use cachekit::{Cache, cached, write_through};
use cachekit_tests::{Gate, settle};
use tokio::task::JoinHandle;

use crate::world::{node, settings, sleep};

const ENTRY: &str = "k:numbered:1";
const SLOW: Trouble = Trouble::Slow(Duration::from_millis(50));

#[cached(key = "numbered:{id}", name = "numbered")]
async fn row(id: u64) -> u64 {
    // Older than every write.
    id - 1
}

#[write_through(row(1), order_by = ret)]
async fn set(gate: Gate, version: u64) -> u64 {
    gate.pass().await;
    version
}

/// A write that has begun.
struct Begun {
    gate: Gate,
    write: JoinHandle<u64>,
}

impl Begun {
    async fn new(cache: &Cache, version: u64) -> Self {
        let gate = Gate::new();
        let write = tokio::spawn(scope(cache.clone(), set(gate.clone(), version)));
        gate.arrived().await;
        Self { gate, write }
    }

    /// Its body ends; it goes on until it waits.
    async fn ends(self) -> JoinHandle<u64> {
        self.gate.open();
        settle().await;
        self.write
    }
}

async fn written(cache: &Cache, version: u64) {
    let write = Begun::new(cache, version).await.ends().await;
    assert_eq!(write.await.expect("it ends well"), version);
}

async fn seen(cache: &Cache) -> Option<u64> {
    scope(cache.clone(), async { row::entry(1).get().await }).await
}

/// A node, perhaps without a guard, and another, over one store.
async fn two(fault: Option<Fault>) -> (FakeStore, Cache, Cache) {
    let store = FakeStore::new();
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    let other = node(&store).await;
    (store, one, other)
}

/// The store has an older write's value, and then another node's newer one, of which the first node
/// hears; then it hears of its own.
async fn answers_that_cross(fault: Option<Fault>) -> [Option<u64>; 2] {
    let (store, one, other) = two(fault).await;
    let older = Begun::new(&one, 1).await;
    let newer = Begun::new(&other, 2).await;
    store.once(Op::Fill, SLOW);
    let older = older.ends().await;
    let newer = newer.ends().await;
    assert_eq!(newer.await.expect("it ends well"), 2);
    assert_eq!(one.stats().redis.messages, 1);
    sleep(60).await;
    assert_eq!(older.await.expect("it ends well"), 1);
    [seen(&one).await, seen(&other).await]
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_late_covers_no_newer_write() {
    assert_eq!(answers_that_cross(None).await, [Some(2); 2]);
    for fault in [Fault::LateFlight, Fault::InsertGrounded] {
        let unguarded = answers_that_cross(Some(fault)).await;
        assert_eq!(unguarded, [Some(1), Some(2)], "{fault:?}");
    }
}

/// Why a write's value does not reach memory.
#[derive(Debug, Clone, Copy)]
enum Why {
    /// Another node's newer one is there, of which this one does not hear.
    Older,
    /// The same, and it was stored while this one's answer was on its way.
    Crossed,
    /// It is not known what came of it.
    Unknown,
    /// The store has no room.
    Full,
    /// The caller went away.
    Dropped,
}

const WHYS: [Why; 5] = [
    Why::Older,
    Why::Crossed,
    Why::Unknown,
    Why::Full,
    Why::Dropped,
];

/// A node has what was there before a write of its own, whose value does not reach memory.
async fn not_inserted(why: Why, fault: Option<Fault>) -> Option<u64> {
    let (store, one, other) = two(fault).await;
    for cache in [&one, &other] {
        assert_eq!(scope(cache.clone(), row(1)).await, 0);
        settle().await;
    }
    assert_eq!(seen(&one).await, Some(0));
    // Not for so long that memory is not trusted any more.
    store.silence(true);
    let older = Begun::new(&one, 1).await;
    let answer = match why {
        Why::Unknown => Some(Trouble::AnswerLost),
        Why::Full => Some(Trouble::Rejected("OOM")),
        Why::Crossed | Why::Dropped => Some(SLOW),
        Why::Older => None,
    };
    if let Some(trouble) = answer {
        store.once(Op::Fill, trouble);
    } else {
        written(&other, 2).await;
    }
    let older = older.ends().await;
    match why {
        Why::Crossed => {
            // Takes the flight out of the table.
            scope(one.clone(), row::refresh(1)).await;
        }
        Why::Dropped => older.abort(),
        _ => {}
    }
    sleep(60).await;
    let _ = older.await;
    // Whatever the store has.
    store.away(true);
    seen(&one).await
}

#[tokio::test(start_paused = true)]
async fn what_a_write_replaces_does_not_stay_where_its_value_does_not_get_to() {
    for why in WHYS {
        assert_eq!(not_inserted(why, None).await, None, "{why:?}");
        let unguarded = not_inserted(why, Some(Fault::LeaveReplaced)).await;
        assert_eq!(unguarded, Some(0), "{why:?}");
    }
}

/// The store lost a newer value, which the node that writes an older one still has.
async fn lost_in_the_store(fault: Option<Fault>) -> [Option<u64>; 2] {
    let (store, one, other) = two(fault).await;
    written(&one, 7).await;
    store.evict(ENTRY);
    written(&one, 5).await;
    [seen(&one).await, seen(&other).await]
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_known_to_be_older_fills_nothing() {
    assert_eq!(lost_in_the_store(None).await, [Some(7), None]);
    let unguarded = lost_in_the_store(Some(Fault::IgnoreOrder)).await;
    assert_eq!(unguarded, [Some(5); 2]);
    let unguarded = lost_in_the_store(Some(Fault::FillOlder)).await;
    assert_eq!(unguarded, [Some(7), Some(5)]);
}

/// Of two writes of one node the newer one's answer is lost; then the older one ends.
async fn answer_of_the_newer_is_lost(fault: Option<Fault>) -> Option<u64> {
    let (store, one, _other) = two(fault).await;
    let older = Begun::new(&one, 1).await;
    let newer = Begun::new(&one, 2).await;
    store.once(Op::Fill, Trouble::Lost);
    store.always(Op::Invalidate, Trouble::Lost);
    newer.ends().await.await.expect("it ends well");
    older.ends().await.await.expect("it ends well");
    seen(&one).await
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_the_newer_one_all_the_same() {
    assert_eq!(answer_of_the_newer_is_lost(None).await, None);
    let unguarded = answer_of_the_newer_is_lost(Some(Fault::IgnoreOrder)).await;
    assert_eq!(unguarded, Some(1));
}

/// Of two writes of one node the newer one has not reached the store yet when the older one returns.
/// What another node has then, and in the end.
async fn newer_is_under_way(fault: Option<Fault>) -> [Option<u64>; 2] {
    let (store, one, other) = two(fault).await;
    assert_eq!(scope(one.clone(), row(1)).await, 0);
    settle().await;
    let older = Begun::new(&one, 1).await;
    let newer = Begun::new(&one, 2).await;
    store.once(Op::Fill, Trouble::Late(Duration::from_millis(50)));
    let newer = newer.ends().await;
    let older = older.ends().await;
    older.await.expect("it ends well");
    let meanwhile = seen(&other).await;
    newer.await.expect("it ends well");
    settle().await;
    [meanwhile, seen(&other).await]
}

#[tokio::test(start_paused = true)]
async fn a_write_returns_when_the_store_has_nothing_older() {
    assert_eq!(newer_is_under_way(None).await, [Some(1), Some(2)]);
    let unguarded = newer_is_under_way(Some(Fault::LeaveToNewer)).await;
    assert_eq!(unguarded, [Some(0), Some(2)]);
}
