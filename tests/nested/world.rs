//! Caches on a clock that a test moves, over a fake store and over a real Redis, and sources whose
//! computations wait for nobody.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, ManualClock};
use cachekit::{Cache, CacheBuilder, Clock, Policy, Tier};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::{Source, poll_once, until};
use tokio::time::Instant;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A source that does not stop, at version 0.
pub(crate) fn quick() -> Source {
    let source = Source::default();
    source.gate.open_for_all();
    source
}

/// A cache in memory, less one guard.
pub(crate) async fn without(fault: Option<Fault>) -> Cache {
    built(cachekit_tests::builder(), fault).await
}

/// A cache in memory with the defaults.
pub(crate) async fn cache() -> Cache {
    without(None).await
}

/// A cache in memory on a clock of its own, less one guard.
pub(crate) async fn on_clock(fault: Option<Fault>) -> (ManualClock, Cache) {
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder()
        .clock(clock.clone())
        .__seed_random(1);
    (clock, built(builder, fault).await)
}

/// Builds it less one guard.
pub(crate) async fn built(builder: CacheBuilder, fault: Option<Fault>) -> Cache {
    let builder = match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    };
    builder.build().await.expect("a valid set-up")
}

/// The runtime's clock, so that memory stands still when everything else does.
#[derive(Debug)]
struct Still(Instant);

impl Clock for Still {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A node over a fake store, less one guard.
pub(crate) async fn over(store: &FakeStore, fault: Option<Fault>) -> Cache {
    let builder = cachekit_tests::builder()
        .clock(Still(Instant::now()))
        .__seed_random(1)
        .__store(store.clone());
    built(builder, fault).await
}

/// Settings of a node over a real Redis that is patient with a slow machine.
pub(crate) fn settings(url: &str) -> CacheBuilder {
    cachekit_tests::builder()
        .namespace("shop")
        .redis(url)
        .redis_timeout(2 * SECOND)
}

/// A node over a real Redis.
pub(crate) async fn node(redis: &Redis) -> Cache {
    built(settings(&redis.url()), None).await
}

/// A node that goes on trusting its memory for long, whatever it does not hear.
pub(crate) async fn trusting(url: &str, fault: Option<Fault>) -> Cache {
    let cache = built(settings(url).bus_timeout(3600 * SECOND), fault).await;
    until("it hears itself", || cache.stats().redis.is_bus_live).await;
    cache
}

/// Waits until nothing is left to do for `cache` that no call waits for: stores above all.
pub(crate) async fn quiet(cache: &Cache) {
    until("everything is stored", || {
        cache.stats().background.running == 0
    })
    .await;
}

/// Waits until `to` has applied every message that `from` sent before.
pub(crate) async fn told(from: &Cache, to: &Cache) {
    let near = Policy::new().tier(Tier::Memory);
    to.put("the last", (), &near).await;
    from.invalidate("the last").await;
    for _ in 0..2_000 {
        if to.get::<()>("the last").await.is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain until it hears");
}

/// Runs what is ready at once.
pub(crate) fn now<T>(future: impl IntoFuture<Output = T>) -> T {
    match poll_once(pin!(future.into_future())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}
