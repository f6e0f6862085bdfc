//! Soft invalidations of values that several nodes share.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, CacheBuilder, Policy, Tier};
use cachekit_tests::{Source, settle};
use tokio::time::Instant;

use crate::world::{ENTRY, node, policy, quick, settings, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn stale() -> Policy {
    policy().ttl(100 * SECOND).stale(60 * SECOND)
}

fn on_error() -> Policy {
    policy().ttl(100 * SECOND).stale_if_error(60 * SECOND)
}

/// One call, which may go on without its caller; the largest number is an error.
async fn read(cache: &Cache, source: &Source, policy: &Policy) -> Result<u64, String> {
    let source = source.clone();
    let compute = || async move {
        match source.read().await {
            u64::MAX => Err("broken".to_owned()),
            value => Ok(value),
        }
    };
    cache.try_get_or_refresh("row", policy, compute).await
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Key,
    Tag,
    All,
    Acknowledged,
}

const ALL: [By; 4] = [By::Key, By::Tag, By::All, By::Acknowledged];

impl By {
    async fn soften(self, cache: &Cache) {
        match self {
            Self::Key => cache.soft().invalidate("row").await,
            Self::Tag => cache.soft().invalidate_tags(["rows"]).await,
            Self::All => cache.soft().clear().await,
            Self::Acknowledged => {
                cache.acknowledged().soft().invalidate_tags(["rows"]).await;
            }
        }
    }
}

/// A store with an entry, the node that stored it, and the source, with a new value.
async fn filled(policy: &Policy) -> (FakeStore, Cache, Source) {
    let store = FakeStore::new();
    let one = node(&store).await;
    let source = quick(0);
    assert_eq!(read(&one, &source, policy).await, Ok(0));
    settle().await;
    source.write(1);
    (store, one, source)
}

#[tokio::test(start_paused = true)]
async fn memory_is_old_on_every_node_and_one_computes() {
    for by in ALL {
        let (store, one, source) = filled(&stale()).await;
        let other = node(&store).await;
        assert_eq!(read(&other, &source, &stale()).await, Ok(0));
        assert_eq!(other.stats().redis_hits, 1);
        by.soften(&one).await;
        settle().await;
        store.take_log();
        assert_eq!(read(&other, &source, &stale()).await, Ok(0), "{by:?}");
        assert_eq!(other.stats().stale_hits, 1, "it has heard");
        settle().await;
        let asked: Vec<Op> = store.take_log().iter().map(|step| step.op).collect();
        assert_eq!(asked, [Op::Read, Op::Acquire, Op::Fill], "{by:?}");
        assert_eq!(read(&other, &source, &stale()).await, Ok(1));
        // The first one finds the new one in the store.
        assert_eq!(read(&one, &source, &stale()).await, Ok(0));
        settle().await;
        assert_eq!(read(&one, &source, &stale()).await, Ok(1));
        assert_eq!(source.runs(), 2, "{by:?}");
    }
}

/// What a node gets, at first and then, that has nothing in memory.
async fn cold(by: By, policy: &Policy, builder: fn(&FakeStore) -> CacheBuilder) -> [u64; 2] {
    let (store, one, source) = filled(policy).await;
    by.soften(&one).await;
    let other = builder(&store).build().await.expect("a valid set-up");
    let first = read(&other, &source, policy)
        .await
        .expect("it does not fail");
    settle().await;
    let then = read(&other, &source, policy)
        .await
        .expect("it does not fail");
    assert_eq!(other.stats().redis.refused_stores, 0);
    [first, then]
}

#[tokio::test(start_paused = true)]
async fn a_node_that_finds_it_old_serves_it_and_computes() {
    for by in ALL {
        for tier in [Tier::Both, Tier::Redis] {
            let policy = stale().tier(tier);
            assert_eq!(cold(by, &policy, settings).await, [0, 1], "{by:?} {tier:?}");
            let on_error = on_error().tier(tier);
            assert_eq!(cold(by, &on_error, settings).await, [1, 1]);
            let windowless = super::world::policy().tier(tier);
            assert_eq!(cold(by, &windowless, settings).await, [1, 1]);
        }
    }
    let broken = |store: &FakeStore| settings(store).__seed(Fault::IgnoreSoftHalf);
    assert_eq!(cold(By::Tag, &stale(), broken).await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn get_and_ttl_know_nothing_old() {
    for by in ALL {
        let (store, one, _) = filled(&stale()).await;
        by.soften(&one).await;
        for cache in [&one, &node(&store).await] {
            assert_eq!(cache.get::<u64>("row").await, None, "{by:?}");
        }
    }
}

/// For how many seconds after a soft invalidation cold nodes serve the old value.
async fn served_for(by: By) -> u64 {
    let (store, one, source) = filled(&on_error()).await;
    source.write(u64::MAX);
    sleep(10_000).await;
    by.soften(&one).await;
    for second in 0.. {
        let cache = node(&store).await;
        if read(&cache, &source, &on_error()).await.is_err() {
            return second;
        }
        sleep(1_000).await;
    }
    unreachable!("a range without an end")
}

#[tokio::test(start_paused = true)]
async fn it_is_served_no_longer_than_its_window() {
    for by in ALL {
        assert!((59..=60).contains(&served_for(by).await), "{by:?}");
    }
}

/// The second soft invalidation does not begin the window anew.
#[tokio::test(start_paused = true)]
async fn another_one_gives_it_no_more_time() {
    for by in ALL {
        let (store, one, source) = filled(&on_error()).await;
        source.write(u64::MAX);
        let start = Instant::now();
        while start.elapsed() < 65 * SECOND {
            by.soften(&one).await;
            settle().await;
            let got = read(&node(&store).await, &source, &on_error()).await;
            let second = start.elapsed().as_secs();
            if !(58..=62).contains(&second) {
                assert_eq!(got.is_ok(), second < 60, "{by:?} {second}");
            }
            sleep(1_000).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g1_a_hard_one_wins_on_every_node() {
    for by in ALL {
        for hard_first in [true, false] {
            for by_key in [true, false] {
                let (store, one, source) = filled(&stale()).await;
                let other = node(&store).await;
                assert_eq!(read(&other, &source, &stale()).await, Ok(0));
                if !hard_first {
                    by.soften(&one).await;
                }
                if by_key {
                    other.invalidate("row").await;
                } else {
                    other.invalidate_tags(["rows"]).await;
                }
                if hard_first {
                    by.soften(&one).await;
                }
                settle().await;
                for cache in [&node(&store).await, &one, &other] {
                    assert_eq!(read(cache, &source, &stale()).await, Ok(1), "{by:?}");
                }
            }
        }
    }
}

/// While the store is away it is soft here; what the store is told later is a removal.
#[tokio::test(start_paused = true)]
async fn what_the_store_did_not_accept_is_removed_there() {
    for by in ALL {
        let (store, one, source) = filled(&stale()).await;
        store.always(Op::Invalidate, Trouble::Lost);
        by.soften(&one).await;
        assert!(one.stats().redis.queued_invalidations > 0);
        assert_eq!(read(&one, &source, &stale()).await, Ok(0), "{by:?}");
        settle().await;
        assert_eq!(read(&one, &source, &stale()).await, Ok(1), "{by:?}");
        store.heal();
        sleep(2_100).await;
        assert_eq!(one.stats().redis.queued_invalidations, 0);
        let cold = read(&node(&store).await, &quick(7), &stale()).await;
        assert_eq!(cold, Ok(7), "{by:?}");
    }
}

/// Of an entry that only has a token nothing stays, nor of one that cannot be old.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_old_leaves_nothing() {
    let (store, one, _) = filled(&policy()).await;
    assert!(store.has(ENTRY));
    By::Key.soften(&one).await;
    assert!(!store.has(ENTRY));
}

/// A call that waits for another process computes itself when its lease is gone.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_lease_goes_on() {
    let (store, one, source) = filled(&on_error()).await;
    one.soft().invalidate("row").await;
    let (slow, quick) = (Source::default(), quick(5));
    let other = node(&store).await;
    let computing = {
        let (other, slow) = (other.clone(), slow.clone());
        tokio::spawn(async move { read(&other, &slow, &on_error()).await })
    };
    slow.gate.arrived().await;
    let waiting = {
        let (one, quick) = (one.clone(), quick.clone());
        tokio::spawn(async move { read(&one, &quick, &on_error()).await })
    };
    settle().await;
    assert_eq!(quick.runs(), 0, "it waits");
    node(&store).await.soft().invalidate("row").await;
    settle().await;
    assert_eq!(quick.runs(), 1, "not any more");
    assert_eq!(waiting.await.expect("no panic"), Ok(5));
    slow.gate.open_for_all();
    computing.await.expect("no panic").unwrap();
    settle().await;
    let cold = read(&node(&store).await, &source, &on_error()).await;
    assert_eq!(cold, Ok(1), "what began before is not stored");
}
