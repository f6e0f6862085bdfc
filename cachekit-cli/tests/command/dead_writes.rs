//! `dead-writes`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachekit::{Cache, QueueError, cached, testing, write_behind};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use serde_json::Value;

use crate::{command, ended, run};

#[cached(key = "saved:{id}")]
async fn get_saved(id: u64) -> String {
    format!("{id} in the table")
}

/// The state of the table: `true` if it is down.
type IsDown = Arc<AtomicBool>;

/// The reason has a control character, as data of users may.
#[write_behind(
    get_saved(id),
    value = name,
    skip(is_down),
    retries = 0,
    every = "20ms",
    codec = json,
    name = "shop::save"
)]
async fn save(is_down: &IsDown, id: u64, name: String) -> Result<(), QueueError> {
    let _ = (id, name);
    if is_down.load(Ordering::SeqCst) {
        return Err(QueueError::Refused("the table\nis down".to_owned()));
    }
    Ok(())
}

#[write_behind(
    key = "count:{id}",
    each,
    skip(is_down),
    retries = 0,
    every = "20ms",
    name = "shop::count"
)]
async fn count(is_down: &IsDown, id: u64) -> Result<(), QueueError> {
    let _ = id;
    if is_down.load(Ordering::SeqCst) {
        return Err(QueueError::Full);
    }
    Ok(())
}

/// Returns a cache with three dead writes, and the state of their table.
pub(crate) async fn with_dead_writes(redis: &Redis) -> (Cache, IsDown) {
    let builder = Cache::builder().namespace("shop").redis(redis.url());
    let cache = builder.volatile_queues(true).build().await;
    let (cache, is_down) = (cache.expect("a valid set-up"), IsDown::new(true.into()));
    testing::scope(cache.clone(), async {
        for (id, name) in [(1, "lamp"), (2, "cup")] {
            let saved = save(&is_down, id, name.to_owned()).await;
            saved.expect("Redis is there");
        }
        count(&is_down, 7).await.expect("Redis is there");
        let workers = cache.workers().provide(is_down.clone());
        workers.start().await.expect("workers");
        cache.flush().await.expect("Redis is there");
    })
    .await;
    (cache, is_down)
}

/// The lines of a list in JSON.
async fn listed(redis: &Redis, words: &[&str]) -> Vec<Value> {
    let words = [&["--json", "dead-writes", "list"], words].concat();
    let (code, said, stderr) = run(redis, &words).await;
    assert_eq!(code, Some(0), "{stderr}");
    let lines = said.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON")
}

