//! Executors with fewer features than tokio. Without a timer, calls wait without a limit. A cache
//! with Redis is not built if Redis cannot be used.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, ManualClock, scope};
use cachekit::{Cache, ComputeTimeout, Policy, cached, invalidates};
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Executor {
    /// Of no runtime.
    Bare,
    CurrentThread,
    CurrentThreadWithIo,
    MultiThread,
    CurrentThreadWithTime,
}

const ALL: [Executor; 5] = [
    Executor::Bare,
    Executor::CurrentThread,
    Executor::CurrentThreadWithIo,
    Executor::MultiThread,
    Executor::CurrentThreadWithTime,
];

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// As `futures::executor::block_on`.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

impl Executor {
    fn runtime(self) -> Option<Runtime> {
        let mut builder = match self {
            Self::Bare => return None,
            Self::MultiThread => Builder::new_multi_thread(),
            _ => Builder::new_current_thread(),
        };
        let builder = match self {
            Self::CurrentThreadWithIo => builder.enable_io(),
            Self::CurrentThreadWithTime => builder.enable_time(),
            _ => builder.worker_threads(2),
        };
        Some(builder.build().expect("a runtime"))
    }

    fn run<F: Future>(self, future: F) -> F::Output {
        match self.runtime() {
            None => block_on(future),
            Some(runtime) => runtime.block_on(future),
        }
    }

    fn has_timer(self) -> bool {
        self == Self::CurrentThreadWithTime
    }
}

/// Waits a while without a timer.
async fn a_while() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[cached(key = "plain:{n}", tier = memory)]
async fn plain(n: u64) -> u64 {
    a_while().await;
    n
}

#[cached(key = "crowded:{n}", max_computations = 1)]
async fn crowded(n: u64) -> u64 {
    a_while().await;
    n
}

#[derive(Debug, Clone, PartialEq)]
struct Late;

impl From<ComputeTimeout> for Late {
    fn from(_: ComputeTimeout) -> Self {
        Self
    }
}

#[cached(key = "bounded:{n}", timeout = "60s")]
async fn bounded(n: u64) -> Result<u64, Late> {
    a_while().await;
    Ok(n)
}

#[cached(key = "soft:{n}", soft_timeout = "50ms", stale = 60)]
async fn soft(n: u64) -> u64 {
    a_while().await;
    n
}

#[invalidates(plain(n), soft(n))]
async fn write(n: u64) {
    a_while().await;
}

#[invalidates(plain(n), ack)]
async fn write_everywhere(n: u64) {
    a_while().await;
}

/// Everything that may wait for something; two calls of each.
async fn all(cache: &Cache) {
    for _ in 0..2 {
        assert_eq!(tokio::join!(plain(1), plain(1)), (1, 1));
        assert_eq!(tokio::join!(crowded(1), crowded(2)), (1, 2));
        assert_eq!(tokio::join!(bounded(1), bounded(1)), (Ok(1), Ok(1)));
        assert_eq!(tokio::join!(soft(1), soft(1)), (1, 1));
        cache.put("by hand", 1, &Policy::new()).await;
        assert_eq!(cache.get("by hand").await, Some(1));
        let compute = async || {
            a_while().await;
            1
        };
        let policy = Policy::new();
        let explicit = || cache.get_or_compute("computed", &policy, compute);
        assert_eq!(tokio::join!(explicit(), explicit()), (1, 1));
        soft::entry(1).expire().await;
        assert_eq!(soft(1).await, 1);
        write(1).await;
        write_everywhere(1).await;
        cache.invalidate("by hand").await;
        assert_eq!(cache.get::<i32>("by hand").await, None);
    }
}

#[test]
fn calls_wait_with_a_timer_and_without() {
    for executor in ALL {
        executor.run(async {
            let cache = cachekit_tests::builder().build().await.expect("right");
            scope(cache.clone(), all(&cache)).await;
            let stats = cache.stats();
            assert!(stats.coalesced >= 4, "{executor:?}: {stats:?}");
            assert_eq!((stats.flights, stats.writes), (0, 0), "{executor:?}");
            cache.shutdown_within(Duration::from_millis(1)).await;
        });
    }
}

