//! The runtime on which a cache was built ends, and the cache is used on another one.

use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use cachekit::testing::Fault;
use cachekit::{Cache, CacheBuilder, Policy, Tier};
use cachekit_tests::capture::{Capture, Line};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use tokio::runtime::{Builder, Runtime};
use tracing::{Dispatch, Level};

use crate::world::{settings, until};

pub(crate) const BUS_TIMEOUT: Duration = Duration::from_millis(200);

pub(crate) fn runtime() -> Runtime {
    let builder = Builder::new_current_thread().enable_all().build();
    builder.expect("a runtime")
}

/// A runtime that is driven by a thread of its own.
pub(crate) fn driven() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(1).enable_all().build();
    builder.expect("a runtime")
}

pub(crate) fn short(url: &str) -> CacheBuilder {
    settings(url).bus_timeout(BUS_TIMEOUT)
}

pub(crate) fn built(runtime: &Runtime, builder: CacheBuilder) -> Cache {
    runtime.block_on(builder.build()).expect("a valid set-up")
}

pub(crate) async fn value(cache: &Cache, key: &str, source: u64) -> u64 {
    let compute = || async move { source };
    cache.get_or_compute(key, &Policy::new(), compute).await
}

/// Keeps everything that this thread logs.
///
/// With a single subscriber in a process, `tracing` asks the thread that logs a line first if anybody
/// wants it. Other tests here log the same lines without a subscriber.
pub(crate) fn capture() -> Capture {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(Capture::default()));
    Capture::default()
}

/// Runs `test` on a runtime that ends with it, and returns the warnings and errors that it logged.
fn logged(test: impl Future<Output = ()>) -> Vec<Line> {
    let log = capture();
    tracing::subscriber::with_default(log.clone(), || runtime().block_on(test));
    let lines = log.take().into_iter();
    lines.filter(|line| line.level <= Level::WARN).collect()
}

/// A cache whose runtime has ended, with a value of the key `k` in Redis, and another node.
struct Ended {
    redis: Redis,
    cache: Cache,
    other: Cache,
    others: Runtime,
}

impl Ended {
    fn with(settings: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let redis = Redis::start();
        let others = driven();
        let other = built(&others, short(&redis.url()));
        let first = runtime();
        let cache = built(&first, settings(short(&redis.url())));
        first.block_on(cache.put("k", 1_u64, &Policy::new()));
        drop(first);
        assert_eq!(others.block_on(value(&other, "k", 9)), 1);
        Self {
            redis,
            cache,
            other,
            others,
        }
    }

    fn entries(&self) -> i64 {
        self.redis.client().int(&["EXISTS", "shop:k:k"])
    }
}

#[test]
fn writes_reach_other_nodes_and_theirs_are_seen() {
    let world = Ended::with(|it| it);
    let (cache, other) = (&world.cache, &world.other);
    let lines = logged(async {
        cache.invalidate("k").await;
        assert_eq!(world.entries(), 0, "accepted when it returns");
        assert_eq!(cache.stats().redis.queued_invalidations, 0);
        until("the other node hears", || {
            world.others.handle().metrics().num_workers() == 1 && other.stats().redis.messages >= 2
        })
        .await;
        let told = world.others.spawn({
            let other = other.clone();
            async move { value(&other, "k", 2).await }
        });
        assert_eq!(told.await.expect("a value"), 2);
        // In memory here, and invalidated there.
        assert_eq!(value(cache, "k", 3).await, 2);
        let written = world.others.spawn({
            let other = other.clone();
            async move { other.invalidate("k").await }
        });
        written.await.expect("written");
        let end = Instant::now() + Duration::from_secs(1);
        until("it is seen here", || cache.stats().redis.messages > 0).await;
        assert!(Instant::now() < end);
        assert_eq!(value(cache, "k", 4).await, 4);
        let stats = cache.stats().redis;
        assert!(stats.is_up && stats.is_bus_live, "{stats:?}");
        assert_eq!((stats.connections, stats.queued_invalidations), (2, 0));
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].level == Level::WARN && lines[0].text.contains("runtime"));
}

/// What was in memory when the runtime ended may be old, and the first call knows.
#[test]
fn memory_from_before_is_not_trusted() {
    let world = Ended::with(|it| it);
    let (cache, other) = (&world.cache, &world.other);
    world.others.block_on(async {
        other.invalidate("k").await;
        other.put("k", 5_u64, &Policy::new()).await;
        tokio::time::sleep(BUS_TIMEOUT).await;
    });
    assert_eq!(runtime().block_on(value(cache, "k", 9)), 5);
    assert!(cache.stats().redis.is_up);
    // That runtime has ended as well.
    runtime().block_on(cache.invalidate("k"));
    assert_eq!(world.entries(), 0);
    assert_eq!(cache.stats().redis.connections, 3);
}

#[test]
fn without_a_new_home_nobody_is_told() {
    let world = Ended::with(|it| it.seed(Fault::KeepEndedHome));
    let cache = &world.cache;
    runtime().block_on(async {
        cache.invalidate("k").await;
        tokio::time::sleep(BUS_TIMEOUT).await;
        assert_eq!(cache.stats().redis.queued_invalidations, 1);
    });
    assert_eq!(world.entries(), 1);
}

/// Functions with `tier = memory` ask Redis for nothing, and need the messages of other nodes.
#[test]
fn entries_in_memory_only_bring_the_messages_back() {
    let redis = Redis::start();
    let first = runtime();
    let cache = built(&first, short(&redis.url()));
    let policy = Policy::new().tier(Tier::Memory);
    let call = async |source: u64| {
        let compute = || async move { source };
        cache.get_or_compute("local", &policy, compute).await
    };
    assert_eq!(first.block_on(call(1)), 1);
    drop(first);
    thread::sleep(BUS_TIMEOUT);
    runtime().block_on(async {
        // As `on_disconnect` allows.
        assert_eq!(call(2).await, 1);
        until("messages arrive", || cache.stats().redis.is_bus_live).await;
    });
}

