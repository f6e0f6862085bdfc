//! No call gets a value from before an invalidation that returned before the call began: not from
//! memory, and not by joining. Each interleaving is shown to fail without its guard.

use std::cell::RefCell;
use std::pin::pin;
use std::sync::atomic::Ordering;

use cachekit::testing::{Fault, Point, scope};
use cachekit::{Cache, Soft, cached};
use cachekit_tests::{poll_once, settle};

use crate::{Source, spawn, stepped, without};

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Row {
    version: u64,
    shard: u64,
}

#[cached(
    key = "row:{id}",
    tags = ["rows", "row-tag:{id}", "shard:{ret.shard}"],
    events = ["row.changed", "shard.changed:{ret.shard}"],
    skip(source)
)]
async fn row(source: Source, id: u64) -> Row {
    Row {
        version: source.read().await,
        shard: 7,
    }
}

/// Everything that an entry can be invalidated by.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Key,
    Entry,
    Function,
    FunctionName,
    Tag,
    ArgumentTag,
    ValueTag,
    Event,
    ValueEvent,
    Clear,
}

const ALL: [By; 10] = [
    By::Key,
    By::Entry,
    By::Function,
    By::FunctionName,
    By::Tag,
    By::ArgumentTag,
    By::ValueTag,
    By::Event,
    By::ValueEvent,
    By::Clear,
];

/// One of them, hard or soft: where nothing old may be served, the promise is the same.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Way {
    by: By,
    is_soft: bool,
}

fn all() -> impl Iterator<Item = Way> {
    let ways = |is_soft| ALL.map(|by| Way { by, is_soft });
    [false, true].into_iter().flat_map(ways)
}

impl Way {
    async fn apply(self, cache: &Cache) {
        scope(cache.clone(), async {
            if self.is_soft {
                self.by.soften(&cache.soft()).await;
            } else {
                self.by.apply(cache).await;
            }
        })
        .await;
    }

    fn is_key(self) -> bool {
        self.by.is_key()
    }

    fn is_of_value(self) -> bool {
        self.by.is_of_value()
    }
}

impl By {
    async fn apply(self, cache: &Cache) {
        match self {
            Self::Key => cache.invalidate("row:1").await,
            Self::Entry => row::entry(1).invalidate().await,
            Self::Function => row::invalidate_all().await,
            Self::FunctionName => {
                assert!(
                    cache
                        .invalidate_function("behaviour::no_stale_fill::row")
                        .await
                );
            }
            Self::Tag => cache.invalidate_tags(["rows"]).await,
            Self::ArgumentTag => cache.invalidate_tags(["row-tag:1"]).await,
            Self::ValueTag => cache.invalidate_tags(["shard:7"]).await,
            Self::Event => cache.emit("row.changed").await,
            Self::ValueEvent => cache.emit("shard.changed:7").await,
            Self::Clear => cache.clear().await,
        }
    }

    async fn soften(self, cache: &Soft) {
        match self {
            Self::Key => cache.invalidate("row:1").await,
            Self::Entry => row::entry(1).expire().await,
            Self::Function => row::expire_all().await,
            Self::FunctionName => {
                assert!(
                    cache
                        .invalidate_function("behaviour::no_stale_fill::row")
                        .await
                );
            }
            Self::Tag => cache.invalidate_tags(["rows"]).await,
            Self::ArgumentTag => cache.invalidate_tags(["row-tag:1"]).await,
            Self::ValueTag => cache.invalidate_tags(["shard:7"]).await,
            Self::Event => cache.emit("row.changed").await,
            Self::ValueEvent => cache.emit("shard.changed:7").await,
            Self::Clear => cache.clear().await,
        }
    }

    /// Whether it works on the key itself, not on an epoch.
    fn is_key(self) -> bool {
        matches!(self, Self::Key | Self::Entry)
    }

    /// Whether it is known only once the value is there.
    fn is_of_value(self) -> bool {
        matches!(self, Self::ValueTag | Self::ValueEvent)
    }
}

/// What went wrong in one run of an interleaving.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// The call that began after the invalidation joined the computation before it.
    joined: bool,
    /// It got the old value.
    stale: bool,
}

const SAFE: Seen = Seen {
    joined: false,
    stale: false,
};

