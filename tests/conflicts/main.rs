//! Functions that cannot live in one process are told at `init`, and get nothing of one another.

mod flights;

use cachekit::testing::scope;
use cachekit::{Cache, cached};

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

#[tokio::test]
async fn init_names_both_functions_their_places_and_the_remedy() {
    let cache = Cache::builder().build().await.expect("right");
    let error = cachekit::init(cache).expect_err("they are in each other's way");
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
