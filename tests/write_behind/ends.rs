//! Writes that take long, sources that are away for long, and reads that cannot see the queue.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cachekit::{QueuedWrite, cached, testing, write_behind};
use cachekit_tests::proxy::{Proxy, Sent};
use cachekit_tests::redis::Redis;

use crate::world::{Failed, Table, memory, over, start, start_one};

/// The numbers of running writes by key, and the writes that ended, each with its key.
#[derive(Default)]
struct Running {
    by_key: Mutex<BTreeMap<u64, usize>>,
    ended: Mutex<Vec<(u64, u64)>>,
}

static RUNNING: std::sync::LazyLock<Running> = std::sync::LazyLock::new(Running::default);

#[write_behind(key = "slow:{id}", each, every = "100ms")]
async fn slow(id: u64, number: u64) -> Result<(), Failed> {
    let enter = |by: isize| {
        let mut by_key = RUNNING.by_key.lock().unwrap();
        let running = by_key.entry(id).or_default();
        *running = running.checked_add_signed(by).unwrap();
        *running
    };
    let together = enter(1);
    tokio::time::sleep(Duration::from_secs(3)).await;
    enter(-1);
    assert_eq!(together, 1, "two writes of one key run");
    RUNNING.ended.lock().unwrap().push((id, number));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_writes_of_a_key_never_run_at_the_same_time() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        for number in 0..5 {
            for id in 0..3 {
                slow(id, number).await.unwrap();
            }
        }
        start(&cache, &table).await;
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        let ended = RUNNING.ended.lock().unwrap().clone();
        assert_eq!(ended.len(), 15, "each once");
        for id in 0..3 {
            let of_key = ended.iter().filter(|it| it.0 == id).map(|it| it.1);
            assert!(of_key.is_sorted(), "{id}");
        }
        let stats = cache.stats();
        let queue = stats.queues.iter().find(|it| it.function.ends_with("slow"));
        assert_eq!(queue.unwrap().failures, 0);
    })
    .await;
}

#[write_behind(key = "row:{id}", skip(table), every = "100ms", retries = 2)]
async fn save(table: &Table, id: u64, text: &str, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, text, write)
}

const SAVE: &str = "write_behind::ends::save";

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_for_long_puts_nothing_aside() {
    let (cache, table) = (memory().await, Table::default());
    table.set_down(true);
    testing::scope(cache.clone(), async {
        start_one(&cache, &table, SAVE).await;
        for id in 0..20 {
            save(&table, id, "a").await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(20 * 60)).await;
        table.set_down(false);
        cache.flush().await.unwrap();
        assert_eq!(table.values().len(), 20);
        assert!(cache.dead_writes(SAVE, 10).await.unwrap().is_empty());
    })
    .await;
}

/// Nothing else succeeds, so it takes longer until the write is given up.
#[tokio::test(start_paused = true)]
async fn a_lone_poison_write_is_put_aside_in_the_end() {
    let (cache, table) = (memory().await, Table::default());
    table.poison("bad");
    testing::scope(cache.clone(), async {
        start_one(&cache, &table, SAVE).await;
        save(&table, 1, "bad").await.unwrap();
        tokio::time::sleep(Duration::from_secs(30 * 60)).await;
        assert!(cache.dead_writes(SAVE, 10).await.unwrap().is_empty());
        tokio::time::sleep(Duration::from_secs(60 * 60)).await;
        assert_eq!(cache.dead_writes(SAVE, 10).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_reports_the_writes_that_a_source_did_not_take() {
    let (cache, table) = (memory().await, Table::default());
    table.set_down(true);
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        for id in 0..3 {
            save(&table, id, "a").await.unwrap();
        }
        assert_eq!(cache.shutdown().await.queued_writes, 3);
        let refused = save(&table, 4, "a").await;
        let is_closed = Err(Failed::Queue(cachekit::QueueError::ShutDown));
        assert_eq!(refused, is_closed, "nothing would carry it out");
    })
    .await;
}

#[cached(key = "count:{id}")]
async fn count(id: u64) -> u64 {
    id + 100
}

#[write_behind(count(id), value = 0)]
async fn reset(id: u64) -> Result<(), Failed> {
    assert!(id < 10);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_literal_has_the_type_of_the_entry() {
    testing::scope(memory().await, async {
        assert_eq!(count(1).await, 101);
        reset(1).await.unwrap();
        assert_eq!(count(1).await, 0);
    })
    .await;
}

#[cached(key = "note:{id}", skip(table))]
async fn note(table: &Table, id: u64) -> String {
    table.read(id).unwrap_or_default()
}

#[write_behind(note(_, id), value = text.to_owned(), skip(table), every = "1h")]
async fn save_note(table: &Table, id: u64, text: &str, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, text, write)
}

/// The value of the function's body is older than the queued one, so nobody keeps it.
#[tokio::test]
async fn a_read_that_cannot_see_the_queue_stores_nothing() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let builder = cachekit_tests::builder().redis(&*proxy.url());
    let cache = builder.volatile_queues(true).build().await.unwrap();
    let table = Table::default();
    testing::scope(cache.clone(), async {
        save_note(&table, 1, "new").await.unwrap();
        let refuses = Arc::new(AtomicBool::new(true));
        let is_on = Arc::clone(&refuses);
        proxy.refuse_if(move |sent| sent.name() == "HGET" && is_on.load(Ordering::SeqCst));
        assert_eq!(note(&table, 1).await, "", "the source has nothing yet");
        refuses.store(false, Ordering::SeqCst);
        assert_eq!(note(&table, 1).await, "new");
    })
    .await;
}

/// A look at all keys of a long queue is dear.
#[tokio::test]
async fn a_flush_hastens_a_queue_once_however_long_it_waits() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let builder = cachekit_tests::builder().redis(&*proxy.url());
    let cache = builder.volatile_queues(true).build().await.unwrap();
    let table = Table::default();
    let asked = |op: &str| {
        let log = proxy.log().into_iter();
        let of_notes = log.filter(|sent| sent.mentions("save_note"));
        let is_op = |sent: &Sent| sent.args.iter().any(|arg| arg == op.as_bytes());
        of_notes.filter(is_op).count()
    };
    testing::scope(cache.clone(), async {
        save_note(&table, 1, "new").await.unwrap();
        tokio::select! {
            flushed = cache.flush() => panic!("no worker runs: {flushed:?}"),
            () = cachekit_tests::until("it has looked often", || asked("state") > 4) => {}
        }
        assert_eq!(asked("hasten"), 1);
    })
    .await;
}

/// What is carried out frees the server's memory.
#[tokio::test]
async fn a_redis_without_memory_lets_its_queue_be_carried_out() {
    let redis = Redis::start();
    let (cache, table) = (over(&redis).await, Table::default());
    testing::scope(cache.clone(), async {
        for id in 0..5 {
            save(&table, id, "a").await.unwrap();
        }
        redis.client().run(&["CONFIG", "SET", "maxmemory", "1"]);
        let refused = save(&table, 5, "a").await;
        assert!(matches!(refused, Err(Failed::Queue(_))), "{refused:?}");
        start(&cache, &table).await;
        cachekit_tests::until("all are written", || table.values().len() == 5).await;
    })
    .await;
}