/// The id of the only dead write under `key`.
async fn id_of(redis: &Redis, key: &str) -> String {
    let all = listed(redis, &[]).await;
    let write = all
        .iter()
        .find(|it| it["key"] == key)
        .expect("a dead write");
    write["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn dead_writes_are_listed_with_their_reasons() {
    let redis = Redis::start();
    let (code, said, _) = run(&redis, &["dead-writes", "list"]).await;
    assert_eq!((code, &*said), (Some(0), "no dead writes\n"));
    let _cache = with_dead_writes(&redis).await;
    let all = listed(&redis, &[]).await;
    let names: Vec<_> = all.iter().map(|it| it["function"].as_str()).collect();
    assert_eq!(names, ["shop::count", "shop::save", "shop::save"].map(Some));
    let of_save = listed(&redis, &["shop::save"]).await;
    assert_eq!(of_save, all[1..]);
    assert_eq!(of_save[0]["attempts"], 1);
    assert_eq!(of_save[0]["codec"], "json");
    assert!(of_save[0]["bytes"].as_u64() > Some(0), "{of_save:?}");
    let (_, said, _) = run(&redis, &["dead-writes", "list", "shop::save"]).await;
    assert!(said.contains("  saved:1  1 attempt: "), "{said}");
    assert!(said.contains("the table\\nis down"), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[tokio::test]
async fn a_dead_write_is_shown_with_its_arguments() {
    let redis = Redis::start();
    let _cache = with_dead_writes(&redis).await;
    let lamp = id_of(&redis, "saved:1").await;
    let (code, said, _) = run(&redis, &["dead-writes", "show", "shop::save", &lamp]).await;
    assert_eq!(code, Some(0));
    for part in [
        "key          saved:1\n",
        "attempts     1\n",
        "codec        json\n",
        "\"lamp\"",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let words = ["--json", "dead-writes", "show", "shop::save", &lamp];
    let (_, said, _) = run(&redis, &words).await;
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(answer["arguments"], serde_json::json!([1, "lamp"]));
    assert_eq!(answer["write"]["payload"], Value::Null, "not the bytes");
    let counted = id_of(&redis, "count:7").await;
    let (_, said, _) = run(&redis, &["dead-writes", "show", "shop::count", &counted]).await;
    assert!(
        said.contains(" that only the function's types can read\n"),
        "{said}"
    );
}

/// Dead writes may be many, and large.
#[tokio::test]
async fn only_the_dead_write_that_is_shown_is_asked_for() {
    let redis = Redis::start();
    let _cache = with_dead_writes(&redis).await;
    let lamp = id_of(&redis, "saved:1").await;
    let proxy = Proxy::to(redis.addr());
    let mut show = command(&redis, &["dead-writes", "show", "shop::save", &lamp]);
    show.env("REDIS_URL", &*proxy.url());
    let (code, _, stderr) = ended(show).await;
    assert_eq!(code, Some(0), "{stderr}");
    let log = proxy.log();
    let asked: Vec<_> = log.iter().filter(|it| it.name() == "XRANGE").collect();
    let range = [lamp.clone().into_bytes(), lamp.into_bytes()];
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].args[2..4], range);
}

/// The command knows neither the functions nor the kinds of their queues.
#[tokio::test]
async fn dead_writes_are_replayed_and_dropped() {
    let redis = Redis::start();
    let (cache, is_down) = with_dead_writes(&redis).await;
    let written = |at: usize| cache.stats().queues[at].written;
    let read = || testing::scope(cache.clone(), get_saved(1));
    assert_eq!(read().await, "1 in the table");
    is_down.store(false, Ordering::SeqCst);
    let lamp = id_of(&redis, "saved:1").await;
    for (words, done) in [
        (["replay", "shop::save", &lamp], "queued again: 1\n"),
        (["replay", "shop::count", "--all"], "queued again: 1\n"),
        (["drop", "shop::save", "--all"], "dropped: 1\n"),
        (["drop", "shop::save", "--all"], "dropped: 0\n"),
    ] {
        let words = [&["dead-writes"], &words[..]].concat();
        let (code, said, _) = run(&redis, &words).await;
        assert_eq!((code, &*said), (Some(0), done), "{words:?}");
    }
    assert_eq!(listed(&redis, &[]).await, [Value::Null; 0]);
    cachekit_tests::until("both are written", || written(0) == 1 && written(1) == 1).await;
}

#[tokio::test]
async fn a_dead_write_that_is_not_there_is_a_no() {
    let redis = Redis::start();
    for (words, expected) in [
        (&["show", "shop::save", "1-0"][..], 1),
        (&["replay", "shop::save", "x"], 1),
        (&["drop", "no", "1-0"], 1),
        (&["drop", "shop::save"], 2),
        (&["drop", "shop::save", "1-0", "--all"], 2),
        (&["show", "shop::save"], 2),
    ] {
        let words = [&["dead-writes"], words].concat();
        let (code, said, _) = run(&redis, &words).await;
        assert_eq!(code, Some(expected), "{words:?}");
        let is_no = said.starts_with("no dead write `");
        assert_eq!(is_no, expected == 1, "{said}");
    }
}

/// If each write counts, a replayed write that fails is a new dead write, which comes before the replay has
/// ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_all_ends_though_each_fails_again() {
    const WRITES: usize = 400;
    let redis = Redis::start();
    let (cache, is_down) = with_dead_writes(&redis).await;
    testing::scope(cache.clone(), async {
        for id in 1..WRITES {
            let id = 1_000 + u64::try_from(id).expect("few");
            count(&is_down, id).await.expect("Redis is there");
        }
        cache.flush().await.expect("Redis is there");
    })
    .await;
    let replay = run(&redis, &["dead-writes", "replay", "shop::count", "--all"]);
    let ended = tokio::time::timeout(Duration::from_secs(20), replay).await;
    let (code, said, _) = ended.expect("it ends");
    let wanted = format!("queued again: {WRITES}\n");
    assert_eq!((code, said), (Some(0), wanted));
}

/// The command has no write-behind functions, and finds their keys.
#[tokio::test]
async fn the_doctor_does_not_advise_to_evict_queued_writes() {
    let redis = Redis::with(&["--maxmemory", "64mb"]);
    let (_, said, _) = run(&redis, &["doctor"]).await;
    assert!(said.contains("allkeys-lru"), "{said}");
    let _cache = with_dead_writes(&redis).await;
    let (code, said, _) = run(&redis, &["doctor"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("allkeys-lru"), "{said}");
    let warning =
        "warning persistence: the server may lose queued writes: it writes no append-only file";
    assert!(said.contains(warning), "{said}");
}
