//! The report to a caller if Redis accepted its invalidations.

use cachekit::testing::{FakeStore, Op, Trouble, scope};
use cachekit::{Cache, Delivery, cached, deferred, invalidates, with_delivery, write_through};

use crate::world::{node, policy, sleep};

const UNSENT: [Trouble; 4] = [
    Trouble::Unavailable,
    Trouble::Rejected("READONLY"),
    Trouble::Lost,
    Trouble::AnswerLost,
];

#[cached(key = "delivered:{id}")]
async fn stock(id: u64) -> u64 {
    id
}

#[invalidates(stock(id))]
async fn sell(id: u64) -> Result<(), String> {
    Ok(())
}

#[invalidates(stock(id), ack)]
async fn sell_everywhere(id: u64) -> Result<(), String> {
    Ok(())
}

#[invalidates(stock(id))]
fn sell_now(id: u64) {}

#[write_through(stock(id))]
async fn refill(id: u64) -> Result<u64, String> {
    Ok(9)
}

async fn many() -> Result<(), String> {
    sell(1).await?;
    refill(2).await.map(drop)
}

async fn delivery<T>(write: impl Future<Output = T>) -> Delivery {
    Box::pin(with_delivery(write)).await.1
}

async fn soft(cache: &Cache) {
    cache.invalidation().keys(["row"]).soft().await;
}

/// Every way to write that waits, with its delivery.
async fn each(cache: &Cache) -> Vec<(&'static str, Delivery)> {
    Box::pin(scope(cache.clone(), all(cache))).await
}

async fn all(cache: &Cache) -> Vec<(&'static str, Delivery)> {
    vec![
        ("invalidates", delivery(sell(1)).await),
        ("ack", delivery(sell_everywhere(1)).await),
        ("write_through", delivery(refill(1)).await),
        ("deferred", delivery(deferred(many())).await),
        ("key", delivery(cache.invalidate("row")).await),
        ("tags", delivery(cache.invalidate_tags(["rows"])).await),
        ("event", delivery(cache.emit("changed")).await),
        ("clear", delivery(cache.clear()).await),
        ("builder", delivery(soft(cache)).await),
        ("entry", delivery(stock::entry(1).invalidate()).await),
        ("put", delivery(cache.put("row", 1, &policy())).await),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_redis_accepts_is_accepted() {
    let cache = node(&FakeStore::new()).await;
    for (way, delivery) in each(&cache).await {
        assert_eq!(delivery, Delivery::Accepted, "{way}");
    }
    assert!(Delivery::Accepted.is_accepted() && !Delivery::Queued.is_accepted());
}

#[tokio::test(start_paused = true)]
async fn without_redis_everything_is_accepted() {
    let cache = cachekit_tests::builder().build().await.expect("right");
    for (way, delivery) in each(&cache).await {
        assert_eq!(delivery, Delivery::Accepted, "{way}");
    }
    let sold = scope(cache, delivery(async { sell_now(1) }));
    assert_eq!(sold.await, Delivery::Accepted);
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_outbox_is_queued() {
    for trouble in UNSENT {
        let store = FakeStore::new();
        let cache = node(&store).await;
        for op in [Op::Invalidate, Op::Fill] {
            store.always(op, trouble);
        }
        for (way, delivery) in each(&cache).await {
            assert_eq!(delivery, Delivery::Queued, "{way}: {trouble:?}");
        }
        let (result, _) = scope(cache.clone(), with_delivery(sell(1))).await;
        assert_eq!(result, Ok(()));
        store.heal();
        sleep(2_000).await;
        assert_eq!(cache.stats().redis.queued_invalidations, 0);
        let again = scope(cache.clone(), delivery(sell(1)));
        assert_eq!(again.await, Delivery::Accepted);
    }
}

/// A synchronous function does not wait for Redis.
#[tokio::test(start_paused = true)]
async fn what_is_sent_in_the_background_is_queued() {
    let cache = node(&FakeStore::new()).await;
    let sold = scope(cache, delivery(async { sell_now(1) }));
    assert_eq!(sold.await, Delivery::Queued);
}

#[tokio::test(start_paused = true)]
async fn every_enclosing_scope_is_told_and_no_other() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let both = Box::pin(with_delivery(async {
        store.once(Op::Invalidate, Trouble::Unavailable);
        let first = delivery(sell(1)).await;
        (first, delivery(sell(2)).await)
    }));
    let ((first, second), outer) = scope(cache.clone(), both).await;
    let expected = (Delivery::Queued, Delivery::Accepted, Delivery::Queued);
    assert_eq!((first, second, outer), expected);
    // Another task is not of the scope.
    store.once(Op::Invalidate, Trouble::Unavailable);
    let spawned = delivery(async {
        let cache = cache.clone();
        tokio::spawn(async move { cache.invalidate("row").await }).await
    });
    assert_eq!(spawned.await, Delivery::Accepted);
    assert_eq!(cache.stats().redis.failures, 2);
}

/// The transaction may end long after the scope.
#[tokio::test(start_paused = true)]
async fn what_waits_for_the_end_of_a_transaction_is_queued() {
    let cache = node(&FakeStore::new()).await;
    let transaction = Box::pin(deferred(async {
        let inner = delivery(sell(1)).await;
        let nested = delivery(deferred(many())).await;
        let at_once = delivery(cache.invalidate("row")).await;
        Ok::<_, String>((inner, nested, at_once))
    }));
    let (ended, outer) = scope(cache.clone(), with_delivery(transaction)).await;
    let expected = (Delivery::Queued, Delivery::Queued, Delivery::Accepted);
    assert_eq!(ended, Ok(expected));
    assert_eq!(outer, Delivery::Accepted, "they were accepted at its end");
}

/// Reads that fail to store what they computed are no writes.
#[tokio::test(start_paused = true)]
async fn reads_do_not_count() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    for op in [Op::Read, Op::ReadOrAcquire, Op::Acquire, Op::Fill] {
        store.always(op, Trouble::Lost);
    }
    let read = scope(cache.clone(), delivery(stock(5)));
    assert_eq!(read.await, Delivery::Accepted);
    assert!(cache.stats().redis.failures > 0);
}
