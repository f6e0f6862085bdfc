//! Queued writes of write-behind functions, encrypted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{
    Cache, DeadWrite, EncryptionKeys, QueueError, QueuedWrite, cached, testing, write_behind,
};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;

use crate::world::{built, clear, keys, shows, until, with};

/// A table in the place of a database, which may refuse.
#[derive(Debug, Clone, Default)]
struct Table {
    rows: Arc<Mutex<Vec<(String, String)>>>,
    refuses: Arc<Mutex<bool>>,
}

#[cached(key = "note:{user}", name = "notes::get", skip(table))]
async fn note(table: &Table, user: String) -> Option<String> {
    let rows = table.rows.lock().expect("no panic");
    let mut found = rows.iter().filter(|(of, _)| *of == user);
    found.next_back().map(|(_, text)| text.clone())
}

#[write_behind(
    note(_, user),
    value = text,
    name = "notes::save",
    skip(table),
    every = "20ms",
    retries = 0
)]
async fn save(
    table: &Table,
    user: String,
    text: String,
    _write: QueuedWrite,
) -> Result<(), Refused> {
    if *table.refuses.lock().expect("no panic") {
        return Err(Refused(format!("no room for {text}")));
    }
    table.rows.lock().expect("no panic").push((user, text));
    Ok(())
}

#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<QueueError> for Refused {
    fn from(error: QueueError) -> Self {
        Self(error.to_string())
    }
}

/// All keys and values of the queues, one after the other.
fn content(redis: &Redis) -> Vec<u8> {
    let mut client = redis.client();
    let mut all = vec![];
    for key in client.keys("*") {
        all.extend(key.as_bytes());
        all.push(b'\n');
        all.extend(client.bulk(&["DUMP", &key]).unwrap_or_default());
    }
    all
}

async fn queue(cache: &Cache, table: &Table, user: &str, text: &str) {
    let saving = save(table, user.to_owned(), text.to_owned());
    testing::scope(cache.clone(), saving)
        .await
        .expect("it is queued");
}

