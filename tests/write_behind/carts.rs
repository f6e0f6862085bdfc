//! Writes of which the newest of each key counts.

use std::sync::Arc;
use std::time::Duration;

use cachekit::{QueueError, QueuedWrite, cached, testing, write_behind};
use cachekit_tests::redis::Redis;
use cachekit_tests::{Gate, settle};

use crate::world::{Failed, Table, memory, over, start};

#[cached(key = "cart:{user}", skip(table))]
async fn get_cart(table: &Table, user: u64) -> Option<String> {
    table.read(user)
}

#[write_behind(get_cart(_, user), value = cart, skip(table), every = "100ms", retries = 2)]
async fn save_cart(
    table: &Table,
    user: u64,
    cart: String,
    write: QueuedWrite,
) -> Result<(), Failed> {
    table.write(user, &cart, write)
}

async fn get(table: &Table, user: u64) -> String {
    get_cart(table, user).await.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_write_is_read_at_once_and_carried_out_later() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        assert_eq!(get(&table, 1).await, "");
        save_cart(&table, 1, "apple".into()).await.unwrap();
        assert_eq!(get(&table, 1).await, "apple");
        assert_eq!(table.values(), []);
        assert_eq!(table.reads(), 1, "the queued value is newer than the table");
        start(&cache, &table).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(table.values(), [(1, "apple".to_owned())]);
        assert_eq!(get(&table, 1).await, "apple");
        get_cart::entry(1).invalidate().await;
        assert_eq!(get(&table, 1).await, "apple");
        assert_eq!(table.reads(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_write_of_a_key_replaces_the_older_ones() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        for number in 0..10 {
            save_cart(&table, 1, format!("v{number}")).await.unwrap();
            assert_eq!(get(&table, 1).await, format!("v{number}"));
        }
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        assert_eq!(table.log(), [(1, "v9".to_owned())]);
    })
    .await;
}

/// The entry is dropped by something else meanwhile.
#[tokio::test(start_paused = true)]
async fn a_queued_value_is_read_after_the_entry_was_invalidated() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        save_cart(&table, 1, "apple".into()).await.unwrap();
        for _ in 0..3 {
            assert_eq!(get(&table, 1).await, "apple");
            cache.clear().await;
        }
        assert_eq!(table.reads(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_poison_write_is_put_aside_and_holds_up_no_other_key() {
    let (cache, table) = (memory().await, Table::default());
    table.poison("bad");
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        save_cart(&table, 1, "bad".into()).await.unwrap();
        save_cart(&table, 2, "good".into()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(table.values(), [(2, "good".to_owned())]);
        assert_eq!(get(&table, 1).await, "bad", "it is queued");
        // Others succeed meanwhile.
        for _ in 0..100 {
            save_cart(&table, 2, "good".into()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let name = queue(&cache);
        let dead = cache.dead_writes(&name, 10).await.unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!((&*dead[0].key, dead[0].attempts), ("cart:1", 3));
        assert_eq!(dead[0].reason, "the row is not valid");
        assert_eq!(get(&table, 1).await, "", "it was given up");
        table.heal();
        assert!(!cache.replay_dead_write(&name, "77").await.unwrap());
        assert!(cache.replay_dead_write(&name, &dead[0].id).await.unwrap());
        cache.flush().await.unwrap();
        assert_eq!(table.values()[0], (1, "bad".to_owned()));
        assert!(cache.dead_writes(&name, 10).await.unwrap().is_empty());
    })
    .await;
}

fn queue(cache: &cachekit::Cache) -> String {
    let queues = cache.stats().queues;
    let of_carts = queues.iter().find(|it| it.function.ends_with("save_cart"));
    of_carts.expect("a queue").function.clone()
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_carries_out_what_only_memory_has() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        for user in 0..100 {
            save_cart(&table, user, "apple".into()).await.unwrap();
        }
        let report = cache.shutdown().await;
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(table.values().len(), 100);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_without_workers_reports_what_is_lost() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        save_cart(&table, 1, "apple".into()).await.unwrap();
        assert_eq!(cache.shutdown().await.queued_writes, 1);
    })
    .await;
}

#[tokio::test]
async fn workers_want_everything_that_is_not_queued() {
    let cache = memory().await;
    let error = cache.workers().start().await.expect_err("no table");
    let text = error.to_string();
    assert!(text.contains("save_cart"), "{text}");
    assert!(
        text.contains("`table: write_behind::world::Table`"),
        "{text}"
    );
    assert!(text.contains("provide(..)"), "{text}");
}

#[tokio::test]
async fn a_call_inside_of_a_transaction_is_refused() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache, async {
        let saved = cachekit::deferred(save_cart(&table, 1, "apple".into())).await;
        assert_eq!(saved, Err(Failed::Queue(QueueError::InTransaction)));
    })
    .await;
}

