//! `bypass(..)` and `refresh(..)`: calls past the cache and calls that compute anew, as deep as they
//! go.

use std::pin::pin;

use cachekit::testing::{FakeStore, scope};
use cachekit::{Cache, SourceTier, bypass, cached, deferred, refresh, tracked, with_source};
use cachekit_tests::redis::Redis;
use cachekit_tests::{Gate, Source, poll_once, settle};
use tokio::join;

use crate::levels::{page, site, user};
use crate::world::{cache, node, over, quick, quiet};

#[tokio::test]
async fn a_bypass_reads_and_stores_nothing_at_any_depth() {
    let source = quick();
    let cache = cache().await;
    scope(cache.clone(), async {
        user(&source, 1).await;
        source.write(1);
        let (value, sum) = with_source(bypass(site(&source, 1))).await;
        assert_eq!((value, sum.tier, sum.calls), (1, SourceTier::Bypassed, 1));
        let bypassed = [site::stats(), page::stats(), user::stats()].map(|it| it.bypassed);
        assert_eq!(bypassed, [1, 1, 1]);
        assert_eq!(site::entry(1).get().await, None);
        assert_eq!(page::entry(1).get().await, None);
        assert_eq!(user::entry(1).get().await, Some(0), "the old one stays");
        assert_eq!(user(&source, 1).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_bypass_leads_and_joins_no_flight() {
    let source = Source::default();
    let cache = cache().await;
    scope(cache.clone(), async {
        let passing = async {
            source.gate.arrived().await;
            let seen = async {
                source.gate.arrived().await;
                assert_eq!(cache.stats().flights, 1, "that of the first call");
                source.gate.open_for_all();
            };
            join!(bypass(user(&source, 1)), seen);
        };
        join!(user(&source, 1), passing);
        assert_eq!((source.runs(), user::stats().coalesced), (2, 0));
        assert_eq!(
            (user::stats().bypassed, user::stats().lock_timeouts),
            (1, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn a_refresh_computes_each_level_anew_and_stores_it() {
    let source = quick();
    scope(cache().await, async {
        site(&source, 1).await;
        source.write(1);
        assert_eq!(site(&source, 1).await, 0);
        let (value, sum) = with_source(refresh(site(&source, 1))).await;
        assert_eq!((value, sum.tier, sum.calls), (1, SourceTier::Computed, 1));
        assert_eq!(source.runs(), 2);
        let all = (
            site(&source, 1).await,
            page(&source, 1).await,
            user(&source, 1).await,
        );
        assert_eq!((all, source.runs()), ((1, 1, 1), 2));
        user::entry(1).invalidate().await;
        source.write(2);
        assert_eq!(site(&source, 1).await, 2, "it depends on the user");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_computes_each_key_once() {
    let source = quick();
    scope(cache().await, async {
        page(&source, 1).await;
        source.write(1);
        let several = async {
            assert_eq!(user(&source, 1).await, 1);
            assert_eq!(page(&source, 1).await, 1);
            assert_eq!(user(&source, 1).await, 1);
        };
        refresh(several).await;
        assert_eq!(source.runs(), 2);
        assert_eq!(page::stats().computations, 2);
    })
    .await;
}

#[tokio::test]
async fn calls_of_a_refresh_at_one_time_share_a_computation() {
    let source = quick();
    scope(cache().await, async {
        page(&source, 1).await;
        source.write(1);
        let source = Source {
            gate: Gate::new(),
            ..source.clone()
        };
        let second = async {
            source.gate.arrived().await;
            // An invalidation of something else is no reason to compute twice.
            page::invalidate_all().await;
            user(&source, 1).await
        };
        let both = async { join!(user(&source, 1), second) };
        let other = async {
            settle().await;
            source.gate.open_for_all();
        };
        let (both, ()) = join!(refresh(both), other);
        assert_eq!((both, source.runs()), ((1, 1), 2));
    })
    .await;
}

#[tokio::test]
async fn a_refresh_does_not_join_a_computation_of_others() {
    let source = Source::default();
    scope(cache().await, async {
        let anew = async {
            source.gate.arrived().await;
            source.write(1);
            let open = async {
                source.gate.arrived().await;
                source.gate.open_for_all();
            };
            join!(refresh(user(&source, 1)), open).0
        };
        let (old, anew) = join!(user(&source, 1), anew);
        assert_eq!((old, anew, source.runs()), (0, 1, 2));
        assert_eq!(user::stats().lock_timeouts, 0);
        assert_eq!(user(&source, 1).await, 1);
    })
    .await;
}

/// The plain call takes the old inner value from memory.
#[tokio::test]
async fn a_refresh_does_not_take_the_value_of_a_plain_call_that_took_over() {
    let source = quick();
    scope(cache().await, async {
        user(&source, 1).await;
        source.write(1);
        let source = Source {
            gate: Gate::new(),
            ..source.clone()
        };
        let anew = refresh(async {
            let mut leader = Box::pin(page(&source, 1));
            assert!(poll_once(leader.as_mut()).is_pending());
            settle().await;
            let mut waiter = pin!(page(&source, 1));
            assert!(poll_once(waiter.as_mut()).is_pending());
            drop(leader);
            waiter.await
        });
        let plain = async {
            source.gate.arrived().await;
            let old = page(&source, 1).await;
            source.gate.open_for_all();
            old
        };
        assert_eq!(join!(anew, plain), (1, 0));
        assert_eq!(page(&source, 1).await, 1);
    })
    .await;
}

#[cached(name = "modes_choosy", key = "modes:choosy", store_if = *ret != 1, skip(source))]
async fn choosy(source: &Source) -> u64 {
    source.read().await
}

#[tokio::test]
async fn a_refreshed_value_that_is_not_stored_is_computed_again() {
    let source = quick();
    scope(cache().await, async {
        choosy(&source).await;
        source.write(1);
        let twice = async { (choosy(&source).await, choosy(&source).await) };
        assert_eq!(refresh(twice).await, (1, 1), "never the old one");
        assert_eq!(source.runs(), 3);
    })
    .await;
}

#[cached(name = "modes_sync", key = "modes:sync", tier = memory, skip(source))]
fn sync(source: &Source) -> u64 {
    source.version.load(std::sync::atomic::Ordering::SeqCst)
}

#[tokio::test]
async fn other_ways_to_call_are_refreshed_too() {
    let source = quick();
    let cache: Cache = cache().await;
    let region = cache.region::<u64>("modes");
    let policy = cachekit::Policy::new();
    scope(cache.clone(), async {
        let all = || async {
            let read = || source.read();
            let direct = cache.get_or_compute("modes", &policy, read).await;
            [direct, region.get_or_compute(1, read).await, sync(&source)]
        };
        assert_eq!(all().await, [0; 3]);
        source.write(1);
        assert_eq!(all().await, [0; 3]);
        let twice = async { (all().await, all().await) };
        assert_eq!(refresh(twice).await, ([1; 3], [1; 3]));
        assert_eq!((all().await, source.runs()), ([1; 3], 4));
    })
    .await;
}

#[tokio::test]
async fn the_innermost_mode_counts() {
    let source = quick();
    scope(cache().await, async {
        refresh(bypass(user(&source, 1))).await;
        assert_eq!(user::entry(1).get().await, None);
        bypass(refresh(user(&source, 1))).await;
        assert_eq!(user::entry(1).get().await, Some(0));
        source.write(1);
        bypass(refresh(page(&source, 1))).await;
        assert_eq!(
            user::entry(1).get().await,
            Some(1),
            "the inner call is refreshed too"
        );
    })
    .await;
}

#[tokio::test]
async fn a_refresh_in_a_transaction_stores_nothing() {
    let source = quick();
    scope(cache().await, async {
        let inside = async {
            refresh(user(&source, 1)).await;
            Ok::<_, ()>(bypass(refresh(user(&source, 1))).await)
        };
        assert_eq!(deferred(inside).await, Ok(0));
        assert_eq!(user::entry(1).get().await, None);
        assert_eq!(user::stats().bypassed, 2);
    })
    .await;
}

#[tokio::test]
async fn a_tracked_task_takes_the_mode_along() {
    let source = quick();
    scope(cache().await, async {
        let ask = || {
            let source = source.clone();
            scope(cachekit::global(), async move { user(&source, 1).await })
        };
        let tasks = async {
            tokio::spawn(tracked(ask())).await.expect("no panic");
            assert_eq!(user::entry(1).get().await, None);
            tokio::spawn(ask()).await.expect("no panic");
            assert_eq!(user::entry(1).get().await, Some(0));
        };
        bypass(tasks).await;
    })
    .await;
}

/// Computes its inner value anew, and takes another one past the cache.
#[cached(name = "modes_outer", key = "modes:outer", skip(source))]
async fn outer(source: &Source) -> (u64, u64) {
    (
        refresh(user(source, 1)).await,
        bypass(user(source, 2)).await,
    )
}

#[tokio::test]
async fn a_computation_depends_on_what_it_refreshes() {
    let source = quick();
    scope(cache().await, async {
        outer(&source).await;
        source.write(1);
        user::entry(2).invalidate().await;
        assert_eq!(
            outer(&source).await,
            (0, 0),
            "what went past the cache is no part of it"
        );
        user::entry(1).invalidate().await;
        assert_eq!(outer(&source).await, (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn other_nodes_get_a_refreshed_value() {
    let (store, source) = (FakeStore::new(), quick());
    let (first, second) = (over(&store, None).await, over(&store, None).await);
    scope(first.clone(), page(&source, 1)).await;
    quiet(&first).await;
    source.write(1);
    assert_eq!(scope(first.clone(), refresh(page(&source, 1))).await, 1);
    quiet(&first).await;
    assert_eq!(scope(second, page(&source, 1)).await, 1);
    assert_eq!(source.runs(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_processes_get_a_refreshed_value_from_redis() {
    let (redis, source) = (Redis::start(), quick());
    let (first, second) = (node(&redis).await, node(&redis).await);
    scope(first.clone(), page(&source, 1)).await;
    quiet(&first).await;
    source.write(1);
    let twice = async { (page(&source, 1).await, page(&source, 1).await) };
    assert_eq!(scope(first.clone(), refresh(twice)).await, (1, 1));
    quiet(&first).await;
    let (value, sum) = scope(second, with_source(page(&source, 1))).await;
    assert_eq!((value, sum.tier), (1, SourceTier::Redis));
    assert_eq!(source.runs(), 2);
}
