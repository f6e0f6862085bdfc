//! Redis servers that do not answer.

use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble};
use cachekit::{BreakerState, QueuedWrite, cached, testing, write_behind};
use cachekit_tests::proxy::{Direction, Proxy};
use cachekit_tests::redis::Redis;
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
