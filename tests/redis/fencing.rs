//! A store never undoes a change that came after the beginning of its computation. Each
//! interleaving is shown to fail without its guard.

use cachekit::testing::Fault;
use cachekit::{Cache, cached, testing};
use cachekit_tests::Source;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use tokio::task::JoinHandle;

use crate::world::{node, settings, until};

#[cached(
    key = "row:{id}",
    name = "row",
    tags = ["rows", "row-tag:{id}", "shard:{ret.1}"],
    events = ["row.changed", "shard.changed:{ret.1}"],
    skip(source)
)]
async fn row(source: Source, id: u64) -> (u64, u64) {
    (source.read().await, 7)
}

/// Everything that an entry can be invalidated by.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Key,
    Function,
    Tag,
    ArgumentTag,
    ValueTag,
    Event,
    ValueEvent,
    Clear,
    /// `DEL` of the entry's key, by another program.
    Hand,
}

const ALL: [By; 9] = [
    By::Key,
    By::Function,
    By::Tag,
    By::ArgumentTag,
    By::ValueTag,
    By::Event,
    By::ValueEvent,
    By::Clear,
    By::Hand,
];

impl By {
    async fn invalidate(self, cache: &Cache, redis: &Redis) {
        match self {
            Self::Key => cache.invalidate("row:1").await,
            Self::Function => assert!(cache.invalidate_function("row").await),
            Self::Tag => cache.invalidate_tags(["rows"]).await,
            Self::ArgumentTag => cache.invalidate_tags(["row-tag:1"]).await,
            Self::ValueTag => cache.invalidate_tags(["shard:7"]).await,
            Self::Event => cache.emit("row.changed").await,
            Self::ValueEvent => cache.emit("shard.changed:7").await,
            Self::Clear => cache.clear().await,
            Self::Hand => {
                assert_eq!(redis.client().int(&["DEL", "shop:k:row:1"]), 1);
            }
        }
    }

    /// The guard without which it is undone.
    fn guard(self) -> Fault {
        match self {
            Self::Key | Self::Hand => Fault::FillWithoutToken,
            // Their versions are made when the value is stored.
            Self::ValueTag | Self::ValueEvent => Fault::FillWithoutVersions,
            _ => Fault::VersionsAfterCompute,
        }
    }
}

fn spawn(cache: &Cache, source: &Source) -> JoinHandle<(u64, u64)> {
    tokio::spawn(testing::scope(cache.clone(), row(source.clone(), 1)))
}

async fn without(redis: &Redis, faults: &[Fault]) -> Cache {
    let builder = settings(&redis.url());
    let builder = faults
        .iter()
        .fold(builder, |builder, fault| builder.seed(*fault));
    builder.build().await.expect("a valid set-up")
}

/// Waits until the store of `cache` was accepted or refused.
async fn stored(cache: &Cache, before: u64) {
    let outcomes = || {
        let stats = cache.stats();
        stats.redis.stores + stats.redis.refused_stores + stats.refused_stores
    };
    until("the store was answered", || outcomes() > before).await;
}

/// One node computes, another (or the same) invalidates in between, a third reads: the
/// version that it sees.
async fn invalidated_in_between(by: By, same: bool, faults: &[Fault], known: bool) -> u64 {
    let redis = Redis::start();
    let computing = without(&redis, faults).await;
    let other = node(&redis.url()).await;
    let source = Source::default();
    if known {
        // What the value hangs on is known from an earlier one.
        source.gate.open();
        spawn(&computing, &source).await.expect("it ends well");
        source.gate.arrived().await;
        stored(&computing, 0).await;
        computing.invalidate("row:1").await;
    }
    let before = computing.stats().redis.stores;
    let old = spawn(&computing, &source);
    source.gate.arrived().await;
    source.write(1);
    if by == By::Function && !same {
        // So that the other node knows the function.
        let other_source = Source::default();
        other_source.gate.open_for_all();
        testing::scope(other.clone(), row(other_source, 2)).await;
    }
    by.invalidate(if same { &computing } else { &other }, &redis)
        .await;
    source.gate.open_for_all();
    assert_eq!(
        old.await.expect("it ends well").0,
        0,
        "who began before may have it"
    );
    if !same || faults.contains(&Fault::LeaveFlight) {
        stored(&computing, before).await;
    }
    let third = node(&redis.url()).await;
    spawn(&third, &source).await.expect("it ends well").0
}

#[tokio::test]
async fn an_invalidation_by_another_node_is_not_undone() {
    for by in ALL {
        for known in [false, true] {
            // A node that heard of it would not even try to store.
            for faults in [&[][..], &[Fault::Deaf]] {
                let seen = invalidated_in_between(by, false, faults, known).await;
                assert_eq!(seen, 1, "{by:?}, known: {known}, {faults:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_invalidation_by_another_node_is_undone_without_its_guard() {
    for by in ALL {
        let seen = invalidated_in_between(by, false, &[by.guard(), Fault::Deaf], true).await;
        assert_eq!(seen, 0, "{by:?}: the guard is what makes the difference");
    }
}

#[tokio::test]
async fn an_invalidation_by_the_same_node_is_not_undone() {
    for by in ALL.into_iter().filter(|by| *by != By::Hand) {
        let seen = invalidated_in_between(by, true, &[], true).await;
        assert_eq!(seen, 1, "{by:?}");
    }
}

/// On the same node two guards stand one behind the other: the computation is not stored
/// here, and would not be accepted there.
#[tokio::test]
async fn an_invalidation_by_the_same_node_has_two_guards() {
    let local = Fault::LeaveFlight;
    let there = By::Key.guard();
    for faults in [&[local][..], &[there]] {
        assert_eq!(
            invalidated_in_between(By::Key, true, faults, true).await,
            1,
            "{faults:?}"
        );
    }
    assert_eq!(
        invalidated_in_between(By::Key, true, &[local, there], true).await,
        0
    );
}

#[tokio::test]
async fn a_refused_value_is_not_kept_in_memory_either() {
    let redis = Redis::start();
    let (one, two) = (
        without(&redis, &[Fault::Deaf]).await,
        node(&redis.url()).await,
    );
    let source = Source::default();
    let old = spawn(&one, &source);
    source.gate.arrived().await;
    source.write(1);
    two.invalidate("row:1").await;
    source.gate.open_for_all();
    old.await.expect("it ends well");
    stored(&one, 0).await;
    assert_eq!(one.stats().redis.refused_stores, 1);
    assert_eq!(spawn(&one, &source).await.expect("it ends well").0, 1);
}
