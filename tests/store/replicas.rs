//! Replicas of entries: each is computed by itself, and every invalidation of one invalidates all.

use std::collections::BTreeSet;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, Policy, Tier};
use cachekit_tests::{Source, settle};

use crate::world::{call_with, node, policy, quick, settings, sleep};

/// The entry, and its copies.
const ENTRIES: [&str; 4] = ["k:row", "c1:row", "c2:row", "c3:row"];

/// Draws enough that every copy is met.
const MANY: usize = 64;

fn copied() -> Policy {
    policy().tier(Tier::Redis).replicas(4)
}

async fn read(cache: &Cache, source: &Source) -> u64 {
    read_by(cache, source, copied()).await
}

async fn read_by(cache: &Cache, source: &Source, policy: Policy) -> u64 {
    let value = call_with(cache, source, policy)
        .await
        .await
        .expect("no panic");
    settle().await;
    value
}

/// All that many calls get.
async fn read_all(cache: &Cache, source: &Source) -> BTreeSet<u64> {
    let mut got = BTreeSet::new();
    for _ in 0..MANY {
        got.insert(read(cache, source).await);
    }
    got
}

fn present(store: &FakeStore) -> Vec<&'static str> {
    ENTRIES.into_iter().filter(|it| store.has(it)).collect()
}

/// A store whose entry has a value in every copy, and the source of it.
async fn filled() -> (FakeStore, Cache, Source) {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let source = quick(1);
    assert_eq!(read_all(&cache, &source).await, [1].into());
    assert_eq!(present(&store), ENTRIES);
    (store, cache, source)
}

/// Another process over `store`, which has never called anything.
async fn another(store: &FakeStore, faults: &[Fault]) -> Cache {
    let settings = faults
        .iter()
        .fold(settings(store), |it, fault| it.__seed(*fault));
    settings.build().await.expect("a valid set-up")
}

/// What takes an entry out of use.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Key,
    Acknowledged,
    Tag,
    Function,
    Clear,
    /// A write by who knows nothing of copies.
    Put,
    /// By who does.
    PutOfOne,
}

const ALL: [By; 7] = [
    By::Key,
    By::Acknowledged,
    By::Tag,
    By::Function,
    By::Clear,
    By::Put,
    By::PutOfOne,
];

impl By {
    async fn take(self, cache: &Cache, value: u64) {
        match self {
            Self::Key => cache.invalidate("row").await,
            Self::Acknowledged => {
                cache.acknowledged().invalidate("row").await;
            }
            Self::Tag => cache.invalidate_tags(["rows"]).await,
            Self::Function => {
                cache.invalidate_function("(direct)").await;
            }
            Self::Clear => cache.clear().await,
            Self::Put => cache.put("row", value, &policy()).await,
            Self::PutOfOne => cache.put("row", value, &copied()).await,
        }
    }

    /// Whether it names the entry alone.
    fn is_of_entry(self) -> bool {
        !matches!(self, Self::Tag | Self::Function | Self::Clear)
    }
}

#[tokio::test(start_paused = true)]
async fn every_replica_is_computed_once_and_read_by_all() {
    let (store, cache, source) = filled().await;
    assert_eq!(source.runs(), 4);
    let stats = cache.stats();
    assert_eq!((stats.redis_hits, stats.computations), (60, 4));
    store.take_log();
    let other = node(&store).await;
    assert_eq!(read_all(&other, &source).await, [1].into());
    assert_eq!((other.stats().redis_hits, source.runs()), (64, 4));
    let log = store.take_log();
    assert!(log.iter().all(|step| step.op == Op::Read));
    for entry in ENTRIES {
        let share = log.iter().filter(|step| step.names == [entry]).count();
        assert!((4..=32).contains(&share), "{entry}: {share}");
    }
}

#[tokio::test(start_paused = true)]
async fn callers_of_one_process_share_a_computation_whichever_they_drew() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let source = Source::default();
    let mut calls = vec![];
    for _ in 0..MANY {
        calls.push(call_with(&cache, &source, copied()).await);
    }
    assert_eq!(source.runs(), 1);
    source.gate.open_for_all();
    for call in calls {
        assert_eq!(call.await.unwrap(), 0);
    }
}

/// What calls get after another process took out of use what all copies have.
async fn after(by: By, faults: &[Fault]) -> BTreeSet<u64> {
    let (store, cache, source) = filled().await;
    let other = another(&store, faults).await;
    source.write(2);
    by.take(&other, 2).await;
    settle().await;
    let mut got = read_all(&cache, &source).await;
    got.extend(read_all(&node(&store).await, &source).await);
    got
}

#[tokio::test(start_paused = true)]
async fn no_replica_is_served_that_was_invalidated() {
    for by in ALL {
        assert_eq!(after(by, &[]).await, [2].into(), "{by:?}");
        let spared = after(by, &[Fault::SpareCopies]).await;
        assert_eq!(spared.contains(&1), by.is_of_entry(), "{by:?}");
    }
}

/// Something is taken out of use by another process while one computes a copy that it drew. Which
/// one it was, whether it was stored, and what others read then.
async fn overtaken(by: By, seed: u64, faults: &[Fault]) -> (&'static str, bool, BTreeSet<u64>) {
    let store = FakeStore::new();
    let deaf = settings(&store).__seed_random(seed).__seed(Fault::Deaf);
    let computing = deaf.build().await.expect("a valid set-up");
    let other = another(&store, faults).await;
    let source = Source::default();
    source.write(1);
    let running = call_with(&computing, &source, copied()).await;
    source.gate.arrived().await;
    let [drawn] = present(&store)[..] else {
        panic!("one is being computed");
    };
    source.write(2);
    by.take(&other, 2).await;
    source.gate.open_for_all();
    assert_eq!(running.await.expect("no panic"), 1, "it began before");
    settle().await;
    let redis = computing.stats().redis;
    assert_eq!(redis.stores + redis.refused_stores, 1);
    let got = read_all(&node(&store).await, &source).await;
    (drawn, redis.stores == 1, got)
}

