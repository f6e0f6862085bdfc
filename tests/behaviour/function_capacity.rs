//! Functions with memory of their own: no other function evicts their entries, and every
//! invalidation reaches them.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, Capacity, cached, invalidates, write_through};
use cachekit_tests::{poll_once, settle};

use crate::{cache, without};

static RUNS: AtomicU64 = AtomicU64::new(0);

fn bump() -> u64 {
    RUNS.fetch_add(1, Ordering::SeqCst) + 1
}

#[cached(
    name = "own_memory",
    key = "own_memory:{id}",
    capacity = 50,
    tags = ["own_memory-rows", "own_memory:{id}", "own_memory-of:{ret.id}"],
    events = ["own_memory.changed", "own_memory.changed {id}"],
)]
async fn own_memory(id: u64) -> Row {
    Row { id, run: bump() }
}

#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
struct Row {
    id: u64,
    run: u64,
}

#[cached(key = "own_memory-scan:{id}", tier = memory)]
fn scan(id: u64) -> u64 {
    id
}

#[cached(key = "own_memory-few:{id}", capacity = 3, tier = memory)]
fn few(id: u64) -> u64 {
    id
}

#[invalidates(own_memory(id))]
async fn change(id: u64) {
    let _ = id;
}

#[write_through(own_memory(id))]
async fn write(id: u64) -> Row {
    Row { id, run: 0 }
}

#[write_through(own_memory(id))]
async fn write_never(id: u64) -> Row {
    std::future::pending::<()>().await;
    Row { id, run: 0 }
}

#[tokio::test]
async fn no_function_evicts_another_s_entries() {
    let builder = cachekit_tests::builder().memory_capacity(Capacity::entries(20));
    let cache = builder.build().await.expect("a valid set-up");
    scope(cache.clone(), async {
        for id in 0..50 {
            own_memory(id).await;
        }
        let region = cache
            .region::<u64>("own_memory-region")
            .capacity(Capacity::entries(5));
        scan(0);
        region.set(1, 1).await;
        assert_eq!(cache.stats().entries, 52, "20 and 50 and 5");
        let runs = own_memory::stats().computations;
        for id in 0..2_000 {
            scan(id);
            few(id);
        }
        assert_eq!(cache.stats().entries, 50 + 1 + 20 + 3);
        for id in 0..50 {
            own_memory(id).await;
        }
        assert_eq!(own_memory::stats().computations, runs, "a scan by another");
        assert_eq!(region.get(1).await, Some(1));
        // Nor does it push out theirs.
        let kept = async || {
            let mut kept = 0;
            for id in 0..2_000 {
                kept += u64::from(scan::entry(id).get().await.is_some());
            }
            kept
        };
        assert_eq!(kept().await, 20);
        for id in 1_000..3_000 {
            own_memory(id).await;
        }
        assert_eq!(cache.stats().entries, 50 + 1 + 20 + 3);
        assert_eq!((kept().await, region.get(1).await), (20, Some(1)));
    })
    .await;
}

type Step = fn(Cache) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! steps {
    ($($cache:pat => $body:expr),* $(,)?) => {
        [$(|$cache: Cache| Box::pin(async move { $body; }) as Pin<Box<dyn Future<Output = ()> + Send>>),*]
    };
}

/// By the key, which tells nobody whose it is.
const BY_KEY: [Step; 8] = steps![
    cache => cache.invalidate("own_memory:1").await,
    _ => own_memory::entry(1).invalidate().await,
    cache => cache.acknowledged().invalidate("own_memory:1").await,
    _ => change(1).await,
    cache => cache.soft().invalidate("own_memory:1").await,
    _ => own_memory::entry(1).expire().await,
    // A write that is dropped after it began leaves the entry empty.
    _ => assert!(poll_once(pin!(write_never(1))).is_pending()),
    cache => deferred(&cache).await,
];

const BY_EPOCH: [Step; 10] = steps![
    cache => cache.invalidate_tags(["own_memory-rows"]).await,
    cache => cache.invalidate_tags(["own_memory-of:1"]).await,
    cache => cache.emit("own_memory.changed").await,
    cache => cache.emit_about("own_memory.changed", [("id", 1)]).await,
    _ => own_memory::invalidate_all().await,
    cache => cache.invalidate_function("own_memory").await,
    cache => cache.clear().await,
    cache => cache.soft().invalidate_tags(["own_memory:1"]).await,
    _ => own_memory::expire_all().await,
    cache => cache.soft().clear().await,
];

async fn deferred(cache: &Cache) {
    let transaction = async {
        cache.invalidate("own_memory:1").await;
        Ok::<(), ()>(())
    };
    assert!(cachekit::deferred(transaction).await.is_ok());
}

/// An entry; invalidation; a call: whether it is answered with the value from before.
async fn kept_after(step: Step, fault: Option<Fault>) -> bool {
    let cache = without(fault).await;
    scope(cache.clone(), async {
        let before = own_memory(1).await;
        // On this thread at hand too.
        assert_eq!(own_memory(1).await, before);
        step(cache.clone()).await;
        own_memory(1).await == before
    })
    .await
}

#[tokio::test]
async fn every_invalidation_reaches_them() {
    for (n, step) in BY_KEY.into_iter().chain(BY_EPOCH).enumerate() {
        assert!(!kept_after(step, None).await, "{n}");
    }
}

#[tokio::test]
async fn without_a_look_into_every_memory_a_key_is_missed() {
    for (n, step) in BY_KEY.into_iter().enumerate() {
        assert!(kept_after(step, Some(Fault::SpareRooms)).await, "{n}");
    }
}

#[tokio::test]
async fn entries_and_writes_are_where_calls_look() {
    let cache = cache().await;
    scope(cache.clone(), async {
        let entry = own_memory::entry(1);
        let row = own_memory(1).await;
        assert_eq!(entry.get().await, Some(row));
        assert!(entry.ttl().await.is_some());
        let put = Row { id: 1, run: 0 };
        entry.put(put).await;
        assert_eq!(own_memory(1).await, put);
        let new = own_memory::refresh(1).await;
        assert_ne!(new, put);
        assert_eq!(own_memory(1).await, new);
        assert_eq!(write(1).await, put);
        assert_eq!((own_memory(1).await, entry.get().await), (put, Some(put)));
        // What others store under that key is theirs, and voids nothing of it but what was written.
        cache
            .put("own_memory:1", 7_u64, &cachekit::Policy::new())
            .await;
        assert_eq!(cache.get::<u64>("own_memory:1").await, Some(7));
        let stats = own_memory::stats();
        assert_eq!((stats.memory_hits, stats.misses), (3, 2));
    })
    .await;
}

/// Each cache has its own, and what is in it goes with the cache.
#[tokio::test]
async fn its_memory_is_dropped_with_its_cache() {
    #[cached(key = "own_memory-shared", capacity = 1, tier = memory, skip(value))]
    fn shared(value: &Arc<u64>) -> Arc<u64> {
        Arc::clone(value)
    }
    let (one, two) = (Arc::new(1), Arc::new(2));
    let first = cache().await;
    for _ in 0..2 {
        let second = cache().await;
        for (cache, value) in [(&first, &one), (&second, &two)] {
            for _ in 0..3 {
                let got = scope(cache.clone(), async { shared(value) }).await;
                assert_eq!(&got, value);
            }
        }
        drop(second);
        settle().await;
    }
    assert!(Arc::strong_count(&one) > 1);
    assert_eq!(Arc::strong_count(&two), 1, "nobody has it any more");
}