/// Many runtimes notice at the same moment.
#[test]
fn the_tasks_begin_again_once() {
    const THREADS: usize = 8;
    let world = Ended::with(|it| it);
    let (at_once, at_end) = (Barrier::new(THREADS), Barrier::new(THREADS));
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (cache, at_once, at_end) = (&world.cache, &at_once, &at_end);
            scope.spawn(move || {
                let runtime = runtime();
                at_once.wait();
                let key = format!("many:{n}");
                assert_eq!(runtime.block_on(value(cache, &key, 1)), 1);
                at_end.wait();
            });
        }
    });
    assert_eq!(world.cache.stats().redis.connections, 2);
}

/// A synchronous write on a thread with a runtime queues its invalidation, and has it sent.
#[test]
fn a_write_that_does_not_wait_begins_them_too() {
    let world = Ended::with(|it| it);
    runtime().block_on(async {
        let mut write = Box::pin(world.cache.invalidate("k"));
        assert!(cachekit_tests::poll_once(write.as_mut()).is_pending());
        drop(write);
        until("it is sent", || world.entries() == 0).await;
    });
}

#[test]
fn a_shutdown_finishes_on_another_runtime() {
    let world = Ended::with(|it| it);
    // Without any runtime, so that it waits in the outbox.
    let mut write = Box::pin(world.cache.invalidate("k"));
    assert!(cachekit_tests::poll_once(write.as_mut()).is_ready());
    assert_eq!(world.cache.stats().redis.queued_invalidations, 1);
    let report = runtime().block_on(world.cache.shutdown());
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(world.entries(), 0);
}

/// The last handle is dropped on a runtime that has not driven anything yet.
#[test]
fn a_dropped_cache_sends_its_outbox_on_another_runtime() {
    let Ended { redis, cache, .. } = Ended::with(|it| it);
    let mut write = Box::pin(cache.invalidate("k"));
    assert!(cachekit_tests::poll_once(write.as_mut()).is_ready());
    drop(write);
    runtime().block_on(async {
        drop(cache);
        let sent = || redis.client().int(&["EXISTS", "shop:k:k"]) == 0;
        until("it is sent", sent).await;
    });
}

fn own_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads");
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    let names = tasks.filter_map(|task| name(task.ok()?).ok());
    names.filter(|name| name.trim() == "cachekit").count()
}

#[test]
fn a_thread_of_its_own_needs_no_runtime_of_the_program() {
    let world = Ended::with(CacheBuilder::own_thread);
    assert_eq!(own_threads(), 1);
    let cache = &world.cache;
    let lines = logged(async {
        cache.invalidate("k").await;
        assert_eq!(world.entries(), 0);
        assert!(cache.stats().redis.is_bus_live);
    });
    assert_eq!((lines.len(), cache.stats().redis.connections), (0, 1));
    drop(world);
    let end = Instant::now() + Duration::from_secs(10);
    while own_threads() > 0 {
        assert!(Instant::now() < end, "the thread ends with the cache");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Calls of another runtime wait for answers, in batches and alone, when the runtime ends.
#[test]
fn reads_under_way_do_not_wait_for_a_runtime_that_ended() {
    const CALLS: usize = 24;
    let redis = Redis::start();
    let first = driven();
    let cache = built(&first, short(&redis.url()));
    let second = driven();
    redis.freeze();
    let calls: Vec<_> = (0..CALLS)
        .map(|n| {
            let cache = cache.clone();
            second.spawn(async move { value(&cache, &format!("call:{n}"), 7).await })
        })
        .collect();
    second.block_on(until("they ask", || cache.stats().flights == CALLS));
    thread::sleep(Duration::from_millis(20));
    let began = Instant::now();
    drop(first);
    second.block_on(async {
        for call in calls {
            assert_eq!(call.await.expect("a value"), 7);
        }
    });
    // `redis_timeout` is two seconds here.
    assert!(
        began.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        began.elapsed()
    );
    redis.thaw();
    second.block_on(async {
        // The next call.
        assert_eq!(value(&cache, "next", 7).await, 7);
        until("it is connected", || cache.stats().redis.is_up).await;
        until("nothing waits", || {
            cache.stats().redis.queued_invalidations == 0
        })
        .await;
        let again = (0..CALLS).map(|n| {
            let cache = cache.clone();
            second.spawn(async move { value(&cache, &format!("again:{n}"), 8).await })
        });
        for call in again.collect::<Vec<_>>() {
            assert_eq!(call.await.expect("a value"), 8);
        }
        until("all are stored", || {
            cache.stats().redis.stores >= CALLS as u64
        })
        .await;
    });
}

/// A write is the last call, and the runtime of the connections ends while its invalidation waits.
#[test]
fn a_last_write_is_sent_without_a_further_call() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let first = driven();
    let cache = built(&first, short(&proxy.url()));
    first.block_on(cache.put("k", 1_u64, &Policy::new()));
    runtime().block_on(async {
        proxy.stop_listening();
        proxy.close_clients();
        until("Redis is away", || !cache.stats().redis.is_up).await;
        cache.invalidate("k").await;
        assert_eq!(cache.stats().redis.queued_invalidations, 1);
        first.shutdown_background();
        proxy.listen();
        let sent = || redis.client().int(&["EXISTS", "shop:k:k"]) == 0;
        until("it is sent", sent).await;
    });
}