/// A computation runs; invalidation; a second call begins; only then both may finish.
async fn invalidated_while_a_computation_runs(by: Way, fault: Option<Fault>) -> Seen {
    let (cache, source) = (without(fault).await, Source::default());
    let first = spawn(&cache, row(source.clone(), 1));
    source.gate.arrived().await;
    source.write(2);
    by.apply(&cache).await;
    let second = spawn(&cache, row(source.clone(), 1));
    settle().await;
    let joined = source.runs() == 1;
    source.gate.open_for_all();
    first.await.expect("no panic");
    let second = second.await.expect("no panic");
    assert_eq!(cache.stats().flights, 0);
    Seen {
        joined,
        stale: second.version < 2,
    }
}

/// A computation runs; invalidation; it finishes; then a second call begins.
async fn invalidated_before_a_computation_stores(by: Way, fault: Option<Fault>) -> Seen {
    let (cache, source) = (without(fault).await, Source::default());
    let first = spawn(&cache, row(source.clone(), 1));
    source.gate.arrived().await;
    source.write(2);
    by.apply(&cache).await;
    source.gate.open_for_all();
    assert_eq!(
        first.await.expect("no panic").version,
        0,
        "its caller began before"
    );
    let second = spawn(&cache, row(source.clone(), 1))
        .await
        .expect("no panic");
    Seen {
        joined: false,
        stale: second.version < 2,
    }
}

/// An entry is in memory; invalidation; a call begins.
async fn invalidated_in_memory(by: Way, fault: Option<Fault>) -> Seen {
    let (cache, source) = (without(fault).await, Source::default());
    source.gate.open_for_all();
    spawn(&cache, row(source.clone(), 1))
        .await
        .expect("no panic");
    source.write(2);
    by.apply(&cache).await;
    let second = spawn(&cache, row(source.clone(), 1))
        .await
        .expect("no panic");
    Seen {
        joined: false,
        stale: second.version < 2,
    }
}

