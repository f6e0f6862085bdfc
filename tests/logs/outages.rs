//! The lines of an outage of Redis, and of its end.

use std::time::Duration;

use cachekit_tests::capture::Capture;
use cachekit_tests::redis::Redis;
use cachekit_tests::until;
use tracing::Level;

use crate::{count, said};

#[tokio::test]
async fn the_end_says_how_long_it_was_and_what_was_sent() {
    let redis = Redis::start();
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let builder = cachekit_tests::builder().redis(redis.url());
    let cache = builder.build().await.expect("a valid set-up");
    redis.kill();
    until("it is gone", || !cache.stats().redis.is_up).await;
    for key in ["a", "b", "c"] {
        cache.invalidate(key).await;
    }
    assert_eq!(cache.stats().redis.queued_invalidations, 3);
    tokio::time::sleep(Duration::from_millis(300)).await;
    redis.restart();
    until("all is sent", || {
        count(&said(&log, Level::INFO), " sent=3") == 1
    })
    .await;
    let info = said(&log, Level::INFO);
    let back = info
        .iter()
        .find(|line| line.contains("message=Redis is back"));
    let back = back.unwrap_or_else(|| panic!("{info:?}"));
    let away = back.split_once("away=").expect("how long").1;
    let away = away.split(' ').next().expect("a length");
    let millis = away.strip_suffix("ms").map(str::parse::<f64>);
    let secs = away.strip_suffix('s').map(str::parse::<f64>);
    assert!(
        millis.is_some_and(|it| it.is_ok_and(|it| it >= 250.0))
            || secs.is_some_and(|it| it.is_ok()),
        "{back}"
    );
    assert_eq!(count(&info, "connected to Redis"), 1, "{info:?}");
    let warned = said(&log, Level::WARN);
    assert_eq!(
        count(&warned, "message=Redis is unreachable"),
        1,
        "{warned:?}"
    );
}

#[tokio::test]
async fn a_password_that_was_changed_is_no_outage() {
    let redis = Redis::with(&["--requirepass", "old"]);
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let url = format!("redis://:old@{}", redis.addr());
    let builder = cachekit_tests::builder().redis(url);
    let cache = builder.build().await.expect("a valid set-up");
    let mut client = redis.client();
    client.run(&["AUTH", "old"]);
    client.run(&["CONFIG", "SET", "requirepass", "new"]);
    client.run(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    until("it is told", || {
        count(&said(&log, Level::WARN), "message=Redis refuses the cache") == 1
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let warned = said(&log, Level::WARN);
    assert_eq!(
        count(&warned, "why=refuses the login"),
        1,
        "told once: {warned:?}"
    );
    assert_eq!(
        count(&warned, "message=Redis is unreachable"),
        0,
        "{warned:?}"
    );
    assert!(!cache.stats().redis.is_up);
}

/// Nothing is back that was never there.
#[tokio::test]
async fn a_first_connection_after_a_late_start_of_redis_is_no_return() {
    let redis = Redis::start();
    redis.kill();
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let builder = cachekit_tests::builder().redis(redis.url());
    let cache = builder.build().await.expect("a valid set-up");
    redis.restart();
    until("it connects", || cache.stats().redis.is_bus_live).await;
    let info = said(&log, Level::INFO);
    assert_eq!(count(&info, "connected to Redis"), 1, "{info:?}");
    assert_eq!(count(&info, "Redis is back"), 0, "{info:?}");
}
