//! Redis servers that do not answer, refuse, or are replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble};
use cachekit::{BreakerState, Cache, QueueError, QueuedWrite, cached, testing, write_behind};
use cachekit_tests::proxy::{Direction, Proxy};
use cachekit_tests::redis::Redis;
use cachekit_tests::until;
use tokio::time::sleep;

use crate::world::{Failed, Table};

#[cached(key = "mural:{id}", skip(table))]
async fn mural(table: &Table, id: u64) -> Option<String> {
    table.read(id)
}

#[write_behind(mural(_, id), value = text, skip(table), every = "1h")]
async fn save_mural(
    table: &Table,
    id: u64,
    text: String,
    write: QueuedWrite,
) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// Returns the number of looks into the queue.
fn looks(proxy: &Proxy) -> usize {
    let sent = proxy.log();
    sent.iter().filter(|sent| sent.name() == "HGET").count()
}

/// The look-up of the entry used up the time that the call waits for Redis.
#[tokio::test]
async fn a_miss_that_waited_for_redis_does_not_wait_for_the_queue() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let builder = cachekit_tests::builder().redis(&*proxy.url());
    let builder = builder.redis_timeout(Duration::from_millis(200));
    let cache = builder.volatile_queues(true).build().await.unwrap();
    proxy.clear();
    proxy.black_hole(Direction::ToClient);
    let table = Table::default();
    testing::scope(cache, async {
        assert_eq!(mural(&table, 1).await, None);
        assert_eq!((table.reads(), looks(&proxy)), (1, 0));
    })
    .await;
}

/// The queue would answer, and nobody waits for a server that does not answer.
#[tokio::test(start_paused = true)]
async fn a_read_behind_an_open_breaker_does_not_ask_the_queue() {
    let store = FakeStore::new();
    let builder = cachekit_tests::builder().__store(store.clone());
    let cache = builder.volatile_queues(true).build().await.unwrap();
    let table = Table::default();
    testing::scope(cache.clone(), async {
        save_mural(&table, 0, "queued".into()).await.unwrap();
        for op in [Op::Read, Op::Versions, Op::Acquire, Op::ReadOrAcquire] {
            store.always(op, Trouble::Late(Duration::from_secs(3_600)));
        }
        for id in 1..100 {
            mural(&table, id).await;
            sleep(Duration::from_millis(10)).await;
        }
        assert_ne!(cache.stats().redis.breaker, BreakerState::Closed);
        assert_eq!(mural(&table, 0).await, None, "the source has nothing yet");
    })
    .await;
}

/// A cache that does not accept a server which may lose the queue.
async fn strict(url: &str) -> Cache {
    let builder = cachekit_tests::builder().redis(url);
    builder.build().await.unwrap()
}

/// The server answers the question for its persistence with an error that has another cause.
#[tokio::test]
async fn a_server_that_cannot_be_asked_now_is_asked_again() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let (cache, table) = (strict(&proxy.url()).await, Table::default());
    let refuses = Arc::new(AtomicBool::new(true));
    let is_on = Arc::clone(&refuses);
    proxy.refuse_if(move |sent| sent.name() == "INFO" && is_on.load(Ordering::SeqCst));
    testing::scope(cache, async {
        let save = || save_mural(&table, 1, "a".into());
        let first = save().await;
        let is_refused = matches!(first, Err(Failed::Queue(QueueError::Refused(_))));
        assert!(is_refused, "{first:?}");
        refuses.store(false, Ordering::SeqCst);
        let second = save().await;
        let is_volatile = matches!(second, Err(Failed::Queue(QueueError::Volatile(_))));
        assert!(is_volatile, "{second:?}");
    })
    .await;
}

#[tokio::test]
async fn a_server_with_another_data_set_is_asked_anew() {
    let redis = Redis::start();
    redis.client().run(&["CONFIG", "SET", "appendonly", "yes"]);
    let (cache, table) = (strict(&redis.url()).await, Table::default());
    testing::scope(cache.clone(), async {
        let save = || save_mural(&table, 1, "a".into());
        save().await.unwrap();
        // It starts without the append-only file.
        redis.restart();
        until("it is connected", || cache.stats().redis.is_up).await;
        let refused = loop {
            match save().await {
                Err(Failed::Queue(QueueError::Unavailable | QueueError::Unconfirmed)) => {
                    sleep(Duration::from_millis(5)).await;
                }
                other => break other,
            }
        };
        let is_volatile = matches!(refused, Err(Failed::Queue(QueueError::Volatile(_))));
        assert!(is_volatile, "{refused:?}");
    })
    .await;
}
