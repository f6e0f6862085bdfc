//! Queued bytes that are not the arguments of the function as it is now, and values that cannot be made.

use std::time::Duration;

use cachekit::{Cache, QueuedWrite, cached, testing, write_behind};
use cachekit_tests::redis::Redis;

use crate::world::{Failed, Table, memory, over, start};

#[cached(key = "shape:{id}", skip(table))]
async fn get_shape(table: &Table, id: u64) -> Option<String> {
    table.read(id)
}

#[write_behind(get_shape(_, id), value = text, skip(table), every = "20ms", retries = 0)]
async fn set_shape(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// In the place of an older version of `set_shape`, with another type.
#[write_behind(key = "old shape:{id}", skip(table), every = "1h")]
async fn set_old_shape(
    table: &Table,
    id: u64,
    text: Option<String>,
    write: QueuedWrite,
) -> Result<(), Failed> {
    table.write(id, &text.unwrap_or_default(), write)
}

const VALUES: &str = "cachekit:wb:{write_behind::unreadable::set_shape}:values";
const OLD_VALUES: &str = "cachekit:wb:{write_behind::unreadable::set_old_shape}:values";

/// Reads the entry, starts workers, and returns the reason for which the only write was put aside.
async fn reason(cache: &Cache, table: &Table) -> String {
    assert_eq!(get_shape(table, 1).await, None, "from the table");
    assert_eq!(table.reads(), 1);
    let name = "write_behind::unreadable::set_shape";
    let workers = cache.workers().provide(table.clone()).functions([name]);
    workers.start().await.unwrap();
    let mut dead = Vec::new();
    while dead.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        dead = cache.dead_writes(name, 10).await.unwrap();
    }
    assert_eq!(table.values(), []);
    assert_eq!((dead.len(), &*dead[0].key), (1, "shape:1"));
    dead.remove(0).reason
}

#[tokio::test]
async fn arguments_of_older_types_are_put_aside() {
    let redis = Redis::start();
    let (cache, table) = (over(&redis).await, Table::default());
    testing::scope(cache.clone(), async {
        set_shape(&table, 1, "new".into()).await.unwrap();
        set_old_shape(&table, 1, Some("old".into())).await.unwrap();
        let copy =
            "redis.call('HSET', KEYS[1], ARGV[1], redis.call('HGET', KEYS[2], ARGV[2])) return 1";
        let words = [
            "EVAL",
            copy,
            "2",
            VALUES,
            OLD_VALUES,
            "shape:1",
            "old shape:1",
        ];
        redis.client().run(&words);
        let reason = reason(&cache, &table).await;
        assert_eq!(reason, "the types of the function's arguments have changed");
    })
    .await;
}

#[tokio::test]
async fn garbage_is_put_aside() {
    for (garbage, expected) in [
        ("", "the bytes are no queued write"),
        ("W1", "the bytes are no queued write"),
        (
            "a foreign text that is long enough",
            "the bytes are no queued write",
        ),
        ("W1\u{1}12345678", "have changed"),
        (
            "W1\u{7f}12345678123",
            "the codec of the write is off in this build",
        ),
    ] {
        let redis = Redis::start();
        let (cache, table) = (over(&redis).await, Table::default());
        testing::scope(cache.clone(), async {
            set_shape(&table, 1, "new".into()).await.unwrap();
            let item = format!("1:{garbage}");
            redis.client().run(&["HSET", VALUES, "shape:1", &item]);
            let reason = reason(&cache, &table).await;
            assert!(reason.contains(expected), "{garbage:?}: {reason}");
        })
        .await;
    }
}

/// The types are right, and the bytes of the codec are not.
#[tokio::test]
async fn bytes_that_end_early_are_put_aside() {
    let redis = Redis::start();
    let (cache, table) = (over(&redis).await, Table::default());
    testing::scope(cache.clone(), async {
        set_shape(&table, 1, "new".into()).await.unwrap();
        let cut = "local value = redis.call('HGET', KEYS[1], ARGV[1]) \
                   redis.call('HSET', KEYS[1], ARGV[1], string.sub(value, 1, -2)) return 1";
        redis.client().run(&["EVAL", cut, "1", VALUES, "shape:1"]);
        let reason = reason(&cache, &table).await;
        assert!(
            reason.starts_with("the bytes cannot be decoded"),
            "{reason}"
        );
    })
    .await;
}

fn made(text: &str) -> String {
    assert_ne!(text, "no value", "the value cannot be made");
    text.to_owned()
}

#[cached(key = "made:{id}", skip(table))]
async fn get_made(table: &Table, id: u64) -> Option<String> {
    table.read(id)
}

#[write_behind(get_made(_, id), value = made(&text), skip(table), every = "100ms")]
async fn set_made(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// A read runs the function then, and the write is carried out all the same.
#[tokio::test(start_paused = true)]
async fn a_value_whose_expression_panics_is_not_served() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        set_made(&table, 1, "no value".into()).await.unwrap();
        assert_eq!(get_made(&table, 1).await, None);
        assert_eq!(table.reads(), 1);
        start(&cache, &table).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(table.values(), [(1, "no value".to_owned())]);
    })
    .await;
}
