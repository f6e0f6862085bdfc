//! The most used keys, in a sample of hits in the thread's table, other hits, and misses.

use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, scope};
use cachekit::{Cache, Capacity, HotKey, Policy, cached};
use cachekit_tests::on_new_thread;

use crate::{cache, without};

#[cached(key = "page:{id}", name = "hot_page", ttl = 3_600, cache = cache, skip(cache))]
async fn page(cache: &Cache, id: u64) -> u64 {
    id
}

#[cached(key = "a:{id}", name = "hot_a", cache = cache, skip(cache))]
async fn a(cache: &Cache, id: u64) -> u64 {
    id
}

#[cached(key = "b:{id}", name = "hot_b", cache = cache, skip(cache))]
async fn b(cache: &Cache, id: u64) -> u64 {
    id
}

fn uses(hot: &[HotKey], key: &str) -> u64 {
    hot.iter().find(|it| it.key == key).map_or(0, |it| it.uses)
}

/// Whether `uses` is `expected`, but for a fifth.
fn is_about(uses: u64, expected: u64) -> bool {
    uses.abs_diff(expected) * 5 < expected
}

#[test]
fn a_key_is_named_with_its_function() {
    on_new_thread(async || {
        let cache = cache().await;
        page(&cache, 7).await;
        let hot = cache.hot_keys(10);
        assert_eq!(hot.len(), 1);
        let first = (&*hot[0].function, &*hot[0].key, hot[0].uses, hot[0].error);
        assert_eq!(first, ("hot_page", "page:7", 1, 0));
    });
}

/// A quarter of the calls each: to one key at hand, to more keys than memory has room for, by hand, and
/// to a region with a memory of its own.
#[test]
fn uses_count_whoever_answers_them() {
    on_new_thread(async || {
        let builder = cachekit_tests::builder().memory_capacity(Capacity::entries(64));
        let cache = builder.build().await.expect("right");
        let policy = Policy::new();
        let region = cache.region("own").capacity(Capacity::entries(4));
        region.set(1, 1_u64).await;
        for call in 0..30_000_u64 {
            page(&cache, 1).await;
            page(&cache, 2 + call % 300).await;
            cache
                .get_or_compute("by hand", &policy, || async { 1 })
                .await;
            assert_eq!(region.get(1).await, Some(1));
        }
        let hot = cache.hot_keys(400);
        for key in ["page:1", "by hand", "own:1"] {
            let uses = uses(&hot, key);
            assert!(is_about(uses, 30_000), "{key}: {uses}");
        }
        let missed: u64 = (2..302).map(|id| uses(&hot, &format!("page:{id}"))).sum();
        assert!(is_about(missed, 30_000), "{missed}");
        let function = |key| hot.iter().find(|it| it.key == key).map(|it| &*it.function);
        assert_eq!(function("by hand"), Some("(direct)"));
        assert_eq!(function("own:1"), Some("region own"));
    });
}

/// Two functions that are called in turn have half of the uses each. At equal distances, one of
/// them would have all.
#[test]
fn a_pattern_of_calls_does_not_deceive() {
    on_new_thread(async || {
        for (fault, is_fair) in [(None, true), (Some(Fault::EvenSamples), false)] {
            let cache = without(fault).await;
            for _ in 0..30_000 {
                a(&cache, 1).await;
                b(&cache, 1).await;
            }
            let hot = cache.hot_keys(2);
            let shares = (uses(&hot, "a:1"), uses(&hot, "b:1"));
            let half = is_about(shares.0, 30_000) && is_about(shares.1, 30_000);
            assert_eq!(half, is_fair, "{fault:?}: {shares:?}");
        }
    });
}

/// Threads that count at the same moment lose nothing to one another: what they call together is
/// what is counted.
#[test]
fn threads_count_together() {
    on_new_thread(async || {
        const THREADS: u64 = 4;
        const CALLS: u64 = 100_000;
        let cache = cache().await;
        std::thread::scope(|threads| {
            for _ in 0..THREADS {
                let calls = async || {
                    for call in 0..CALLS {
                        page(&cache, if call % 2 == 0 { 1 } else { call % 101 }).await;
                    }
                };
                threads.spawn(move || on_new_thread(calls));
            }
        });
        let hot = cache.hot_keys(1_000);
        assert_eq!(hot[0].key, "page:1");
        let all: u64 = hot.iter().map(|it| it.uses).sum();
        let counted = (hot[0].uses, all);
        assert!(is_about(counted.0, THREADS * CALLS / 2), "{counted:?}");
        assert!(is_about(counted.1, THREADS * CALLS), "{counted:?}");
    });
}

#[test]
fn a_use_fades_on_the_cache_s_clock() {
    on_new_thread(async || {
        let clock = ManualClock::new();
        let builder = cachekit_tests::builder().clock(clock.clone());
        let cache = builder.build().await.expect("right");
        for _ in 0..1_000 {
            page(&cache, 1).await;
        }
        let at_first = cache.hot_keys(1)[0].uses;
        clock.advance(Duration::from_secs(599));
        assert_eq!(cache.hot_keys(1)[0].uses, at_first);
        clock.advance(Duration::from_secs(1));
        assert_eq!(cache.hot_keys(1)[0].uses, at_first / 2);
        clock.advance(Duration::from_secs(24 * 3_600));
        assert_eq!(cache.hot_keys(1), []);
        page(&cache, 2).await;
        for _ in 0..1_000 {
            page(&cache, 2).await;
        }
        assert_eq!(cache.hot_keys(10).len(), 1);
        assert_eq!(cache.hot_keys(10)[0].key, "page:2");
    });
}

#[test]
fn no_key_is_counted_where_that_is_turned_off() {
    on_new_thread(async || {
        let builder = cachekit_tests::builder().hot_keys(0);
        let cache = builder.build().await.expect("right");
        for _ in 0..1_000 {
            page(&cache, 1).await;
        }
        assert_eq!(cache.hot_keys(10), []);
        assert_eq!(cache.stats().memory_hits, 999);
    });
}

#[test]
fn no_more_keys_are_counted_than_was_said() {
    on_new_thread(async || {
        let builder = cachekit_tests::builder().hot_keys(8);
        let cache = builder.build().await.expect("right");
        for call in 0..2_000 {
            page(&cache, call).await;
        }
        assert_eq!(cache.hot_keys(100).len(), 8);
        assert_eq!(cache.hot_keys(3).len(), 3);

        let too_many = cachekit_tests::builder().hot_keys(usize::MAX).build().await;
        let error = too_many.expect_err("more than are the hottest");
        assert!(error.to_string().contains("hot_keys"), "{error}");
    });
}

/// A use counts for the cache in which it was.
#[test]
fn caches_count_apart() {
    on_new_thread(async || {
        #[cached(key = "scoped:{id}", name = "hot_scoped")]
        async fn scoped(id: u64) -> u64 {
            id
        }
        let (one, two) = (cache().await, cache().await);
        for _ in 0..100 {
            scope(one.clone(), scoped(1)).await;
            scope(two.clone(), scoped(2)).await;
        }
        let keys = |cache: &Cache| -> Vec<_> {
            let hot = cache.hot_keys(10).into_iter();
            hot.map(|it| it.key).collect()
        };
        assert_eq!(keys(&one), ["scoped:1"]);
        assert_eq!(keys(&two), ["scoped:2"]);
    });
}