#[tokio::test(start_paused = true)]
async fn what_is_computed_into_a_replica_is_rejected_if_it_began_before() {
    for by in ALL {
        let (mut drawn, mut spared) = (BTreeSet::new(), BTreeSet::new());
        for seed in 0..16 {
            let (entry, is_stored, got) = overtaken(by, seed, &[]).await;
            assert!(!is_stored && got == [2].into(), "{by:?} {entry} {got:?}");
            drawn.insert(entry);
            let (entry, is_stored, got) = overtaken(by, seed, &[Fault::SpareCopies]).await;
            assert_eq!(is_stored, got.contains(&1), "{by:?} {entry}");
            if is_stored {
                spared.insert(entry);
            }
        }
        assert_eq!(drawn, ENTRIES.into(), "{by:?}");
        // The entry itself has a token that goes with it.
        let expected = ENTRIES[1..].iter().copied();
        let expected = expected.filter(|_| by.is_of_entry());
        assert_eq!(spared, expected.collect(), "{by:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_stores_nothing_and_asks_nothing_before() {
    let (store, cache, _source) = filled().await;
    store.take_log();
    cache.put("row", 7_u64, &copied()).await;
    let log = store.take_log();
    let asked: Vec<Op> = log.iter().map(|step| step.op).collect();
    assert_eq!(asked, [Op::Invalidate]);
    assert!(!store.has("k:row") && !store.has("v:row"));
    assert_eq!(cache.get::<u64>("row").await, None);
}

#[tokio::test(start_paused = true)]
async fn until_the_store_accepts_no_replica_is_used() {
    for trouble in [Trouble::Unavailable, Trouble::Lost, Trouble::AnswerLost] {
        let (store, cache, source) = filled().await;
        source.write(2);
        store.always(Op::Invalidate, trouble);
        cache.invalidate("row").await;
        store.take_log();
        assert_eq!(read_all(&cache, &source).await, [2].into(), "{trouble:?}");
        let log = store.take_log();
        assert!(log.iter().all(|step| step.op == Op::Invalidate), "{log:?}");
        store.heal();
        sleep(1_100).await;
        assert_eq!(cache.stats().redis.queued_invalidations, 0);
        assert_eq!(read_all(&node(&store).await, &source).await, [2].into());
        store.take_log();
        assert_eq!(read_all(&cache, &source).await, [2].into());
        assert!(store.count(Op::Read) > 0, "it is used again");
    }
}

/// A value that was computed without the store: who got it gets nothing older.
#[tokio::test(start_paused = true)]
async fn what_was_computed_without_the_store_gives_way_to_no_older_replica() {
    let (store, cache, source) = filled().await;
    source.write(2);
    store.away(true);
    assert_eq!(read(&cache, &source).await, 2);
    store.away(false);
    sleep(1_100).await;
    assert_eq!(read_all(&cache, &source).await, [2].into());
}

#[tokio::test(start_paused = true)]
async fn a_soft_invalidation_leaves_every_replica_to_be_served_stale() {
    for by in [By::Key, By::Tag] {
        let store = FakeStore::new();
        let cache = node(&store).await;
        let source = quick(1);
        let policy = || {
            let second = std::time::Duration::from_secs(1);
            copied().ttl(100 * second).stale(60 * second)
        };
        let read = async |cache: &Cache| {
            let source = source.clone();
            let compute = || async move { source.read().await };
            let value = cache.get_or_refresh("row", &policy(), compute).await;
            settle().await;
            value
        };
        for _ in 0..MANY {
            assert_eq!(read(&cache).await, 1);
        }
        source.write(2);
        let soft = another(&store, &[]).await.soft();
        match by {
            By::Key => soft.invalidate("row").await,
            _ => soft.invalidate_tags(["rows"]).await,
        }
        // One that has never read it finds each copy old once, and computes that one.
        let cold = node(&store).await;
        let mut got = vec![];
        for _ in 0..MANY {
            got.push(read(&cold).await);
        }
        assert_eq!(got.iter().filter(|value| **value == 1).count(), 4, "{by:?}");
        assert_eq!(source.runs(), 8, "{by:?}");
        assert_eq!(cold.stats().stale_hits, 4, "{by:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_by_the_key_sees_the_entry_itself_while_it_is_good() {
    let (store, cache, _source) = filled().await;
    assert_eq!(cache.get::<u64>("row").await, Some(1));
    store.evict("v:row");
    assert_eq!(node(&store).await.get::<u64>("row").await, None);
}

/// One who was built before the function had copies, and one after.
#[tokio::test(start_paused = true)]
async fn nodes_with_and_without_replicas_use_nothing_invalid_of_each_other() {
    let (store, cache, source) = filled().await;
    let plain = || policy().tier(Tier::Redis);
    let other = node(&store).await;
    // The copies' version stands where it expects its tag.
    source.write(2);
    assert_eq!(read_by(&other, &source, plain()).await, 2);
    other.put("row", 3_u64, &plain()).await;
    source.write(4);
    assert_eq!(read_all(&cache, &source).await, [4].into());
    other.invalidate("row").await;
    source.write(5);
    assert_eq!(read_by(&other, &source, plain()).await, 5);
    assert_eq!(read_all(&cache, &source).await, [5].into());
}
