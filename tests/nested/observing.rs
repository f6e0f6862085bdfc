//! Where the values of cached calls came from, as `with_source(..)` and `observed(..)` tell it.

use std::time::Duration;

use cachekit::testing::{FakeStore, scope};
use cachekit::{Policy, SourceTier, bypass, cached, observed, with_source};
use cachekit_tests::Source;
use cachekit_tests::redis::Redis;
use tokio::join;

use crate::levels::{page, site, user};
use crate::world::{SECOND, cache, node, on_clock, over, quick, quiet};

/// The tier and the number of calls of an outcome.
pub(crate) fn brief<T>((_, source): (T, cachekit::Source)) -> (SourceTier, usize) {
    (source.tier, source.calls)
}

#[tokio::test]
async fn a_value_is_computed_and_then_from_memory_with_its_age() {
    let source = quick();
    let (clock, cache) = on_clock(None).await;
    scope(cache, async {
        let (_, computed) = with_source(user(&source, 1)).await;
        assert_eq!((computed.tier, computed.calls), (SourceTier::Computed, 1));
        assert_eq!((computed.is_stale, computed.age), (false, Duration::ZERO));
        for seconds in [10, 15] {
            clock.advance(seconds * SECOND);
            // The second time from the thread's table.
            let (_, memory) = with_source(user(&source, 1)).await;
            assert_eq!((memory.tier, memory.calls), (SourceTier::Memory, 1));
            assert!(!memory.is_stale);
        }
        assert_eq!(with_source(user(&source, 1)).await.1.age, 25 * SECOND);
        let ((), none) = with_source(async {}).await;
        assert_eq!((none.tier, none.calls), (SourceTier::Bypassed, 0));
    })
    .await;
}

#[cached(
    name = "observed_stale",
    key = "observed:stale:{id}",
    ttl = 10,
    stale = 60,
    skip(source)
)]
async fn stale(source: Source, id: u64) -> u64 {
    user(&source, id).await
}

#[tokio::test]
async fn a_stale_value_is_old_and_its_refresh_is_in_no_outcome() {
    let source = quick();
    let (clock, cache) = on_clock(None).await;
    scope(cache.clone(), async {
        stale(source.clone(), 1).await;
        clock.advance(15 * SECOND);
        let handler = async {
            stale(source.clone(), 1).await;
            quiet(&cache).await;
        };
        let ((), all) = observed(handler).await;
        assert_eq!(stale::stats().computations, 2, "it was refreshed meanwhile");
        let [call] = &*all.calls else {
            panic!("{all:?}");
        };
        assert_eq!((call.tier, call.is_stale), (SourceTier::Memory, true));
        assert_eq!(call.age, 15 * SECOND);
        assert_eq!(
            (call.function.as_str(), call.is_nested),
            ("observed_stale", false)
        );
        assert_eq!((all.source.age, all.source.is_stale), (15 * SECOND, true));
    })
    .await;
}

#[cached(
    name = "observed_slow",
    key = "observed:slow:{id}",
    ttl = 10,
    stale_if_error = 60,
    soft_timeout = "10ms",
    skip(source)
)]
async fn slow(source: Source, id: u64) -> Result<u64, ()> {
    let value = source.read().await;
    user::uncached(&source, id).await;
    Ok(value)
}

#[tokio::test]
async fn a_computation_that_its_caller_has_left_is_in_no_outcome() {
    let source = Source::default();
    let (clock, cache) = on_clock(None).await;
    scope(cache.clone(), async {
        source.gate.open();
        source.gate.open();
        let _ = slow(source.clone(), 1).await;
        clock.advance(15 * SECOND);
        let handler = async {
            let _ = slow(source.clone(), 1).await;
            source.gate.open_for_all();
            quiet(&cache).await;
        };
        let ((), all) = observed(handler).await;
        assert_eq!(user::stats().bypassed, 2, "it went on");
        let [call] = &*all.calls else {
            panic!("{all:?}");
        };
        assert_eq!((call.tier, call.is_stale), (SourceTier::Memory, true));
    })
    .await;
}

