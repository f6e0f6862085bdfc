//! Two nodes over one real Redis: variants that are stale there, and requests that no stored
//! response answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachekit::testing::ManualClock;
use cachekit_tests::Gate;
use cachekit_tests::redis::Redis;
use http::Request;

use crate::coalescing::version;
use crate::nodes::{by_language, in_language, make_stale, node, node_of, quiet, two};
use crate::world::{
    Handler, SECOND, Site, With as _, get, numbered, ok, pages, seen, shared_rules, status,
    versions,
};

/// Number of keys that have been looked up in Redis.
fn lookups(redis: &Redis) -> i64 {
    let script = "local all = redis.call('INFO', 'stats') \
        return tonumber(all:match('keyspace_hits:(%d+)')) + \
        tonumber(all:match('keyspace_misses:(%d+)'))";
    redis.client().int(&["EVAL", script, "0"])
}

/// A node that knows nothing, and a stale response in German in Redis.
async fn cold(rule: cachekit::http::Rule) -> (Redis, Site) {
    let handler = Handler::new(by_language);
    let (redis, one, other) = two(rule, handler).await;
    one.send(in_language("de")).await;
    quiet(&one).await;
    make_stale(&redis, 600);
    (redis, other)
}

/// The stale variant is at the place where a node looks first.
#[tokio::test]
async fn a_hit_beside_a_stale_variant_does_not_ask_redis() {
    for rule in [pages().sie(600 * SECOND), pages().swr(600 * SECOND)] {
        let (redis, node) = cold(rule).await;
        let tasks = [(); 10].map(|()| node.spawn(in_language("en")));
        for task in tasks {
            assert_eq!(task.await.expect("no panic").text(), "en");
        }
        quiet(&node).await;
        assert_eq!(node.handler.calls(), 2, "once for each variant");
        let before = lookups(&redis);
        for _ in 0..20 {
            let got = node.send(in_language("en")).await;
            assert_eq!(got.seen(), seen("HIT", "en"));
        }
        let asked = lookups(&redis) - before;
        assert!(asked < 20, "{asked} look-ups for 20 hits");
        assert_eq!(node.cache.stats().refresh_failures, 0);
    }
}

/// Requests for the other variant have not made it fail.
#[tokio::test]
async fn a_stale_variant_is_refreshed_after_another_was_asked_for() {
    let (_redis, node) = cold(pages().swr(600 * SECOND)).await;
    node.send(in_language("en")).await;
    quiet(&node).await;
    assert_eq!(
        node.send(in_language("de")).await.seen(),
        seen("STALE", "de")
    );
    quiet(&node).await;
    assert_eq!(node.send(in_language("de")).await.seen(), seen("HIT", "de"));
    assert_eq!(node.handler.calls(), 3);
}

#[tokio::test]
async fn a_client_s_no_cache_is_not_answered_from_redis() {
    let asked = || get("/a").with("cache-control", "no-cache");
    let rule = || pages().honour_request_no_cache(true).swr(600 * SECOND);
    let (_redis, one, other) = two(rule(), Handler::new(versions())).await;
    one.send("/a").await;
    quiet(&one).await;
    other.clock.advance(SECOND / 100);
    assert_eq!(other.send(asked()).await.seen(), seen("MISS", "v2"));
    assert_eq!(other.send("/a").await.seen(), seen("HIT", "v2"));
    other.clock.advance(70 * SECOND);
    assert_eq!(other.send(asked()).await.seen(), seen("MISS", "v3"));
}

#[tokio::test]
async fn a_shared_cache_confirms_what_it_finds_in_redis_if_the_client_demands_it() {
    let answer = |number| version(number).with("cache-control", "max-age=60, stale-if-error=600");
    let redis = Redis::start();
    let handler = Handler::new(numbered(answer));
    let one = node_of(&redis, shared_rules(), &handler).await;
    one.send("/a").await;
    quiet(&one).await;
    for demand in ["no-cache", "max-age=0"] {
        let calls = handler.calls();
        let other = node_of(&redis, shared_rules(), &handler).await;
        other.clock.advance(SECOND);
        let got = other.send(get("/a").with("cache-control", demand)).await;
        assert_eq!(handler.calls(), calls + 1, "{demand}: {got:?}");
        assert_ne!(got.word(), "STALE", "{demand}");
        quiet(&other).await;
    }
}

