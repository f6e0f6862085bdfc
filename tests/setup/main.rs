//! The global cache, in a process of its own, because it can be set only once.

use cachekit::{Cache, Capacity, Policy, cached};

#[cached(key = "setup:{id}")]
async fn answer(id: u64) -> u64 {
    id
}

/// One test: each step is about the process's one global cache.
#[tokio::test]
async fn from_no_set_up_to_init() {
    // Before `init`: the defaults, with no set-up at all.
    answer(1).await;
    answer(1).await;
    assert_eq!(cachekit::global().stats().memory_hits, 1);

    // A cache is not the global one until it is made so.
    let cache = Cache::builder()
        .memory_capacity(Capacity::entries(10))
        .build()
        .await;
    let cache = cache.expect("right");
    cache.put("mine", 1, &Policy::new()).await;
    assert_eq!(cachekit::global().get::<i32>("mine").await, None);

    cachekit::init(cache).expect("the first");
    assert_eq!(cachekit::global().get::<i32>("mine").await, Some(1));
    assert_eq!(
        answer::entry(1).get().await,
        None,
        "what was cached before is left behind"
    );
    answer(1).await;
    assert_eq!(answer::stats().computations, 1);

    // A second call changes nothing and says so.
    let other = Cache::builder().build().await.expect("right");
    let error = cachekit::init(other).expect_err("the second");
    assert!(error.is_already_initialised() && !error.is_function_conflict());
    assert!(error.to_string().contains("once"), "{error}");
    assert_eq!(cachekit::global().get::<i32>("mine").await, Some(1));
    assert!(
        cachekit::init_from_env()
            .await
            .expect_err("the third")
            .is_already_initialised()
    );
}