#[cached(
    name = "observed_failing",
    key = "observed:failing",
    ttl = 10,
    stale_if_error = 60,
    skip(source)
)]
async fn failing(source: &Source) -> Result<u64, u64> {
    match source.read().await {
        0 => Ok(0),
        error => Err(error),
    }
}

#[tokio::test]
async fn a_fallback_is_old_and_an_error_is_computed() {
    let source = quick();
    let (clock, cache) = on_clock(None).await;
    scope(cache, async {
        let _ = failing(&source).await;
        source.write(1);
        clock.advance(15 * SECOND);
        let (result, old) = with_source(failing(&source)).await;
        assert_eq!((result, old.tier), (Ok(0), SourceTier::Memory));
        assert_eq!((old.is_stale, old.age), (true, 15 * SECOND));
        clock.advance(60 * SECOND);
        let (result, error) = with_source(failing(&source)).await;
        assert_eq!((result, error.tier), (Err(1), SourceTier::Computed));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_value_of_the_store_has_the_age_that_it_has_there() {
    let (store, source) = (FakeStore::new(), quick());
    let first = over(&store, None).await;
    scope(first.clone(), user(&source, 1)).await;
    quiet(&first).await;
    tokio::time::sleep(5 * SECOND).await;
    scope(over(&store, None).await, async {
        let (_, found) = with_source(user(&source, 1)).await;
        assert_eq!((found.tier, found.calls), (SourceTier::Redis, 1));
        assert!((5 * SECOND..6 * SECOND).contains(&found.age), "{found:?}");
        tokio::time::sleep(3 * SECOND).await;
        let (_, kept) = with_source(user(&source, 1)).await;
        assert_eq!(kept.tier, SourceTier::Memory);
        assert!((8 * SECOND..9 * SECOND).contains(&kept.age), "{kept:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_of_redis_has_the_age_that_it_has_there() {
    let (redis, source) = (Redis::start(), quick());
    let first = node(&redis).await;
    scope(first.clone(), page(&source, 1)).await;
    quiet(&first).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    scope(node(&redis).await, async {
        let (_, found) = with_source(page(&source, 1)).await;
        assert_eq!((found.tier, found.calls), (SourceTier::Redis, 1));
        assert!((SECOND / 10..30 * SECOND).contains(&found.age), "{found:?}");
        let found = with_source(user::entry(1).get()).await;
        assert_eq!(brief(found), (SourceTier::Redis, 1));
        let (_, kept) = with_source(user(&source, 1)).await;
        assert_eq!((kept.tier, source.runs()), (SourceTier::Memory, 1));
    })
    .await;
}

#[tokio::test]
async fn a_call_that_waits_for_another_one_has_waited() {
    let source = Source::default();
    scope(cache().await, async {
        let (leader, waiter, ()) = join!(
            with_source(user(&source, 1)),
            with_source(user(&source, 1)),
            async {
                source.gate.arrived().await;
                cachekit_tests::settle().await;
                source.gate.open();
            }
        );
        assert_eq!(brief(leader), (SourceTier::Computed, 1));
        assert_eq!(brief(waiter), (SourceTier::Waited, 1));
        assert_eq!(source.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn nested_calls_are_seen_and_counted_once() {
    let source = quick();
    scope(cache().await, async {
        let ((value, sum), all) = observed(with_source(site(&source, 1))).await;
        assert_eq!((value, sum.tier, sum.calls), (0, SourceTier::Computed, 1));
        assert_eq!(all.source, sum);
        let seen = all.calls.iter().map(|it| (&*it.function, it.is_nested));
        let seen: Vec<_> = seen.collect();
        assert_eq!(
            seen,
            [
                ("levels_site", false),
                ("levels_page", true),
                ("levels_user", true)
            ]
        );
        page::entry(1).invalidate().await;
        let (_, all) = observed(site(&source, 1)).await;
        let tiers: Vec<_> = all.calls.iter().map(|it| it.tier).collect();
        assert_eq!(
            tiers,
            [
                SourceTier::Computed,
                SourceTier::Computed,
                SourceTier::Memory
            ]
        );
        let two = async { (user(&source, 1).await, page(&source, 2).await) };
        assert_eq!(brief(with_source(two).await), (SourceTier::Computed, 2));
    })
    .await;
}

/// Sees its own inner calls, not those around it.
#[cached(name = "observed_curious", key = "observed:curious:{id}", skip(source))]
async fn curious(source: &Source, id: u64) -> usize {
    with_source(user(source, id)).await.1.calls
}

#[tokio::test]
async fn an_observer_in_a_computation_sees_its_calls_and_leaves_the_dependencies() {
    let source = quick();
    scope(cache().await, async {
        let (calls, all) = observed(curious(&source, 1)).await;
        assert_eq!((calls, all.calls.len()), (1, 2));
        user::entry(1).invalidate().await;
        let again = with_source(curious(&source, 1)).await;
        assert_eq!(
            brief(again),
            (SourceTier::Computed, 1),
            "it depends on the user"
        );
    })
    .await;
}

#[tokio::test]
async fn sixty_four_calls_are_listed_and_the_rest_is_counted() {
    let source = quick();
    scope(cache().await, async {
        let many = async {
            for id in 0..65 {
                user(&source, id).await;
            }
        };
        let ((), all) = observed(many).await;
        assert_eq!((all.calls.len(), all.more, all.source.calls), (64, 1, 65));
    })
    .await;
}

#[cached(name = "observed_sync", key = "observed:sync:{id}", tier = memory)]
fn sync(id: u64) -> u64 {
    id
}

#[cached(name = "observed_when", key = "observed:when:{id}", when = id > 1, skip(source))]
async fn when(source: &Source, id: u64) -> u64 {
    user(source, id).await
}

#[tokio::test]
async fn every_way_to_call_is_seen() {
    use SourceTier::{Bypassed, Computed, Memory};
    let source = quick();
    let cache = cache().await;
    let (policy, region) = (Policy::new(), cache.region::<u64>("observed"));
    scope(cache.clone(), async {
        for tier in [Computed, Memory] {
            let got = with_source(cache.get_or_compute("a", &policy, || async { 1_u64 })).await;
            assert_eq!(brief(got), (tier, 1));
            let got = with_source(region.get_or_compute(1, || async { 1 })).await;
            assert_eq!(brief(got), (tier, 1));
            let got = with_source(async { sync(1) }).await;
            assert_eq!(brief(got), (tier, 1));
        }
        for got in [
            with_source(region.get(1)).await,
            with_source(cache.get::<u64>("a")).await,
        ] {
            assert_eq!(brief(got), (Memory, 1));
        }
        user(&source, 1).await;
        assert_eq!(brief(with_source(user::entry(1).get()).await), (Memory, 1));
        assert_eq!(
            brief(with_source(user::entry(2).get()).await),
            (Bypassed, 0)
        );
        let uncached = with_source(page::uncached(&source, 1)).await;
        assert_eq!(brief(uncached), (Bypassed, 1), "the user is inside of it");
        assert_eq!(brief(with_source(when(&source, 1)).await), (Bypassed, 1));
        assert_eq!(brief(with_source(when(&source, 2)).await), (Computed, 1));
        let passing = bypass(cache.get_or_compute("a", &policy, || user(&source, 1)));
        assert_eq!(brief(with_source(passing).await), (Bypassed, 1));
    })
    .await;
}

#[tokio::test]
async fn an_outcome_can_be_serialised() {
    let source = quick();
    scope(cache().await, async {
        let (_, all) = observed(page(&source, 1)).await;
        let json = serde_json::to_value(&all).expect("plain data");
        assert_eq!(json["calls"][0]["function"], "levels_page");
        assert_eq!(json["source"]["tier"], "computed");
    })
    .await;
}
