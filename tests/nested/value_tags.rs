//! Inner entries whose tags are made from their values.

use cachekit::testing::{FakeStore, scope};
use cachekit::{Cache, cached};
use cachekit_tests::{Source, settle};

use crate::world::{over, quick};

#[cached(
    name = "value_tags_user",
    key = "value-tags:user:{id}",
    tags = ["value-org:{ret}"],
    skip(source)
)]
async fn user(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "value_tags_local",
    key = "value-tags:local:{id}",
    tier = memory,
    skip(source)
)]
async fn local(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "value_tags_page",
    key = "value-tags:page:{id}:{by}",
    skip(source)
)]
async fn page(source: &Source, id: u64, by: u64) -> u64 {
    user(source, id).await + by
}

#[cached(
    name = "value_tags_local_page",
    key = "value-tags:local-page:{by}",
    skip(source)
)]
async fn local_page(source: &Source, by: u64) -> u64 {
    local(source, 1).await + by
}

async fn invalidate(cache: &Cache, tag: &str) {
    cache.invalidate_tags([tag]).await;
    settle().await;
}

/// Other users' organisations are invalidated all the time.
#[tokio::test(start_paused = true)]
async fn pages_are_kept_although_other_tags_of_the_prefix_are_invalidated() {
    let (store, source) = (FakeStore::new(), quick());
    let (one, other) = (over(&store, None).await, over(&store, None).await);
    scope(one.clone(), async {
        for by in 0..5 {
            page(&source, 1, by).await;
            settle().await;
            invalidate(&other, "value-org:9").await;
        }
        let refused = one.stats().refused_stores + one.stats().redis.refused_stores;
        for by in 10..20 {
            page(&source, 1, by).await;
            settle().await;
            invalidate(&other, "value-org:9").await;
        }
        let stats = one.stats();
        let since = stats.refused_stores + stats.redis.refused_stores - refused;
        assert_eq!(since, 0, "{stats:?}");
        let hits = stats.memory_hits;
        page(&source, 1, 19).await;
        assert_eq!(one.stats().memory_hits, hits + 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn pages_of_entries_in_memory_are_kept_although_tags_are_invalidated() {
    let (store, source) = (FakeStore::new(), quick());
    let (one, other) = (over(&store, None).await, over(&store, None).await);
    scope(one.clone(), async {
        for by in 0..10 {
            local_page(&source, by).await;
            settle().await;
            invalidate(&other, "unrelated").await;
        }
        let hits = one.stats().memory_hits;
        local_page(&source, 9).await;
        assert_eq!(one.stats().memory_hits, hits + 1);
    })
    .await;
}

/// The first value with a tag of a prefix has no guard of it.
#[tokio::test(start_paused = true)]
async fn a_first_tag_of_a_prefix_that_was_invalidated_unheard_is_not_stored() {
    let (store, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&store, None).await, over(&store, None).await);
    scope(other.clone(), async {
        // From now on, the function's values are known to have no tags of another prefix.
        above_first(&source, 2).await;
        above_first(&source, 3).await;
    })
    .await;
    settle().await;
    source.write(7);
    scope(other.clone(), async { first(&source, 1).await }).await;
    settle().await;
    store.hold_messages(1);
    source.write(8);
    writer.invalidate_tags(["first-team:7"]).await;
    scope(other.clone(), async { above_first(&source, 1).await }).await;
    settle().await;
    store.deliver_all(1);
    settle().await;
    let got = scope(writer.clone(), async { above_first(&source, 1).await }).await;
    assert_eq!(got, 8);
}

#[cached(
    name = "value_tags_first",
    key = "value-tags:first:{id}",
    tags = [..(*ret == 7).then_some("first-team:7")],
    skip(source)
)]
async fn first(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "value_tags_above_first",
    key = "value-tags:above-first:{id}",
    skip(source)
)]
async fn above_first(source: &Source, id: u64) -> u64 {
    first(source, id).await
}
