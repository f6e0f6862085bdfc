//! Functions that cannot live in one process are reported at `init` and when a cache is built, and
//! share no values.

mod key_collisions;

use std::sync::LazyLock;

use cachekit::testing::{FakeStore, Fault, scope};
use cachekit::{BuildError, Cache, CacheBuilder, Policy, QueueError, cached, write_behind};
use cachekit_tests::capture::Capture;

#[cached(key = "thing:{id}")]
async fn one(id: u64) -> u64 {
    id
}

#[cached(key = "{kind}:{id}")]
async fn other(kind: &str, id: u64) -> String {
    format!("{kind} {id}")
}

#[cached(key = "apart:{id}", name = "twice")]
async fn first(id: u64) -> u64 {
    id
}

#[cached(key = "far:{id}:x", name = "twice")]
async fn second(id: u64) -> u64 {
    id
}

#[cached(key = "clear of the others {id}")]
async fn innocent(id: u64) -> u64 {
    id
}

/// Two functions of one name and one key, in a cache that they name, of a program that never calls
/// `init`.
mod users {
    #[cachekit::cached(name = "get", key = "row:{id}", cache = crate::OWN, tier = redis)]
    pub async fn get(id: u64) -> String {
        format!("user {id}")
    }
}

mod orders {
    #[cachekit::cached(name = "get", key = "row:{id}", cache = crate::OWN, tier = redis)]
    pub async fn get(id: u64) -> String {
        format!("order {id}")
    }
}

/// Write-behind functions of one name.
mod carts {
    #[cachekit::write_behind(name = "save", key = "cart:{id}")]
    pub async fn save(id: u64) -> Result<(), cachekit::QueueError> {
        let _ = id;
        Ok(())
    }
}

mod views {
    #[cachekit::write_behind(name = "save", key = "view:{page}")]
    pub async fn save(page: String) -> Result<(), cachekit::QueueError> {
        let _ = page;
        Ok(())
    }
}

/// Write-behind functions for the entries of one function.
#[cached(key = "written behind {id}")]
async fn written(id: u64) -> u64 {
    id
}

#[write_behind(written(id), value = 1)]
async fn sets_one(id: u64) -> Result<(), QueueError> {
    let _ = id;
    Ok(())
}

#[write_behind(written(id), value = 2)]
async fn sets_two(id: u64) -> Result<(), QueueError> {
    let _ = id;
    Ok(())
}

/// Named as what is stored by hand, and as a region.
#[cached(key = "by hand {id}", name = "(direct)")]
async fn direct(id: u64) -> u64 {
    id
}

#[cached(key = "in a region {id}", name = "region users")]
async fn regional(id: u64) -> u64 {
    id
}

static OWN: LazyLock<Cache> = LazyLock::new(|| {
    let build = Cache::builder().build();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let build = async { build.await.expect("memory only") };
    std::thread::spawn(|| runtime.expect("a runtime").block_on(build))
        .join()
        .expect("it ends well")
});

async fn told(builder: CacheBuilder) -> BuildError {
    builder.build().await.expect_err("they conflict")
}

/// Where values are shared, the name of its function is all that tells an entry from another's.
#[tokio::test]
async fn a_cache_over_a_store_is_not_built() {
    for nth in 0..3 {
        let error = told(Cache::builder().__store(FakeStore::new())).await;
        assert!(error.is_function_conflict(), "{nth}: {error}");
        let told = error.to_string();
        for part in [
            "both named `get`",
            "both named `twice`",
            "both named `save`",
            "`conflicts::sets_one` and `conflicts::sets_two` both queue values of `conflicts::written`",
            "`(direct)`",
            "`region users`",
            "`thing:{}`",
            "name = \"..\"",
        ] {
            assert!(told.contains(part), "{part} in: {told}");
        }
    }
    let redis = Cache::builder().redis("redis://127.0.0.1:1");
    assert!(told(redis).await.is_function_conflict());
}

/// What would come of it.
#[tokio::test]
async fn in_a_store_they_would_be_taken_for_one_another() {
    let store = FakeStore::new();
    let builder = Cache::builder().__store(store).__seed(Fault::ShareNames);
    let cache = builder.build().await.expect("without the guard");
    scope(cache, async {
        assert_eq!(shared_first(1).await, "first 1");
        cachekit_tests::settle().await;
        assert_eq!(shared_second(1).await, "first 1", "the other's");
    })
    .await;
}

