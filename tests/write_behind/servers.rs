//! Redis servers that do not answer, refuse, or are replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble};
use cachekit::{BreakerState, Cache, QueueError, QueuedWrite, cached, testing, write_behind};
use cachekit_tests::cluster::{Cluster, Options};
use cachekit_tests::proxy::{Direction, Proxy};
use cachekit_tests::redis::{Redis, Reply};
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

/// The question for the persistence of the server is not answered, and the write was not sent yet.
#[tokio::test]
async fn a_write_that_was_not_sent_is_not_reported_as_unconfirmed() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let (cache, table) = (strict(&proxy.url()).await, Table::default());
    proxy.swallow_reply_if(|sent| sent.name() == "INFO");
    testing::scope(cache, async {
        let failed = save_mural(&table, 1, "a".into()).await;
        let expected = Failed::Queue(QueueError::Unavailable);
        assert_eq!(failed, Err(expected));
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

/// The queue of a function may be at any master, so one that may lose it is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_master_of_a_cluster_must_keep_queued_writes() {
    let cluster = Cluster::with(&Options {
        args: &["--appendonly", "yes"],
        ..Options::default()
    });
    for (number, setting, wrong, right) in [
        (0, "maxmemory-policy", "allkeys-lru", "noeviction"),
        (1, "maxmemory-policy", "allkeys-lfu", "noeviction"),
        (2, "appendonly", "no", "yes"),
    ] {
        let set = |value| {
            let words = ["CONFIG", "SET", setting, value];
            let reply = cluster.servers[number].client().run(&words);
            assert_eq!(reply, Reply::Text("OK".to_owned()));
        };
        set(wrong);
        let (cache, table) = (strict(&cluster.url()).await, Table::default());
        testing::scope(cache, async {
            let refused = save_mural(&table, 1, "a".into()).await;
            let is_volatile = matches!(refused, Err(Failed::Queue(QueueError::Volatile(_))));
            assert!(is_volatile, "{number}: {refused:?}");
            set(right);
            let saved = save_mural(&table, 1, "a".into()).await;
            assert_eq!(saved, Ok(()), "{number}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_behind_an_open_breaker_is_asked_if_it_keeps_writes() {
    let store = FakeStore::new();
    store.be_volatile(true);
    let builder = cachekit_tests::builder().__store(store.clone());
    let (cache, table) = (builder.build().await.unwrap(), Table::default());
    testing::scope(cache.clone(), async {
        for op in [Op::Read, Op::Versions, Op::Acquire, Op::ReadOrAcquire] {
            store.always(op, Trouble::Late(Duration::from_secs(3_600)));
        }
        for id in 1..100 {
            mural(&table, id).await;
            sleep(Duration::from_millis(10)).await;
        }
        assert_ne!(cache.stats().redis.breaker, BreakerState::Closed);
        let refused = save_mural(&table, 0, "queued".into()).await;
        let is_volatile = matches!(refused, Err(Failed::Queue(QueueError::Volatile(_))));
        assert!(is_volatile, "{refused:?}");
    })
    .await;
}

/// The server does not answer the question in time, and takes the write.
#[tokio::test]
async fn a_late_answer_about_persistence_keeps_no_write_out_of_the_queue() {
    let redis = Redis::start();
    redis.client().run(&["CONFIG", "SET", "appendonly", "yes"]);
    let proxy = Proxy::to(redis.addr());
    let builder = cachekit_tests::builder().redis(&*proxy.url());
    let builder = builder.redis_timeout(Duration::from_secs(2));
    let (cache, table) = (builder.build().await.unwrap(), Table::default());
    testing::scope(cache.clone(), async {
        save_mural(&table, 1, "a".into()).await.unwrap();
        let connections = cache.stats().redis.connections;
        proxy.close_clients();
        until("it is connected anew", || {
            cache.stats().redis.is_up && cache.stats().redis.connections > connections
        })
        .await;
        proxy.clear();
        proxy.hold_if(|sent| sent.name() == "INFO" && sent.args.len() == 1);
        let saving = save_mural(&table, 2, "b".into());
        let answering = async {
            until("the write is sent", || {
                proxy.log().iter().any(|sent| sent.mentions(":wb:{"))
            })
            .await;
            proxy.release();
        };
        let (saved, ()) = tokio::join!(saving, answering);
        saved.unwrap();
    })
    .await;
}