/// The dead writes, once there are any.
async fn dead(cache: &Cache) -> Vec<DeadWrite> {
    loop {
        let found = cache
            .dead_writes("notes::save", 10)
            .await
            .expect("it succeeds");
        if !found.is_empty() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_queued_write_is_hidden_read_and_carried_out() {
    for hashes in [false, true] {
        let redis = Redis::with(&["--rdbcompression", "no"]);
        let (cache, table) = (
            built(with(&redis, keys()).hash_keys(hashes)).await,
            Table::default(),
        );
        queue(&cache, &table, "ann", "first words").await;
        queue(&cache, &table, "ann", "last words").await;
        let seen = content(&redis);
        assert!(!shows(&seen, "words"), "hashes: {hashes}");
        assert_eq!(
            shows(&seen, "ann"),
            !hashes,
            "names are visible without hashes"
        );
        let read = testing::scope(cache.clone(), note(&table, "ann".to_owned())).await;
        assert_eq!(read.as_deref(), Some("last words"));
        let workers = cache
            .workers()
            .provide(table.clone())
            .start()
            .await
            .expect("it is there");
        cache.flush().await.expect("it succeeds");
        let last = ("ann".to_owned(), "last words".to_owned());
        assert_eq!(*table.rows.lock().expect("no panic"), [last], "coalesced");
        workers.stop().await;
        assert!(!shows(&content(&redis), "words"));
    }
}

#[tokio::test]
async fn a_dead_write_is_hidden_shown_and_replayed() {
    let redis = Redis::with(&["--rdbcompression", "no"]);
    let cache = built(with(&redis, keys()).hash_keys(true)).await;
    let table = Table::default();
    *table.refuses.lock().expect("no panic") = true;
    queue(&cache, &table, "ann", "first words").await;
    let workers = cache
        .workers()
        .provide(table.clone())
        .start()
        .await
        .expect("it is there");
    let found = dead(&cache).await;
    let [write] = &found[..] else {
        panic!("one dead write: {found:?}");
    };
    assert_eq!(write.key, "note:ann");
    assert!(
        write.reason.contains("no room for first words"),
        "{write:?}"
    );
    let seen = content(&redis);
    for secret in ["words", "ann", "room"] {
        assert!(!shows(&seen, secret), "{secret}");
    }
    *table.refuses.lock().expect("no panic") = false;
    cache
        .replay_dead_write("notes::save", &write.id)
        .await
        .expect("it is there");
    until("it is carried out", || {
        !table.rows.lock().expect("no panic").is_empty()
    })
    .await;
    workers.stop().await;
}

/// A worker without the key cannot read a write, and puts it aside. A worker with the key can.
#[tokio::test]
async fn a_write_without_its_key_is_not_lost() {
    let redis = Redis::start();
    let table = Table::default();
    let one = built(with(&redis, keys())).await;
    queue(&one, &table, "ann", "last words").await;
    let other = EncryptionKeys::new("two", [2; 32]);
    let other = built(with(&redis, other)).await;
    let workers = other
        .workers()
        .provide(table.clone())
        .start()
        .await
        .expect("it is there");
    let found = dead(&one).await;
    workers.stop().await;
    assert!(
        table.rows.lock().expect("no panic").is_empty(),
        "it could not be read"
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reason, "(encrypted)", "by the other key");
    one.replay_dead_write("notes::save", &found[0].id)
        .await
        .expect("it is there");
    let workers = one
        .workers()
        .provide(table.clone())
        .start()
        .await
        .expect("it succeeds");
    one.flush().await.expect("it succeeds");
    let last = ("ann".to_owned(), "last words".to_owned());
    assert_eq!(*table.rows.lock().expect("no panic"), [last]);
    workers.stop().await;
}

/// Waits until the queues are empty. A write that is repeated for ever fails the test.
async fn flush(cache: &Cache) {
    let flushed = tokio::time::timeout(Duration::from_secs(20), cache.flush()).await;
    flushed.expect("it ends").expect("it succeeds");
}

/// Somebody without the keys queued `ann`'s note, and somebody with another key `bob`'s.
async fn forged(redis: &Redis, hashes: bool, is_trusting: bool) -> (Cache, Table) {
    let forger = built(clear(redis)).await;
    queue(&forger, &Table::default(), "ann", "forged words").await;
    let other = EncryptionKeys::new("one", [2; 32]).names([8; 32]);
    let other = built(with(redis, other).hash_keys(hashes)).await;
    queue(&other, &Table::default(), "bob", "forged words").await;
    let mut settings = with(redis, keys()).hash_keys(hashes);
    if is_trusting {
        settings = settings.seed(Fault::TrustClearWrite);
    }
    (built(settings).await, Table::default())
}

#[tokio::test]
async fn a_forged_write_is_neither_read_nor_carried_out() {
    for hashes in [false, true] {
        let redis = Redis::start();
        let (cache, table) = forged(&redis, hashes, false).await;
        for user in ["ann", "bob"] {
            let read = testing::scope(cache.clone(), note(&table, user.to_owned())).await;
            assert_eq!(read, None, "{user}");
        }
        queue(&cache, &table, "eve", "last words").await;
        let workers = cache.workers().provide(table.clone()).start();
        let workers = workers.await.expect("it is there");
        flush(&cache).await;
        // A write that is carried out again and again would go on.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut found = dead(&cache).await;
        found.sort_by(|one, other| one.key.cmp(&other.key));
        let shown: Vec<_> = found
            .iter()
            .map(|it| (&*it.key, it.payload.len()))
            .collect();
        let keys = if hashes {
            [("(encrypted)", 0), ("(not encrypted) note:ann", 0)]
        } else {
            [("note:ann", 0), ("note:bob", 0)]
        };
        assert_eq!(shown, keys);
        let in_clear = found
            .iter()
            .filter(|it| it.reason.contains("not encrypted"));
        assert_eq!(in_clear.count(), 1, "{found:?}");
        let last = ("eve".to_owned(), "last words".to_owned());
        assert_eq!(*table.rows.lock().expect("no panic"), [last]);
        for write in found {
            let dropped = cache.drop_dead_write("notes::save", &write.id).await;
            assert!(dropped.expect("it succeeds"), "{write:?}");
        }
        workers.stop().await;
    }
}

#[tokio::test]
async fn a_cache_that_trusts_writes_in_clear_is_found_out() {
    let redis = Redis::start();
    let (cache, table) = forged(&redis, false, true).await;
    let read = testing::scope(cache.clone(), note(&table, "ann".to_owned())).await;
    assert_eq!(read.as_deref(), Some("forged words"));
    let workers = cache.workers().provide(table.clone()).start();
    let workers = workers.await.expect("it is there");
    flush(&cache).await;
    let forged = ("ann".to_owned(), "forged words".to_owned());
    assert_eq!(*table.rows.lock().expect("no panic"), [forged]);
    workers.stop().await;
}

/// With hashes, the key of a write in clear is another one than the key of a write that is encrypted.
#[tokio::test]
async fn a_write_under_a_key_in_clear_touches_no_other_write() {
    let redis = Redis::start();
    let (cache, table) = forged(&redis, true, false).await;
    queue(&cache, &table, "ann", "last words").await;
    let workers = cache.workers().provide(table.clone()).start();
    let workers = workers.await.expect("it is there");
    flush(&cache).await;
    let last = ("ann".to_owned(), "last words".to_owned());
    assert_eq!(*table.rows.lock().expect("no panic"), [last]);
    let found = dead(&cache).await;
    for write in &found {
        let replayed = cache.replay_dead_write("notes::save", &write.id).await;
        assert!(replayed.expect("it is there"));
    }
    flush(&cache).await;
    assert_eq!(dead(&cache).await.len(), found.len());
    assert_eq!(table.rows.lock().expect("no panic").len(), 1);
    workers.stop().await;
}
