//! Callbacks for hit rates that are too low, on a manual clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cachekit::testing::ManualClock;
use cachekit::{Cache, HitRateWatch, LowHitRate};

const WINDOW: Duration = Duration::from_secs(60);

type Calls = Arc<Mutex<Vec<LowHitRate>>>;

struct Scene {
    clock: ManualClock,
    cache: Cache,
    called: Calls,
}

impl Scene {
    async fn new() -> Self {
        let clock = ManualClock::new();
        let builder = cachekit_tests::builder().clock(clock.clone());
        Self {
            clock,
            cache: builder.build().await.expect("a valid set-up"),
            called: Calls::default(),
        }
    }

    fn watch(&self, rate: f64) -> HitRateWatch {
        let called = Arc::clone(&self.called);
        self.cache.on_low_hit_rate(rate, WINDOW, move |low| {
            called.lock().expect("no panic").push(low.clone());
        })
    }

    /// So many calls of a region's entries, of which the first of each key misses.
    async fn calls(&self, name: &'static str, keys: u64, hits: u64) {
        let region = self.cache.region(name);
        for key in 0..keys {
            let compute = || async { 1_u64 };
            region.get_or_compute(key, compute).await;
        }
        for _ in 0..hits {
            assert_eq!(region.get(0).await, Some(1));
        }
        region.clear().await;
    }

    /// Lets the watch look at its clock, after `length` has passed on it.
    async fn pass(&self, length: Duration) -> Vec<LowHitRate> {
        self.clock.advance(length);
        tokio::time::sleep(Duration::from_secs(5)).await;
        std::mem::take(&mut *self.called.lock().expect("no panic"))
    }
}

fn names(called: &[LowHitRate]) -> Vec<Option<&str>> {
    called.iter().map(|low| low.function.as_deref()).collect()
}

#[tokio::test(start_paused = true)]
async fn it_is_called_below_the_rate_and_not_above() {
    let scene = Scene::new().await;
    let watch = scene.watch(0.7);
    assert!(watch.is_running());
    scene.calls("bad", 40, 60).await;
    scene.calls("good", 30, 70).await;
    scene.calls("rare", 99, 0).await;
    assert_eq!(names(&scene.pass(WINDOW / 2).await), [""; 0].map(Some));
    let called = scene.pass(WINDOW / 2).await;
    assert_eq!(names(&called), [Some("region bad"), None]);
    let first = (called[0].hit_rate, called[0].calls, called[0].window);
    assert_eq!(first, (0.6, 100, WINDOW));
    assert_eq!(called[1].calls, 299);
    // The next window is judged by its own calls.
    scene.calls("bad", 20, 80).await;
    assert_eq!(names(&scene.pass(WINDOW).await), [""; 0].map(Some));
    assert_eq!(
        names(&scene.pass(WINDOW).await),
        [""; 0].map(Some),
        "no calls"
    );
    scene.calls("good", 31, 69).await;
    let called = scene.pass(WINDOW).await;
    assert_eq!(names(&called), [Some("region good"), None]);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_calls_that_say_something_can_be_set() {
    let scene = Scene::new().await;
    let _watch = scene.watch(0.7).min_calls(2);
    scene.calls("few", 2, 0).await;
    scene.calls("one", 1, 0).await;
    let called = scene.pass(WINDOW).await;
    assert_eq!(names(&called), [Some("region few"), None]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_it_ends_nothing() {
    let scene = Scene::new().await;
    let called = Arc::clone(&scene.called);
    let panics = move |low: &LowHitRate| {
        called.lock().expect("no panic").push(low.clone());
        assert!(low.function.is_none(), "on purpose");
    };
    let _watch = scene.cache.on_low_hit_rate(0.7, WINDOW, panics);
    for _ in 0..2 {
        scene.calls("bad", 100, 0).await;
        scene.clock.advance(WINDOW);
        tokio::time::sleep(Duration::from_secs(5)).await;
        scene.called.clear_poison();
        let called = scene.pass(Duration::ZERO).await;
        assert_eq!(names(&called), [Some("region bad"), None]);
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_handle_and_with_the_cache() {
    let scene = Scene::new().await;
    let watch = scene.watch(0.7);
    scene.calls("bad", 100, 0).await;
    drop(watch);
    assert_eq!(names(&scene.pass(WINDOW).await), [""; 0].map(Some));
    let watch = scene.watch(0.7);
    let report = scene.cache.shutdown().await;
    assert!(report.is_complete(), "{report:?}");
    scene.calls("bad", 100, 0).await;
    assert_eq!(names(&scene.pass(WINDOW).await), [""; 0].map(Some));
    assert!(!watch.is_running());
    let other = Scene::new().await;
    let watch = other.watch(0.7);
    let (cache, called) = (other.cache, other.called);
    drop(cache);
    tokio::time::sleep(WINDOW).await;
    assert!(!watch.is_running());
    assert_eq!(Arc::strong_count(&called), 1, "the callback was dropped");
}

#[test]
fn without_a_runtime_it_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let cache = runtime.expect("a runtime").block_on(async {
        let builder = cachekit_tests::builder();
        builder.build().await.expect("a valid set-up")
    });
    let watch = cache.on_low_hit_rate(0.7, WINDOW, |_| {});
    assert!(!watch.is_running());
    assert_eq!(cache.stats().background.refused, 1);
}