/// A cache over a store, built where that is possible and used where it is not: as if the store
/// were away. What is invalidated is told by the runtime that the cache was built on.
#[test]
fn a_store_is_not_asked_where_nobody_could_stop_waiting() {
    for executor in ALL {
        let home = Builder::new_multi_thread().enable_all().build();
        let home = home.expect("a runtime");
        let store = FakeStore::new();
        // Other tests of this program have functions with the same keys.
        let settings = || cachekit_tests::builder().__seed(Fault::ShareNames);
        let builder = settings().__store(store.clone());
        let cache = home.block_on(builder.build()).expect("right");
        let other = settings().__store(store);
        let other = home.block_on(other.build()).expect("right");
        home.block_on(other.put("by hand", 7, &Policy::new()));
        executor.run(async {
            scope(cache.clone(), all(&cache)).await;
            cache.shutdown_within(Duration::from_millis(1)).await;
        });
        home.block_on(async {
            let told = "the other node is told";
            cachekit_tests::until(told, || cache.stats().redis.queued_invalidations == 0).await;
            assert_eq!(other.get::<i32>("by hand").await, None, "{executor:?}");
        });
    }
}

#[test]
fn a_cache_with_redis_says_what_its_runtime_lacks() {
    for executor in ALL {
        let built = executor.run(async {
            let builder = cachekit_tests::builder().__seed(Fault::ShareNames);
            let builder = builder.redis("redis://127.0.0.1:1");
            builder.build().await.map(drop)
        });
        let told = built.expect_err("it lacks something").to_string();
        let lacks = if executor.has_timer() {
            "runtime with I/O"
        } else {
            "runtime with time and I/O"
        };
        assert!(
            told.contains(lacks) && told.contains("enable_all"),
            "{executor:?}: {told}"
        );
    }
}

#[cached(key = "left:{n}", tier = memory, detach)]
async fn left(n: u64) -> u64 {
    a_while().await;
    n
}

/// What goes on without its caller has no limit where there is no timer.
#[test]
fn what_goes_on_without_its_caller_needs_no_timer() {
    for executor in ALL {
        executor.run(async {
            let cache = cachekit_tests::builder().build().await.expect("right");
            let calls = async {
                let mut call = Box::pin(left(1));
                std::future::poll_fn(|context| {
                    assert!(call.as_mut().poll(context).is_pending());
                    Poll::Ready(())
                })
                .await;
                drop(call);
                assert_eq!(left(1).await, 1);
            };
            scope(cache.clone(), calls).await;
            let stats = cache.stats();
            let goes_on = u64::from(executor != Executor::Bare);
            let counts = (stats.detached, stats.computations);
            assert_eq!(counts, (goes_on, 2 - goes_on), "{executor:?}");
        });
    }
}

#[cached(key = "refreshed:{n}", tier = memory, ttl = 60, stale = 600)]
async fn refreshed(n: u64) -> u64 {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    if run == 1 {
        // The first refresh, which does not come to its end.
        std::future::pending::<()>().await;
    }
    n + run
}

static RUNS: AtomicU64 = AtomicU64::new(0);

/// A refresh ends with its runtime, and the next call begins another.
#[test]
fn a_refresh_of_a_runtime_that_ended_is_taken_over() {
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder().clock(clock.clone());
    let cache = block_on(builder.build()).expect("right");
    let run = |steps: fn() -> Pin<Box<dyn Future<Output = ()>>>| {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(scope(cache.clone(), steps()));
    };
    run(|| Box::pin(async { assert_eq!(refreshed(10).await, 10) }));
    clock.advance(Duration::from_secs(61));
    run(|| {
        Box::pin(async {
            assert_eq!(refreshed(10).await, 10, "the stale value");
            a_while().await;
            assert_eq!(RUNS.load(Ordering::SeqCst), 2, "the refresh has begun");
        })
    });
    assert_eq!(cache.stats().flights, 0);
    // The refresh counts as failed: a pause follows.
    clock.advance(Duration::from_secs(60));
    run(|| {
        Box::pin(async {
            assert_eq!(refreshed(10).await, 10, "still the stale value");
            a_while().await;
            assert_eq!(refreshed(10).await, 12);
        })
    });
    assert_eq!(cache.stats().background.running, 0);
}