#[tokio::test(start_paused = true)]
async fn every_invalidation_wins_over_every_computation() {
    for by in all() {
        assert_eq!(invalidated_in_memory(by, None).await, SAFE, "{by:?}");
        assert_eq!(
            invalidated_before_a_computation_stores(by, None).await,
            SAFE,
            "{by:?}"
        );
        let seen = invalidated_while_a_computation_runs(by, None).await;
        assert!(!seen.stale, "{by:?}");
        // What a value's own tag will be is not known when a call joins; it then finds out
        // at the end, and computes.
        assert_eq!(seen.joined, by.is_of_value(), "{by:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_epochs_memory_is_stale() {
    for by in all().filter(|by| !by.is_key() && by.by != By::Clear) {
        let seen = invalidated_in_memory(by, Some(Fault::IgnoreEpochs)).await;
        assert!(seen.stale, "{by:?}");
    }
    // `clear` empties the memory tier too; its epoch is for what is not there yet.
    let by = Way {
        by: By::Clear,
        is_soft: false,
    };
    let seen = invalidated_before_a_computation_stores(by, Some(Fault::IgnoreEpochs)).await;
    assert!(seen.stale, "{by:?}");
}

#[tokio::test(start_paused = true)]
async fn epochs_read_after_the_computation_are_too_late() {
    for by in all().filter(|by| !by.is_key()) {
        let fault = Some(Fault::EpochsAfterCompute);
        assert!(
            invalidated_before_a_computation_stores(by, fault)
                .await
                .stale,
            "{by:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_flight_left_in_the_table_is_joined_and_stores() {
    for by in all().filter(|by| by.is_key()) {
        let fault = Some(Fault::LeaveFlight);
        let seen = invalidated_while_a_computation_runs(by, fault).await;
        assert_eq!(
            seen,
            Seen {
                joined: true,
                stale: true
            },
            "{by:?}"
        );
        assert!(
            invalidated_before_a_computation_stores(by, fault)
                .await
                .stale,
            "{by:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_check_on_entry_a_call_joins_an_outdated_flight() {
    for by in all().filter(|by| !by.is_key() && !by.is_of_value()) {
        let seen = invalidated_while_a_computation_runs(by, Some(Fault::JoinThePast)).await;
        assert!(seen.joined, "{by:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_check_at_the_end_a_values_own_tag_is_missed() {
    for by in all().filter(|by| by.is_of_value()) {
        let seen = invalidated_while_a_computation_runs(by, Some(Fault::AcceptThePast)).await;
        assert!(seen.stale, "{by:?}");
    }
}

thread_local! {
    /// For steps between two steps of the cache: which cache, and the source.
    static STAGE: RefCell<Option<(Cache, Source)>> = const { RefCell::new(None) };
}

fn on_stage(point: Point, wanted: Point, act: impl FnOnce(&Cache, &Source)) {
    if point == wanted
        && let Some((cache, source)) = STAGE.take()
    {
        act(&cache, &source);
    }
}

/// Runs what is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match poll_once(pin!(future)) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

fn invalidate_before_insert(point: Point) {
    on_stage(point, Point::BeforeInsert, |cache, source| {
        source.write(2);
        now(cache.invalidate("row:1"));
    });
}

fn expire_before_insert(point: Point) {
    on_stage(point, Point::BeforeInsert, |cache, source| {
        source.write(2);
        now(cache.soft().invalidate("row:1"));
    });
}

/// The key is invalidated after the flight's last check and before the insertion.
async fn invalidated_between_check_and_insertion(step: fn(Point), fault: Option<Fault>) -> Seen {
    let cache = stepped(fault, step).await;
    let source = Source::default();
    source.gate.open_for_all();
    STAGE.set(Some((cache.clone(), source.clone())));
    scope(cache.clone(), row(source.clone(), 1)).await;
    assert_eq!(
        source.version.load(Ordering::SeqCst),
        2,
        "the step in between was taken"
    );
    let second = scope(cache.clone(), row(source.clone(), 1)).await;
    Seen {
        joined: false,
        stale: second.version < 2,
    }
}

#[tokio::test]
async fn an_entry_evicted_on_its_way_in_is_not_served() {
    for step in [invalidate_before_insert, expire_before_insert] {
        let safe = invalidated_between_check_and_insertion(step, None).await;
        assert_eq!(safe, SAFE);
        let fault = Some(Fault::IgnoreDead);
        assert!(
            invalidated_between_check_and_insertion(step, fault)
                .await
                .stale
        );
    }
}

fn compute_before_enter(point: Point) {
    on_stage(point, Point::BeforeEnter, |cache, source| {
        now(scope(cache.clone(), row(source.clone(), 1)));
    });
}

/// Another call computes and stores between a call's miss and its flight.
async fn computed_between_miss_and_flight(fault: Option<Fault>) -> usize {
    let cache = stepped(fault, compute_before_enter).await;
    let source = Source::default();
    source.gate.open_for_all();
    STAGE.set(Some((cache.clone(), source.clone())));
    scope(cache.clone(), row(source.clone(), 1)).await;
    source.runs()
}

#[tokio::test]
async fn a_leader_looks_again_before_it_computes() {
    assert_eq!(computed_between_miss_and_flight(None).await, 1);
    assert_eq!(
        computed_between_miss_and_flight(Some(Fault::NoSecondLook)).await,
        2
    );
}

/// Who waited before the invalidation may have the old value; who came after may not.
#[tokio::test(start_paused = true)]
async fn the_line_is_drawn_where_the_invalidation_returned() {
    let (cache, source) = (without(None).await, Source::default());
    let leader = spawn(&cache, row(source.clone(), 1));
    source.gate.arrived().await;
    let before: Vec<_> = (0..100)
        .map(|_| spawn(&cache, row(source.clone(), 1)))
        .collect();
    settle().await;
    source.write(2);
    By::Key.apply(&cache).await;
    let after: Vec<_> = (0..100)
        .map(|_| spawn(&cache, row(source.clone(), 1)))
        .collect();
    settle().await;
    assert_eq!(source.runs(), 2);
    source.gate.open_for_all();
    assert_eq!(leader.await.expect("no panic").version, 0);
    for call in before {
        assert_eq!(call.await.expect("no panic").version, 0);
    }
    for call in after {
        assert_eq!(call.await.expect("no panic").version, 2);
    }
    assert_eq!(source.runs(), 2);
}

/// Waiters of a computation whose leader left after an invalidation compute anew, and what
/// they compute is stored.
#[tokio::test(start_paused = true)]
async fn waiters_of_a_detached_flight_join_one_again() {
    let (cache, source) = (without(None).await, Source::default());
    let leader = spawn(&cache, row(source.clone(), 1));
    source.gate.arrived().await;
    let waiters: Vec<_> = (0..100)
        .map(|_| spawn(&cache, row(source.clone(), 1)))
        .collect();
    settle().await;
    source.write(2);
    By::Key.apply(&cache).await;
    leader.abort();
    settle().await;
    assert_eq!(source.runs(), 2, "one of them leads");
    source.gate.open_for_all();
    for waiter in waiters {
        assert_eq!(waiter.await.expect("no panic").version, 2);
    }
    assert_eq!(cache.stats().stores, 1);
    assert_eq!(cache.stats().flights, 0);
}