/// The other node's response seems to have arrived after the request.
#[tokio::test]
async fn a_response_of_a_node_whose_clock_is_ahead_is_not_taken_for_a_new_one() {
    let answer = |number| version(number).with("cache-control", "max-age=600");
    let redis = Redis::start();
    let handler = Handler::new(numbered(answer));
    let ahead = node_of(&redis, shared_rules(), &handler).await;
    ahead.clock.advance(100 * SECOND);
    ahead.send("/a").await;
    quiet(&ahead).await;
    let node = node_of(&redis, shared_rules(), &handler).await;
    let got = node.send(get("/a").with("cache-control", "no-cache")).await;
    assert_eq!(handler.calls(), 2, "{got:?}");
    let node = node_of(&redis, shared_rules(), &handler).await;
    let got = node.send("/a").await;
    assert_eq!(got.word(), "HIT", "{}", got.cache_status());
    assert_eq!(handler.calls(), 2);
}

/// A demand of the client is not met by the times of another clock.
#[tokio::test]
async fn a_node_whose_clock_is_ahead_confirms_what_it_finds_in_redis() {
    let windows = [
        "max-age=60, stale-if-error=600",
        "max-age=60, stale-while-revalidate=600",
        "max-age=60",
    ];
    let plain = || get("/a");
    let demanding = || get("/a").with("cache-control", "no-cache");
    for windows in windows {
        for (asked, demands) in [(plain(), false), (demanding(), true)] {
            let answer = move |number| version(number).with("cache-control", windows);
            let redis = Redis::start();
            let handler = Handler::new(numbered(answer));
            let one = node_of(&redis, shared_rules(), &handler).await;
            one.send("/a").await;
            quiet(&one).await;
            let ahead = node_of(&redis, shared_rules(), &handler).await;
            ahead.clock.advance(100 * SECOND);
            let got = ahead.send(asked).await;
            assert_eq!(handler.calls(), 2, "{windows}: {got:?}");
            let is_stale = got.word() == "STALE";
            assert!(!(demands && is_stale), "{windows}: {got:?}");
            quiet(&ahead).await;
        }
    }
}

/// The handler took so long that every node fetches the response early.
#[tokio::test]
async fn a_fresh_response_that_is_fetched_early_is_not_called_stale() {
    let redis = Redis::start();
    let clock = ManualClock::new();
    let handler = {
        let (clock, calls) = (clock.clone(), AtomicUsize::new(0));
        Handler::new(move |_: Request<()>| {
            clock.advance(1_000_000 * SECOND);
            let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
            std::future::ready(Ok(version(number)))
        })
    };
    let rule = || pages().swr(600 * SECOND).sie(600 * SECOND);
    let cache = crate::nodes::cache(&redis, &clock).await;
    let one = Site::of(cache, clock, crate::world::rules(rule()), handler.clone());
    one.send("/a").await;
    quiet(&one).await;
    let other = node(&redis, rule(), &handler).await;
    // So that the response is older than the request.
    other.clock.advance(1_000_001 * SECOND);
    let got = other.send("/a").await;
    assert_eq!(got.seen(), seen("HIT", "v1"), "{}", got.cache_status());
    quiet(&other).await;
    assert_eq!(handler.calls(), 2, "it was fetched early");
}

/// Everybody who waited for the handler gets what it is served in the place of.
#[tokio::test]
async fn a_stale_response_in_the_place_of_a_failure_is_called_stale_for_all() {
    let gate = Gate::new();
    let handler = {
        let (gate, calls) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
        Handler::new(move |_: Request<()>| {
            let (gate, calls) = (gate.clone(), Arc::clone(&calls));
            async move {
                if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Ok(ok("v1"));
                }
                gate.pass().await;
                Ok(status(500))
            }
        })
    };
    let (redis, one, other) = two(pages().sie(600 * SECOND), handler).await;
    one.send("/a").await;
    quiet(&one).await;
    make_stale(&redis, 600);
    other.clock.advance(SECOND / 100);
    let first = other.spawn("/a");
    gate.arrived().await;
    let waiting = [(); 3].map(|()| other.spawn("/a"));
    cachekit_tests::settle().await;
    gate.open_for_all();
    for task in [first].into_iter().chain(waiting) {
        let got = task.await.expect("no panic");
        assert_eq!(got.seen(), seen("STALE", "v1"), "{}", got.cache_status());
    }
    assert_eq!(other.handler.calls(), 2);
}

/// The first request finds the stale response in Redis, and the others wait for the first.
#[tokio::test]
async fn a_stale_response_that_is_fetched_anew_is_called_stale_for_all() {
    let (redis, one, other) = two(pages().swr(600 * SECOND), Handler::new(versions())).await;
    one.send("/a").await;
    quiet(&one).await;
    make_stale(&redis, 600);
    other.clock.advance(SECOND / 100);
    let tasks = [(); 5].map(|()| other.spawn("/a"));
    let mut stale = 0;
    for task in tasks {
        let (word, text) = task.await.expect("no panic").seen();
        // The refresh may have ended before the last of them began.
        assert!(word == "STALE" || text == "v2", "{word} {text}");
        stale += usize::from(word == "STALE");
    }
    assert!(stale > 0);
}
