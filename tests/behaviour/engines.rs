//! The memory engine is chosen when a cache is built, and changes nothing else.

use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, scope};
use cachekit::{Cache, Capacity, Engine, Eviction, Policy, cached};

const ENGINES: [Engine; 2] = [Engine::Moka, Engine::QuickCache];

#[cached(key = "square:{n}", tags = ["squares", "of:{ret.1}"])]
async fn square(n: u64) -> (u64, u64) {
    (n, n * n)
}

#[tokio::test]
async fn what_is_cached_is_found_and_invalidated_with_each() {
    for engine in ENGINES {
        let cache = Cache::builder()
            .engine(engine)
            .build()
            .await
            .expect("right");
        scope(cache.clone(), async {
            for _ in 0..3 {
                assert_eq!(square(7).await, (7, 49));
            }
            assert_eq!(square::stats().computations, 1, "{engine}");
            square::entry(7).invalidate().await;
            square(7).await;
            assert_eq!(square::stats().computations, 2, "{engine}");
            cache.invalidate_tags(["of:49"]).await;
            square(7).await;
            assert_eq!(square::stats().computations, 3, "{engine}");
            cache.clear().await;
            assert_eq!(cache.stats().entries, 0, "{engine}");
            square(7).await;
            assert_eq!(square::stats().computations, 4, "{engine}");
        })
        .await;
    }
}

/// A value that is as large as its type says: what is stored by hand is weighed by that.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Large<const N: usize> {
    #[serde(skip, default = "zeros")]
    #[expect(dead_code, reason = "it takes room")]
    bytes: [u8; N],
    /// It asks the cache that it was in when it ends.
    #[serde(skip)]
    own_cache: Arc<OnceLock<Cache>>,
}

const fn zeros<const N: usize>() -> [u8; N] {
    [0; N]
}

impl<const N: usize> Large<N> {
    fn new(own_cache: &Arc<OnceLock<Cache>>) -> Self {
        Self {
            bytes: zeros(),
            own_cache: Arc::clone(own_cache),
        }
    }
}

impl<const N: usize> Drop for Large<N> {
    fn drop(&mut self) {
        if let Some(cache) = self.own_cache.get() {
            cache.stats();
        }
    }
}

/// A region's own memory is of the cache's engine: they differ in how large an entry may be.
#[tokio::test]
async fn a_region_has_the_engine_of_its_cache() {
    const ROOM: u64 = 10_000;
    for (engine, kept) in [(Engine::Moka, true), (Engine::QuickCache, false)] {
        let cache = Cache::builder()
            .engine(engine)
            .build()
            .await
            .expect("right");
        let region = cache.region("large").capacity(Capacity::bytes(ROOM));
        let nearly_all: Large<9_400> = Large::new(&Arc::default());
        Box::pin(region.set(1, nearly_all)).await;
        let held = cache.stats();
        let expected = if kept { 9_800..=ROOM } else { 0..=0 };
        assert!(expected.contains(&held.bytes), "{engine}: {held:?}");
    }
}

/// What `Stats::entries` says.
#[tokio::test]
async fn what_has_expired_is_not_served_and_keeps_its_space() {
    for engine in ENGINES {
        let clock = ManualClock::new();
        let builder = Cache::builder().engine(engine).clock(clock.clone());
        let builder = builder.memory_capacity(Capacity::entries(100));
        let cache = builder.build().await.expect("right");
        let policy = Policy::new().ttl(Duration::from_secs(60));
        for n in 0..50 {
            cache.put(&n.to_string(), n, &policy).await;
        }
        clock.advance(Duration::from_secs(60));
        for n in 0..50 {
            assert_eq!(cache.get::<i32>(&n.to_string()).await, None, "{engine}");
        }
        assert_eq!(cache.stats().entries, 50, "{engine}");
        for n in 0..1_000 {
            cache.put(&n.to_string(), n, &policy).await;
        }
        assert!(cache.stats().entries <= 100, "{engine}");
        cache.clear().await;
        assert_eq!(cache.stats().entries, 0, "{engine}");
    }
}

#[tokio::test]
async fn an_eviction_policy_that_the_engine_cannot_have_is_refused() {
    let builder = Cache::builder().engine(Engine::QuickCache);
    let told = builder.eviction(Eviction::Lru).build().await;
    let told = told.expect_err("both").to_string();
    assert!(
        told.contains("CACHE_EVICTION") && told.contains("quick-cache") && told.contains("moka"),
        "{told}"
    );
    let builder = Cache::builder().engine(Engine::Moka);
    builder
        .eviction(Eviction::TinyLfu)
        .build()
        .await
        .expect("moka has policies");
}

/// Whether many small entries can leave for a large one, and all for nothing, where each asks the
/// cache as it goes.
fn leave(engine: Engine, fault: Option<Fault>, patience: Duration) -> bool {
    let (done, is_done) = mpsc::channel();
    // Not joined: without the guard it never ends.
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(async move {
            let builder = Cache::builder().memory_capacity(Capacity::bytes(10_000));
            let builder = match fault {
                Some(fault) => builder.__seed(fault),
                None => builder,
            };
            let cache = builder.engine(engine).build().await.expect("right");
            let own_cache = Arc::new(OnceLock::new());
            let policy = Policy::new();
            for n in 0..20 {
                let small: Large<100> = Large::new(&own_cache);
                cache.put(&n.to_string(), small, &policy).await;
            }
            own_cache.get_or_init(|| cache.clone());
            let large: Large<9_000> = Large::new(&own_cache);
            Box::pin(cache.put("large", large, &policy)).await;
            cache.stats();
            cache.clear().await;
            let _ = done.send(());
        });
    });
    is_done.recv_timeout(patience).is_ok()
}

#[test]
fn a_value_that_leaves_may_use_the_cache() {
    for engine in ENGINES {
        assert!(leave(engine, None, Duration::from_secs(60)), "{engine}");
    }
    let broken = Some(Fault::DropLocked);
    assert!(!leave(Engine::QuickCache, broken, Duration::from_secs(1)));
}
