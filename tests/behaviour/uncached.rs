//! Calls of a cached function that bypass the cache.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::cached;
use cachekit::testing::scope;

use crate::cache;

fn bump(runs: &AtomicU64) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst) + 1
}

#[cached(key = "past-inner", tier = memory, skip(runs))]
fn inner(runs: &AtomicU64) -> u64 {
    bump(runs)
}

#[cached(key = "past:{id}", skip(runs, inner_runs))]
async fn outer(id: u64, runs: &AtomicU64, inner_runs: &AtomicU64) -> (u64, u64) {
    let inner = inner(inner_runs);
    (id + bump(runs), inner)
}

#[cached(key = "past-apart:{id}", ttl = 60, stale = 60, skip(runs))]
async fn apart(id: u64, runs: Arc<AtomicU64>) -> u64 {
    id + bump(&runs)
}

#[cached(key = "past-generic:{id}", skip(runs))]
async fn generic<T: Display, const N: u64>(id: T, runs: &AtomicU64) -> Result<Option<String>, u64> {
    match bump(runs) {
        1 => Ok(Some(format!("{id}/{N}"))),
        2 => Ok(None),
        run => Err(run),
    }
}

#[cached(key = "past-depth:{n}", skip(runs))]
async fn countdown(n: u64, runs: &AtomicU64) -> u64 {
    bump(runs);
    match n {
        0 => 0,
        n => Box::pin(countdown(n - 1, runs)).await + 1,
    }
}

#[derive(Debug, Clone)]
struct Repo(Arc<AtomicU64>);

impl Repo {
    #[cached(key = "past-method:{id}", skip(self))]
    pub async fn get(&self, id: u64) -> u64 {
        id + bump(&self.0)
    }

    #[cached(key = "past-sync-method:{id}", tier = memory, skip(self))]
    pub fn get_here(&self, id: u64) -> u64 {
        id + bump(&self.0)
    }
}

#[tokio::test]
async fn it_runs_and_leaves_the_cache_alone() {
    let cache = cache().await;
    let (runs, inners) = (AtomicU64::new(0), AtomicU64::new(0));
    scope(cache.clone(), async {
        assert_eq!(outer::uncached(1, &runs, &inners).await, (2, 1));
        assert_eq!(outer::entry(1).get().await, None, "nothing is stored");
        assert_eq!(
            outer::uncached(1, &runs, &inners).await,
            (3, 1),
            "what it calls is"
        );
        assert_eq!(outer(1, &runs, &inners).await, (4, 1));
        assert_eq!(outer::uncached(1, &runs, &inners).await, (5, 1));
        assert_eq!(
            outer(1, &runs, &inners).await,
            (4, 1),
            "what is there stays"
        );
        assert_eq!(outer::stats().bypassed, 3);
        assert_eq!(inner::uncached(&inners), 2);
        assert_eq!(inner(&inners), 1);
    })
    .await;
}

#[tokio::test]
async fn of_every_form() {
    scope(cache().await, async {
        let runs = Arc::new(AtomicU64::new(0));
        assert_eq!(apart(1, Arc::clone(&runs)).await, 2);
        assert_eq!(apart::uncached(1, Arc::clone(&runs)).await, 3);
        assert_eq!(apart(1, runs).await, 2);
        let runs = AtomicU64::new(0);
        let call = async || generic::uncached::<_, 7>("a", &runs).await;
        assert_eq!(call().await, Ok(Some("a/7".to_owned())));
        assert_eq!((call().await, call().await), (Ok(None), Err(3)));
        let repo = Repo(Arc::default());
        assert_eq!(repo.get(1).await, 2);
        assert_eq!(repo.get_cache().uncached(repo.get(1)).await, 3);
        assert_eq!(repo.get(1).await, 2);
        assert_eq!(repo.get_here(1), 4);
        let handle = repo.get_here_cache();
        assert_eq!(handle.uncached_blocking(|| repo.get_here(1)), 5);
        assert_eq!(repo.get_here(1), 4);
    })
    .await;
}

/// It is that call which goes past the cache, not those inside it.
#[tokio::test]
async fn a_function_that_calls_itself_is_cached_inside() {
    scope(cache().await, async {
        let runs = AtomicU64::new(0);
        assert_eq!(countdown::uncached(3, &runs).await, 3);
        assert_eq!(runs.load(Ordering::SeqCst), 4);
        assert_eq!(countdown::uncached(3, &runs).await, 3);
        assert_eq!(runs.load(Ordering::SeqCst), 5);
    })
    .await;
}

/// One that is dropped, or given a call that never comes, leaves nothing behind.
#[tokio::test]
async fn nothing_is_left_behind() {
    scope(cache().await, async {
        let (runs, inners) = (AtomicU64::new(0), AtomicU64::new(0));
        drop(outer::uncached(1, &runs, &inners));
        let repo = Repo(Arc::default());
        repo.get_cache().uncached(std::future::ready(())).await;
        repo.get_here_cache().uncached_blocking(|| {});
        for _ in 0..2 {
            assert_eq!(outer(1, &runs, &inners).await, (2, 1));
            assert_eq!((repo.get(1).await, repo.get_here(1)), (2, 3));
        }
        let panics = std::panic::AssertUnwindSafe(|| {
            repo.get_here_cache()
                .uncached_blocking(|| panic!("before the call"))
        });
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(repo.get_here(1), 3);
    })
    .await;
}