#[tokio::test]
async fn two_nodes_share_a_queue_in_redis() {
    let redis = Redis::start();
    let table = Table::default();
    let (one, other) = (over(&redis).await, over(&redis).await);
    testing::scope(other.clone(), async {
        assert_eq!(get(&table, 1).await, "");
    })
    .await;
    testing::scope(one.clone(), async {
        save_cart(&table, 1, "apple".into()).await.unwrap();
        assert_eq!(get(&table, 1).await, "apple");
    })
    .await;
    testing::scope(other.clone(), async {
        cachekit_tests::until("the message has come", || other.stats().redis.messages > 0).await;
        assert_eq!(get(&table, 1).await, "apple");
        start(&other, &table).await;
        one.flush().await.unwrap();
        assert_eq!(table.values(), [(1, "apple".to_owned())]);
        assert_eq!(table.reads(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_may_lose_the_queue_is_refused() {
    let redis = Redis::start();
    let cache = cachekit_tests::builder()
        .redis(redis.url())
        .build()
        .await
        .unwrap();
    let table = Table::default();
    let workers = cache.workers().provide(table.clone());
    let started = workers.provide(Arc::new(Gate::new())).start().await;
    let text = started.expect_err("no append-only file").to_string();
    assert!(text.contains("appendonly yes"), "{text}");
    testing::scope(cache, async {
        let saved = save_cart(&table, 1, "apple".into()).await;
        assert!(matches!(saved, Err(Failed::Queue(QueueError::Volatile(_)))));
    })
    .await;
}

#[cached(key = "basket:{user}", skip(table), tags = ["size:{ret.len()}"])]
async fn get_basket(table: &Table, user: u64) -> Result<Vec<String>, Failed> {
    let all = table.read(user).unwrap_or_default();
    Ok(all.split_whitespace().map(str::to_owned).collect())
}

/// The basket of a user.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Basket {
    user: u64,
    items: Vec<String>,
}

#[write_behind(get_basket(_, basket.user), value = basket.items, newest(basket in baskets), skip(table), every = "100ms", retries = 0)]
async fn save_baskets(
    table: &Table,
    mut baskets: Vec<Basket>,
    writes: Vec<QueuedWrite>,
) -> Result<(), Failed> {
    baskets.reverse();
    for (basket, write) in baskets.iter().zip(writes.iter().rev()) {
        table.write(basket.user, &basket.items.join(" "), *write)?;
    }
    Ok(())
}

fn basket(user: u64, items: &str) -> Basket {
    let items = items.split_whitespace().map(str::to_owned).collect();
    Basket { user, items }
}

/// The entries have a tag made of the value, and the value is in an `Ok`.
#[tokio::test(start_paused = true)]
async fn many_writes_of_one_call_replace_their_entries() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        for user in 1..=2 {
            assert!(get_basket(&table, user).await.unwrap().is_empty());
        }
        let baskets = vec![basket(1, "a b"), basket(2, "c d")];
        save_baskets(&table, baskets).await.unwrap();
        assert_eq!(get_basket(&table, 2).await.unwrap(), ["c", "d"]);
        assert_eq!(get_basket(&table, 1).await.unwrap(), ["a", "b"]);
        assert_eq!(table.reads(), 2);
        assert_eq!(cache.stats().computations, 2, "the queue gave the others");
        let hits = cache.stats().memory_hits;
        get_basket(&table, 1).await.unwrap();
        assert_eq!(cache.stats().memory_hits, hits + 1);
        cache.invalidate_tags(["size:2"]).await;
        get_basket(&table, 1).await.unwrap();
        assert_eq!(
            cache.stats().memory_hits,
            hits + 1,
            "the tag is the value's"
        );
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        assert_eq!(table.values()[1], (2, "c d".to_owned()));
    })
    .await;
}

/// The entry has the value that the table had without the write.
#[tokio::test(start_paused = true)]
async fn a_replayed_write_invalidates_its_entry() {
    let (cache, table) = (memory().await, Table::default());
    table.poison("a b");
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        let baskets = vec![basket(1, "a b")];
        save_baskets(&table, baskets).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let name = "write_behind::carts::save_baskets";
        assert_eq!(cache.functions_with_dead_writes().await.unwrap(), [name]);
        let dead = cache.dead_writes(name, 10).await.unwrap();
        assert!(get_basket(&table, 1).await.unwrap().is_empty());
        table.heal();
        assert!(cache.replay_dead_write(name, &dead[0].id).await.unwrap());
        // The table may have had a newer value, so the queued one is not shown.
        assert!(get_basket(&table, 1).await.unwrap().is_empty());
        cache.flush().await.unwrap();
        settle().await;
        assert_eq!(get_basket(&table, 1).await.unwrap(), ["a", "b"]);
        assert!(cache.functions_with_dead_writes().await.unwrap().is_empty());
    })
    .await;
}
