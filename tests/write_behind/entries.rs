//! Entries of writes that are put aside or queued again, whatever happens on the way.

use std::sync::atomic::{AtomicBool, Ordering};

use cachekit::{Cache, QueuedWrite, cached, testing, write_behind};
use cachekit_tests::proxy::{Proxy, Sent};
use cachekit_tests::redis::Redis;

use crate::world::{Failed, Table, memory, over, start_one};

#[cached(key = "list:{id}", skip(table))]
async fn get_list(table: &Table, id: u64) -> String {
    table.read(id).unwrap_or_default()
}

#[write_behind(get_list(_, id), value = list, skip(table), every = "20ms", retries = 0)]
async fn save_list(table: &Table, id: u64, list: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &list, write)
}

const SAVE_LIST: &str = "write_behind::entries::save_list";

/// Returns what a process reads that has nothing in its memory.
async fn read_elsewhere(redis: &Redis, table: &Table) -> String {
    testing::scope(over(redis).await, get_list(table, 1)).await
}

/// Returns a cache whose questions to Redis pass `proxy`.
async fn behind(proxy: &Proxy) -> Cache {
    let builder = cachekit_tests::builder().redis(&*proxy.url());
    builder.volatile_queues(true).build().await.unwrap()
}

/// Returns `true` if a command is the operation `op` on a queue.
fn is_op(sent: &Sent, op: &str) -> bool {
    sent.args.iter().any(|arg| arg == op.as_bytes())
}

/// Waits until the worker of `cache` has counted a write that it put aside.
async fn until_put_aside(cache: &Cache) {
    let is_counted = || {
        let queues = cache.stats().queues;
        let queue = queues.iter().find(|it| it.function == SAVE_LIST);
        queue.is_some_and(|it| it.put_aside == 1)
    };
    cachekit_tests::until("a write is put aside", is_counted).await;
}

/// The connection ends with the answer, and the worker asks again.
#[tokio::test]
async fn a_write_counts_as_put_aside_if_the_first_answer_is_lost() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let (cache, table) = (behind(&proxy).await, Table::default());
    table.poison("bad");
    let is_first = AtomicBool::new(true);
    proxy.swallow_reply_if(move |sent| {
        is_op(sent, "bury") && is_first.swap(false, Ordering::SeqCst)
    });
    testing::scope(cache.clone(), async {
        save_list(&table, 1, "bad".into()).await.unwrap();
        assert_eq!(get_list(&table, 1).await, "bad");
        start_one(&cache, &table, SAVE_LIST).await;
        until_put_aside(&cache).await;
        assert_eq!(read_elsewhere(&redis, &table).await, "");
        assert_eq!(cache.dead_writes(SAVE_LIST, 10).await.unwrap().len(), 1);
    })
    .await;
}

/// The worker may die before it puts the write aside, or right afterwards.
#[tokio::test]
async fn a_write_that_is_given_up_is_not_read_even_before_it_is_put_aside() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let (cache, table) = (behind(&proxy).await, Table::default());
    table.poison("bad");
    proxy.hold_if(|sent| is_op(sent, "bury"));
    testing::scope(cache.clone(), async {
        save_list(&table, 1, "bad".into()).await.unwrap();
        assert_eq!(get_list(&table, 1).await, "bad");
        start_one(&cache, &table, SAVE_LIST).await;
        proxy.held().await;
        assert_eq!(read_elsewhere(&redis, &table).await, "");
        proxy.release();
        until_put_aside(&cache).await;
        assert_eq!(cache.dead_writes(SAVE_LIST, 10).await.unwrap().len(), 1);
    })
    .await;
}

/// The worker may die before it removes the write from the queue, or right afterwards.
#[tokio::test]
async fn the_entry_of_a_replayed_write_is_invalidated_before_the_write_is_removed() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let (cache, table) = (behind(&proxy).await, Table::default());
    table.poison("bad");
    testing::scope(cache.clone(), async {
        save_list(&table, 1, "bad".into()).await.unwrap();
        let workers = start_one(&cache, &table, SAVE_LIST).await;
        until_put_aside(&cache).await;
        workers.stop().await;
        table.heal();
        let dead = cache.dead_writes(SAVE_LIST, 10).await.unwrap();
        assert!(
            cache
                .replay_dead_write(SAVE_LIST, &dead[0].id)
                .await
                .unwrap()
        );
        // Until Redis has the value from before the write.
        let mut reads = usize::MAX;
        while table.reads() != reads {
            reads = table.reads();
            assert_eq!(read_elsewhere(&redis, &table).await, "");
        }
        proxy.hold_if(|sent| is_op(sent, "finish"));
        start_one(&cache, &table, SAVE_LIST).await;
        proxy.held().await;
        assert_eq!(read_elsewhere(&redis, &table).await, "bad", "it is written");
        proxy.release();
    })
    .await;
}

#[tokio::test]
async fn dead_writes_are_listed_in_parts() {
    let redis = Redis::start();
    for cache in [memory().await, over(&redis).await] {
        let table = Table::default();
        table.poison("bad");
        testing::scope(cache.clone(), async {
            for id in 0..45 {
                save_list(&table, id, "bad".into()).await.unwrap();
            }
            start_one(&cache, &table, SAVE_LIST).await;
            cache.flush().await.unwrap();
            let all = cache.dead_writes(SAVE_LIST, usize::MAX).await.unwrap();
            let mut keys: Vec<_> = all.iter().map(|it| &it.key).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), 45);
            let next = cache.dead_writes_after(SAVE_LIST, &all[24].id, 18).await;
            assert_eq!(next.unwrap(), all[25..43]);
            let one = cache.dead_write(SAVE_LIST, &all[30].id).await.unwrap();
            assert_eq!(one.as_ref(), Some(&all[30]));
            assert_eq!(cache.dead_write(SAVE_LIST, "nonsense").await, Ok(None));
        })
        .await;
    }
}
