//! Nothing drives the runtime on which a cache was built, and the cache is used on another one.

use std::thread;
use std::time::{Duration, Instant};

use cachekit::Policy;
use cachekit_tests::capture::Line;
use cachekit_tests::redis::Redis;
use tracing::Level;

use crate::runtimes::{BUS_TIMEOUT, built, capture, driven, runtime, short, value};
use crate::world::until;

/// A runtime that was used for `block_on(build())` and is kept.
#[test]
fn a_runtime_that_nobody_drives_is_named_and_left() {
    let redis = Redis::start();
    let idle = runtime();
    let cache = built(&idle, short(&redis.url()));
    idle.block_on(cache.put("k", 1_u64, &Policy::new()));
    thread::sleep(BUS_TIMEOUT * 3);
    let second = runtime();
    let log = capture();
    tracing::subscriber::with_default(log.clone(), || {
        second.block_on(async {
            let began = Instant::now();
            cache.invalidate("k").await;
            assert!(
                began.elapsed() < Duration::from_secs(1),
                "it waits for nobody"
            );
            let sent = || redis.client().int(&["EXISTS", "shop:k:k"]) == 0;
            until("it is sent", sent).await;
            until("the bus is live", || cache.stats().redis.is_bus_live).await;
        });
    });
    let lines = log.take().into_iter();
    let lines: Vec<_> = lines.filter(|it| it.level <= Level::WARN).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].level == Level::ERROR && lines[0].text.contains("nothing drives"));
    // The first runtime goes on, and its tasks do not.
    let before = cache.stats().redis;
    idle.block_on(async { tokio::time::sleep(BUS_TIMEOUT).await });
    let after = cache.stats().redis;
    assert_eq!(after.connections, before.connections);
    // A heartbeat that was under way when the runtime came to a stand ends there. Four more would follow.
    assert!(after.heartbeats <= before.heartbeats + 1);
    drop(idle);
    second.block_on(async {
        let beats = cache.stats().redis.heartbeats;
        until("it beats", || cache.stats().redis.heartbeats > beats + 2).await;
        assert!(cache.shutdown().await.is_complete());
    });
    assert_eq!(cache.stats().redis.connections, before.connections);
}

/// A runtime that merely had nothing to do for the cache is not left.
#[test]
fn a_runtime_that_was_stopped_for_a_while_is_kept() {
    let redis = Redis::start();
    let first = driven();
    let cache = built(&first, short(&redis.url()));
    let (second, log) = (runtime(), capture());
    let stop = first.spawn(async { thread::sleep(BUS_TIMEOUT * 3) });
    tracing::subscriber::with_default(log.clone(), || {
        second.block_on(async {
            tokio::time::sleep(BUS_TIMEOUT * 5 / 2).await;
            // While the only worker sleeps.
            assert_eq!(value(&cache, "other", 1).await, 1);
            stop.await.expect("it ends");
            until("the bus is live", || cache.stats().redis.is_bus_live).await;
        });
    });
    let lines = log.take();
    let is_named = |line: &Line| line.text.contains("nothing drives");
    assert!(!lines.iter().any(is_named), "{lines:?}");
    assert_eq!(cache.stats().redis.connections, 1);
}

/// Tasks of the cache wait on a runtime that nobody drives, and the shutdown sends what others wait
/// for all the same.
#[test]
fn a_shutdown_sends_the_outbox_although_a_runtime_stands_still() {
    const WITHIN: Duration = Duration::from_millis(1_500);
    let redis = Redis::start();
    let idle = runtime();
    let cache = built(&idle, short(&redis.url()));
    idle.block_on(cache.put("k", 1_u64, &Policy::new()));
    runtime().block_on(async {
        // A store that the idle runtime never carries out.
        assert_eq!(value(&cache, "other", 1).await, 1);
        tokio::time::sleep(BUS_TIMEOUT * 3).await;
        cache.invalidate("k").await;
        let report = cache.shutdown_within(WITHIN).await;
        assert_eq!(report.queued_invalidations, 0, "{report:?}");
        assert_eq!(redis.client().int(&["EXISTS", "shop:k:k"]), 0);
    });
}

/// A dropped cache leaves no task and no connection behind, wherever its tasks were.
#[test]
fn a_dropped_cache_leaves_no_connections() {
    let redis = Redis::start();
    let clients = || {
        let clients = redis.client().info("clients", "connected_clients");
        clients
            .and_then(|it| it.parse::<u64>().ok())
            .expect("a number")
    };
    let before = clients();
    let idle = runtime();
    let cache = built(&idle, short(&redis.url()));
    idle.block_on(cache.put("k", 1_u64, &Policy::new()));
    thread::sleep(BUS_TIMEOUT * 3);
    runtime().block_on(async {
        cache.invalidate("k").await;
        drop(cache);
        until("it is sent", || {
            redis.client().int(&["EXISTS", "shop:k:k"]) == 0
        })
        .await;
        idle.shutdown_background();
        until("the connections are gone", || clients() == before).await;
    });
}