#[cached(key = "shared:{id}", name = "shared", tier = redis)]
async fn shared_first(id: u64) -> String {
    format!("first {id}")
}

#[cached(key = "shared:{id}", name = "shared", tier = redis)]
async fn shared_second(id: u64) -> String {
    format!("second {id}")
}

/// In memory too, a worker would give the writes of one function to the other.
#[tokio::test]
async fn no_worker_starts_for_them() {
    let cache = Cache::builder().build().await.expect("memory only");
    let error = cache.workers().start().await.expect_err("they conflict");
    assert!(error.is_function_conflict());
    let told = error.to_string();
    assert!(told.contains("both named `save`"), "{told}");
    assert!(told.contains("one write-behind function"), "{told}");
}

/// In memory nothing wrong comes of it: it is said once, however many caches there are.
#[test]
fn in_memory_it_is_logged_once() {
    if std::env::var_os(CHILD).is_some() {
        return say_it();
    }
    // In a process of its own: another test may have had it said.
    let this = std::env::current_exe().expect("a program");
    let run = std::process::Command::new(this)
        .args(["--exact", "in_memory_it_is_logged_once"])
        .env(CHILD, "1")
        .output()
        .expect("it runs");
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && output.contains("1 passed"),
        "{output}"
    );
}

/// Set for that process.
const CHILD: &str = "CACHEKIT_CONFLICTS_CHILD";

fn say_it() {
    let log = Capture::default();
    tracing::subscriber::set_global_default(log.clone()).expect("the first one");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        for _ in 0..3 {
            let cache = Cache::builder().build().await.expect("memory only");
            cache.clear().await;
        }
        assert_eq!(users::get(1).await, "user 1");
        assert_eq!(orders::get(1).await, "order 1");
    });
    let said = |what: &str| {
        log.lines()
            .iter()
            .filter(|line| line.text.contains(what))
            .count()
    };
    assert_eq!(said("both named `twice`"), 1);
    assert_eq!(said("both named `get`"), 1);
}

#[tokio::test]
async fn init_names_both_functions_their_places_and_the_remedy() {
    let cache = Cache::builder().build().await.expect("right");
    let error = cachekit::init(cache).expect_err("they conflict");
    assert!(error.is_function_conflict());
    let told = error.to_string();
    for part in [
        "conflicts::one",
        "conflicts::other",
        "main.rs:",
        "`thing:{}`",
        "another word",
    ] {
        assert!(told.contains(part), "{part} in: {told}");
    }
    assert!(
        told.contains("both named `twice`") && told.contains("name = \".."),
        "{told}"
    );
    assert!(!told.contains("innocent"), "{told}");
}

/// Until then no call ever gets the other function's value.
#[tokio::test]
async fn overlapping_keys_never_give_a_wrong_value() {
    let cache = Cache::builder().build().await.expect("right");
    scope(cache, async {
        for _ in 0..3 {
            assert_eq!(one(1).await, 1);
            assert_eq!(other("thing", 1).await, "thing 1");
            assert_eq!(
                (first(1).await, second(1).await, innocent(1).await),
                (1, 1, 1)
            );
        }
    })
    .await;
}

/// Who listens to the log, and looks at the cache meanwhile.
struct Nosy(Cache);

impl tracing::Subscriber for Nosy {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.stats();
        cachekit::global().stats();
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// Nothing is said while a lock is held: who listens is a user's code too.
#[test]
fn who_listens_may_use_the_cache() {
    let (done, is_done) = std::sync::mpsc::channel();
    // Not joined: with a lock held it never ends.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(async {
            let cache = Cache::builder().build().await.expect("memory only");
            let _here = tracing::subscriber::set_default(Nosy(cache.clone()));
            scope(cache.clone(), async {
                assert_eq!(shared_first(1).await, "first 1");
                assert_eq!(shared_second(1).await, "second 1");
            })
            .await;
            let number = async || 1_u64;
            cache
                .get_or_compute("shared:1", &Policy::new(), number)
                .await;
            cache.get::<u64>("shared:1").await;
        });
        let _ = done.send(());
    });
    is_done
        .recv_timeout(std::time::Duration::from_secs(60))
        .expect("it ends");
}
