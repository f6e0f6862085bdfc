//! The look at one entry in Redis.

use std::time::Duration;

use cachekit::{
    Cache, Content, DependencyKind, DependencyState, Policy, QueryError, StoredValue, Tier,
};
use cachekit_tests::redis::Redis;

async fn node(redis: &Redis) -> Cache {
    let builder = cachekit_tests::patient(redis.url());
    builder.build().await.expect("a valid set-up")
}

async fn value(cache: &Cache, key: &str) -> StoredValue {
    let found = cache.inspect(key).await.expect("Redis answers");
    match found.expect("an entry").content {
        Content::Value(value) => *value,
        other => panic!("{other:?}"),
    }
}

/// The names that `value` depends on, as `kind name state`.
fn told(value: &StoredValue) -> Vec<String> {
    let dependencies = value.dependencies.iter();
    dependencies
        .map(|it| format!("{} `{}` {}", it.kind, it.name, it.state))
        .collect()
}

#[tokio::test]
async fn an_entry_shows_which_of_its_tags_moved() {
    let redis = Redis::start();
    let (writer, reader) = (node(&redis).await, node(&redis).await);
    let policy = Policy::new().tier(Tier::Redis).ttl(Duration::from_secs(60));
    let policy = policy.tag("category:4").tag("products").event("sold");
    writer.put("product:7", 1299_u64, &policy).await;

    let fresh = value(&reader, "product:7").await;
    assert!(fresh.is_fresh(), "{fresh:?}");
    assert_eq!((&*fresh.codec, fresh.is_none), ("bincode", false));
    assert!(
        fresh.fresh_for > Duration::from_secs(50) && fresh.age < Duration::from_secs(10),
        "{fresh:?}"
    );
    assert!(!fresh.payload.is_empty());

    writer.invalidate_tags(["category:4"]).await;
    writer.invalidation().soft().tags(["products"]).await;
    let moved = value(&reader, "product:7").await;
    assert!(!moved.is_fresh());
    assert_eq!(
        told(&moved),
        [
            "namespace `` current",
            "function `(direct)` current",
            "tag `category:4` invalidated",
            "tag `products` softly invalidated",
            "event `sold` current",
        ]
    );
}

#[tokio::test]
async fn a_softly_invalidated_value_is_stale_for_the_rest_of_its_life() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let policy = Policy::new().tier(Tier::Redis).ttl(hour).stale(minute);
    cache.put("row", 1_u64, &policy.tag("products")).await;
    let before = value(&cache, "row").await;
    assert!(before.is_fresh() && before.stale_for == minute);
    cache.invalidation().soft().tags(["products"]).await;
    let after = value(&cache, "row").await;
    assert_eq!(after.fresh_for, Duration::ZERO);
    assert!(after.stale_for > hour, "{:?}", after.stale_for);
    assert!(after.age < minute, "{:?}", after.age);
}

#[tokio::test]
async fn no_entry_no_value_and_foreign_bytes_are_told_apart() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    assert_eq!(cache.inspect("nothing").await, Ok(None));
    redis
        .client()
        .run(&["SET", "shop:k:foreign", "bytes of another"]);
    let foreign = cache
        .inspect("foreign")
        .await
        .expect("it answers")
        .expect("bytes");
    assert_eq!(
        foreign.content,
        Content::Unreadable("the bytes were not written by cachekit".to_owned())
    );

    let (start, started) = tokio::sync::oneshot::channel();
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let policy = Policy::new();
    let computing = cache.get_or_compute("slow", &policy, || async move {
        start.send(()).expect("the test waits");
        let _ = gone.await;
        1_u64
    });
    let asking = async {
        started.await.expect("it began");
        let slow = cache
            .inspect("slow")
            .await
            .expect("it answers")
            .expect("a token");
        go.send(()).expect("it waits");
        slow
    };
    let (_, slow) = tokio::join!(computing, asking);
    assert_eq!(slow.content, Content::Vacant);
    assert!(
        slow.lease.is_some_and(|left| left > Duration::ZERO),
        "{slow:?}"
    );
}

/// Which of the copies a call stores is drawn at random.
#[tokio::test]
async fn a_copy_is_found_though_the_first_one_is_missing() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let policy = Policy::new().tier(Tier::Redis).replicas(4);
    for _ in 0..40 {
        cache
            .get_or_compute("front", &policy, || async { 7_u64 })
            .await;
    }
    cachekit_tests::until("the copies are stored", || cache.stats().redis.stores >= 3).await;
    let mut client = redis.client();
    let first = cache.inspect("front").await.expect("it answers");
    assert_eq!(first.map(|it| it.copy), Some(0));
    client.run(&["DEL", "shop:k:front", "shop:c1:front"]);
    let found = cache.inspect("front").await.expect("it answers");
    let found = found.expect("another copy");
    assert!(
        found.copy > 1 && matches!(found.content, Content::Value(_)),
        "{found:?}"
    );
}

#[tokio::test]
async fn without_redis_there_is_nothing_to_look_at() {
    let alone = Cache::builder().build().await.expect("a valid set-up");
    assert_eq!(alone.inspect("k").await, Err(QueryError::NoServer));
}

#[tokio::test]
async fn the_names_of_other_entries_are_told() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let inner = Policy::new().ttl(Duration::from_secs(60));
    for _ in 0..2 {
        // The second time, the inner entry is known to be taken by others.
        cache.invalidate("page").await;
        let page = cache.get_or_compute("page", &inner, || async {
            cache
                .get_or_compute("user:7", &inner, || async { 7_u64 })
                .await
        });
        page.await;
    }
    cachekit_tests::until("the page is in Redis", || cache.stats().redis.stores >= 2).await;
    let page = value(&cache, "page").await;
    let is_inner = |it: &&cachekit::Dependency| it.kind == DependencyKind::Entry;
    let inner = page.dependencies.iter().find(is_inner).expect("the user");
    assert_eq!(
        (&*inner.name, inner.state),
        ("user:7", DependencyState::Current)
    );
    cache.invalidate("user:7").await;
    let page = value(&cache, "page").await;
    let inner = page.dependencies.iter().find(is_inner).expect("the user");
    assert_eq!(inner.state, DependencyState::Invalidated);
}
