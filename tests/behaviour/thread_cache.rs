//! The thread's table (L0) serves an entry no longer than the memory tier would, and keeps no value
//! alive. Each rule is shown to fail without its guard.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, Point, scope};
use cachekit::{Cache, Capacity, Policy, cached};

use crate::{cache, stepped, without};

thread_local! {
    /// What the source of `number` says now.
    static VERSION: Cell<u64> = const { Cell::new(0) };
    static STAGE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

#[cached(key = "number:{id}", ttl = 60, tags = ["numbers", "number-tag:{id}"])]
async fn number(id: u64) -> Arc<u64> {
    Arc::new(id * 100 + VERSION.get())
}

/// `number(1)`, at hand on this thread. While the caller holds it, it is alive, whatever the
/// memory tier did with it: only the guards keep it from being served.
async fn on_this_thread(cache: &Cache) -> Arc<u64> {
    VERSION.set(0);
    for _ in 0..3 {
        assert_eq!(*scope(cache.clone(), number(1)).await, 100);
    }
    VERSION.set(1);
    let held = scope(cache.clone(), number(1)).await;
    assert_eq!(*held, 100, "a hit");
    held
}

/// Sees `run` give what is old without the guard that `fault` removes. Whatever another test of this
/// process invalidates has the entry checked by itself, and then nothing is seen: so, once more.
async fn shows<F: Future<Output = u64>>(fault: Fault, old: u64, run: impl Fn(Option<Fault>) -> F) {
    for _ in 0..100 {
        if run(Some(fault)).await == old {
            return;
        }
    }
    panic!("{fault:?} is not seen");
}

async fn removed(fault: Option<Fault>) -> u64 {
    let cache = without(fault).await;
    let _held = on_this_thread(&cache).await;
    cache.invalidate("number:1").await;
    *scope(cache, number(1)).await
}

#[tokio::test]
async fn a_removed_entry_is_not_served() {
    assert_eq!(removed(None).await, 101);
    shows(Fault::KeepAtHand, 100, removed).await;
}

async fn replaced(fault: Option<Fault>) -> u64 {
    let cache = without(fault).await;
    let _held = on_this_thread(&cache).await;
    scope(cache.clone(), async {
        number::entry(1).put(Arc::new(7)).await;
    })
    .await;
    *scope(cache, number(1)).await
}

#[tokio::test]
async fn a_replaced_entry_is_not_served() {
    assert_eq!(replaced(None).await, 7);
    shows(Fault::KeepAtHand, 100, replaced).await;
}

#[tokio::test]
async fn an_entry_whose_tag_moved_is_not_served() {
    for (fault, expected) in [(None, 101), (Some(Fault::TrustAtHand), 100)] {
        let cache = without(fault).await;
        let _held = on_this_thread(&cache).await;
        cache.invalidate_tags(["number-tag:2"]).await;
        let other = scope(cache.clone(), number(1)).await;
        assert_eq!(
            *other, 100,
            "of another entry: checked once more, and a hit"
        );
        cache.invalidate_tags(["numbers"]).await;
        assert_eq!(*scope(cache, number(1)).await, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn everything_is_gone_after_clear() {
    let cache = cache().await;
    let _held = on_this_thread(&cache).await;
    cache.clear().await;
    assert_eq!(*scope(cache, number(1)).await, 101);
}

/// Invalidates the key once, with or without the entry's tags' help.
fn invalidate_before_keep(point: Point) {
    if point == Point::BeforeKeep
        && let Some(cache) = STAGE.take()
    {
        let invalidated = std::pin::pin!(cache.invalidate("number:1"));
        assert!(cachekit_tests::poll_once(invalidated).is_ready());
    }
}

fn invalidate_tag_before_keep(point: Point) {
    if point == Point::BeforeKeep
        && let Some(cache) = STAGE.take()
    {
        let invalidated = std::pin::pin!(cache.invalidate_tags(["numbers"]));
        assert!(cachekit_tests::poll_once(invalidated).is_ready());
    }
}

/// A hit during whose look-up `step` invalidates, and another.
async fn overtaken(fault: Option<Fault>, step: fn(Point)) -> u64 {
    let cache = stepped(fault, step).await;
    VERSION.set(0);
    let held = scope(cache.clone(), number(1)).await;
    assert_eq!(*held, 100, "computed");
    STAGE.set(Some(cache.clone()));
    let during = scope(cache.clone(), number(1)).await;
    assert_eq!(*during, 100, "began before the invalidation");
    VERSION.set(1);
    *scope(cache, number(1)).await
}

/// The entry is invalidated between a hit's look-up and the moment at which its thread has it
/// at hand.
#[tokio::test]
async fn an_invalidation_during_the_look_up_counts() {
    for step in [invalidate_before_keep, invalidate_tag_before_keep] {
        assert_eq!(overtaken(None, step).await, 101);
        shows(Fault::StampLate, 100, |fault| overtaken(fault, step)).await;
    }
}

#[tokio::test]
async fn an_entry_expires_on_the_thread_too() {
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder().clock(clock.clone());
    let cache = builder.build().await;
    let cache = cache.expect("the defaults are right");
    let _held = on_this_thread(&cache).await;
    clock.advance(Duration::from_secs(59));
    assert_eq!(*scope(cache.clone(), number(1)).await, 100);
    clock.advance(Duration::from_secs(1));
    assert_eq!(*scope(cache, number(1)).await, 101);
}

#[tokio::test]
async fn caches_do_not_share_it() {
    let (first, second) = (cache().await, cache().await);
    let _held = on_this_thread(&first).await;
    assert_eq!(*scope(second.clone(), number(1)).await, 101);
    assert_eq!(*scope(first, number(1)).await, 100);
    assert_eq!(*scope(second, number(1)).await, 101);
}

#[cached(key = "shared:{id}", ttl = 60, tier = memory)]
async fn shared(id: u64) -> Arc<u64> {
    Arc::new(id)
}

#[cached(key = "owned:{id}", ttl = 60, tier = memory)]
async fn owned(id: u64) -> Tracked {
    Tracked(Arc::new(id))
}

#[derive(Clone)]
struct Tracked(Arc<u64>);

/// Whether `value` is gone before long: moka drops what it evicted a little later, and
/// `quick_cache` evicts what was read twice only for what was read twice.
async fn is_dropped(cache: &Cache, value: &Weak<u64>) -> bool {
    for id in 0..10_000 {
        if value.upgrade().is_none() {
            return true;
        }
        for _ in 0..3 {
            scope(cache.clone(), shared(1_000 + id)).await;
        }
        cache.stats();
    }
    false
}

#[tokio::test]
async fn an_evicted_value_is_not_kept_alive() {
    let capacity = Capacity::entries(10);
    let builder = cachekit_tests::builder().memory_capacity(capacity);
    let cache = builder.build().await;
    let cache = cache.expect("the defaults are right");
    let mut arc = Weak::new();
    let mut inside = Weak::new();
    for _ in 0..3 {
        arc = Arc::downgrade(&scope(cache.clone(), shared(1)).await);
        inside = Arc::downgrade(&scope(cache.clone(), owned(1)).await.0);
    }
    assert!(arc.upgrade().is_some() && inside.upgrade().is_some());
    assert!(is_dropped(&cache, &arc).await, "an `Arc` of its function's");
    assert!(is_dropped(&cache, &inside).await, "a value");
}

#[cached(key = "text:{text}:{number}", ttl = 60, tier = memory)]
async fn text(text: &str, number: u64) -> String {
    RUNS.fetch_add(1, Ordering::Relaxed);
    format!("{text}/{number}")
}

static RUNS: AtomicU64 = AtomicU64::new(0);

/// More than there is room for at hand, arguments that are long or begin alike, and numbers
/// that need two words.
#[tokio::test]
async fn every_argument_has_its_own() {
    const KEYS: u64 = 30_000;
    let builder = cachekit_tests::builder().memory_capacity(Capacity::entries(10 * KEYS));
    let cache = builder.build().await.expect("the defaults are right");
    for _ in 0..3 {
        for id in 0..KEYS {
            let words = "a".repeat(usize::try_from(id % 60).unwrap_or_default());
            let number = id << (id % 40);
            let got = scope(cache.clone(), text(&words, number)).await;
            assert_eq!(got, format!("{words}/{number}"));
        }
    }
    assert!(RUNS.load(Ordering::Relaxed) <= KEYS, "all others were hits");
}

#[tokio::test]
async fn a_key_of_the_caller_s_is_cached_on_the_thread_too() {
    let cache = cache().await;
    let policy = Policy::new();
    let long = "k".repeat(300);
    for key in ["k", &long] {
        for _ in 0..3 {
            assert_eq!(cache.get_or_compute(key, &policy, async || 1).await, 1);
        }
        cache.put(key, 2, &policy).await;
        assert_eq!(cache.get_or_compute(key, &policy, async || 3).await, 2);
        // Another type under the same key is no hit, and takes the value's place.
        let other = cache.get_or_compute(key, &policy, async || "text".to_owned());
        assert_eq!(other.await, "text");
    }
}
