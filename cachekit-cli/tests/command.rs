//! The command, run as people run it, against a real Redis.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachekit::{
    Cache, Codec, EncryptionKeys, Policy, QueueError, Tier, cached, testing, write_behind,
};
use cachekit_tests::redis::Redis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Product {
    name: String,
    cents: u64,
}

fn command(redis: &Redis, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachekit"));
    command
        .args(words)
        .env_clear()
        .env("REDIS_URL", redis.url())
        .env("CACHE_NAMESPACE", "shop");
    command
}

/// Runs the command on a thread for it, as the runtime of the test must go on.
async fn run(redis: &Redis, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command(redis, words);
    let ran = tokio::task::spawn_blocking(move || command.output()).await;
    let Output {
        status,
        stdout,
        stderr,
    } = ran.expect("no panic").expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

async fn node(redis: &Redis) -> Cache {
    let builder = Cache::builder().namespace("shop").redis(redis.url());
    builder.build().await.expect("a valid set-up")
}

fn product() -> Product {
    Product {
        name: "lamp".to_owned(),
        cents: 1299,
    }
}

async fn put(cache: &Cache, codec: Codec) {
    let policy = Policy::new().tier(Tier::Redis).codec(codec);
    let policy = policy.ttl(Duration::from_secs(300)).tag("category:4");
    cache.put("product:7", product(), &policy).await;
}

#[tokio::test]
async fn an_entry_is_shown_with_the_tag_that_moved() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    for codec in [Codec::Json, Codec::MsgPack] {
        put(&cache, codec).await;
        let (code, said, _) = run(&redis, &["inspect", "product:7"]).await;
        assert_eq!(code, Some(0));
        for part in [
            "key          product:7\n",
            "state        fresh\n",
            "depends on   tag category:4: current\n",
            "\"name\": \"lamp\"",
            "no process computes the entry\n",
        ] {
            assert!(said.contains(part), "{codec}: {part}\n{said}");
        }
    }
    put(&cache, Codec::Bincode).await;
    cache.invalidate_tags(["category:4"]).await;
    let (code, said, _) = run(&redis, &["inspect", "product:7"]).await;
    assert_eq!(code, Some(0));
    for part in [
        "state        a miss: tag category:4 moved\n",
        "depends on   tag category:4: invalidated\n",
        " bytes that only the function's type can read\n",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

/// With the keys an entry is shown as any other; without them, the command says that it is encrypted.
#[tokio::test]
async fn an_encrypted_entry_is_shown_with_the_keys() {
    let redis = Redis::start();
    let (one, names) = ("01".repeat(32), "09".repeat(32));
    let text = format!("one:{one},names:{names}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("keys");
    std::fs::write(&path, &text).expect("it is written");
    let path = path.to_str().expect("UTF-8");
    for hashes in [false, true] {
        let keys = text.parse::<EncryptionKeys>().expect("keys");
        let builder = Cache::builder().namespace("shop").redis(redis.url());
        let builder = builder.encryption(keys).hash_keys(hashes);
        let cache = builder.build().await.expect("a valid set-up");
        put(&cache, Codec::Json).await;
        let mut words = vec!["--encryption-keys-file", path, "inspect", "product:7"];
        if hashes {
            words.push("--hash-keys");
        }
        let (code, said, told) = run(&redis, &words).await;
        assert_eq!(code, Some(0), "{told}");
        for part in [
            "\"name\": \"lamp\"",
            "depends on   tag category:4: current\n",
        ] {
            assert!(said.contains(part), "{part}\n{said}");
        }
        words[2..4].clone_from_slice(&["invalidate", "--key=product:7"]);
        let (code, _, told) = run(&redis, &words).await;
        assert_eq!(code, Some(0), "{told}");
        assert_eq!(
            cache.get::<Product>("product:7").await.map(|it| it.cents),
            None
        );
        put(&cache, Codec::Json).await;
    }
    let (_, said, _) = run(&redis, &["inspect", "product:7"]).await;
    assert!(said.contains("encrypted with the key `one`"), "{said}");
    assert!(!said.contains("lamp"));
    let wrong = ["--encryption-keys-file", "/no/such/file", "inspect", "a"];
    let (code, _, told) = run(&redis, &wrong).await;
    assert_eq!(code, Some(3));
    assert!(told.contains("encryption_keys_file"), "{told}");
}

#[tokio::test]
async fn json_is_for_programs() {
    let redis = Redis::start();
    put(&node(&redis).await, Codec::Json).await;
    let (_, said, _) = run(&redis, &["--json", "inspect", "product:7"]).await;
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(answer["value"]["cents"], 1299);
    let stored = &answer["entry"]["content"]["value"];
    assert_eq!(stored["dependencies"][2]["name"], "category:4");
    assert_eq!(stored["dependencies"][2]["state"], "current");
    assert_eq!(stored["payload"], Value::Null, "not the bytes");
    let (code, said, _) = run(&redis, &["--json", "inspect", "nothing"]).await;
    assert_eq!(
        (code, &*said),
        (
            Some(1),
            "{\"key\":\"nothing\",\"entry\":null,\"value\":null}\n"
        )
    );
}

#[tokio::test]
async fn an_invalidation_reaches_every_process() {
    let redis = Redis::start();
    let (one, other) = (node(&redis).await, node(&redis).await);
    let policy = Policy::new().tag("category:4");
    for words in [
        &["invalidate", "--ack", "--key", "a"][..],
        &["invalidate", "--ack", "--tag", "category:4"],
        &["clear", "--ack"],
    ] {
        one.put("a", 1, &policy).await;
        assert_eq!(other.get::<i32>("a").await, Some(1), "{words:?}");
        let (code, said, stderr) = run(&redis, words).await;
        assert_eq!(code, Some(0), "{said}{stderr}");
        assert_eq!(said, "done: no process can serve an old value\n");
        assert_eq!(one.get::<i32>("a").await, None, "{words:?}");
        assert_eq!(other.get::<i32>("a").await, None, "{words:?}");
    }
}

#[tokio::test]
async fn invalidations_are_shown_as_they_happen() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let watch = command(&redis, &["watch"]).stdout(Stdio::piped()).spawn();
    let mut watch = watch.expect("the command starts");
    let mut lines = BufReader::new(watch.stdout.take().expect("piped")).lines();
    // It subscribes some time after its start.
    let sending = async {
        loop {
            cache.invalidation().soft().tags(["category:4"]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let reading = tokio::task::spawn_blocking(move || lines.next());
    let line = tokio::select! {
        line = reading => line.expect("no panic").expect("a line").expect("UTF-8"),
        () = sending => unreachable!("it sends for ever"),
    };
    assert!(
        line.starts_with("softly invalidated: tag category:4 (by "),
        "{line}"
    );
    watch.kill().expect("it runs");
    watch.wait().expect("it ends");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words_and_by_the_exit_code() {
    let redis = Redis::with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
    let (code, said, _) = run(&redis, &["doctor"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("no problem found\n"), "{said}");

    let (code, _, stderr) = run(&redis, &["invalidate"]).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("--key <KEY>"), "{stderr}");

    let gone = ["--redis", "redis://127.0.0.1:1", "inspect", "a"];
    let (code, _, stderr) = run(&redis, &gone).await;
    assert_eq!(code, Some(3));
    assert!(
        stderr.starts_with("error: redis://127.0.0.1:1 cannot be reached"),
        "{stderr}"
    );

    let (code, _, stderr) = run(&redis, &["--redis", "", "doctor"]).await;
    assert_eq!(code, Some(3));
    assert!(stderr.contains("set `REDIS_URL`"), "{stderr}");

    let (code, said, _) = run(&redis, &["completion", "bash"]).await;
    assert_eq!(code, Some(0));
    assert!(said.contains("inspect"), "{said}");
}

async fn compute(cache: &Cache, key: &str, calls: u64) {
    let policy = Policy::new().tag("category:4");
    for _ in 0..calls {
        cache.get_or_compute(key, &policy, || async { 7 }).await;
    }
}

#[tokio::test]
async fn statistics_are_summed_over_the_processes() {
    let redis = Redis::start();
    let (one, other) = (node(&redis).await, node(&redis).await);
    compute(&one, "a", 3).await;
    compute(&other, "b", 7).await;
    let (code, said, stderr) = run(&redis, &["stats"]).await;
    assert_eq!(code, Some(0), "{said}{stderr}");
    assert!(said.starts_with("2 processes, up to "), "{said}");
    let row = said.lines().find(|line| line.starts_with("(direct)"));
    let cells: Vec<_> = row.expect(&said).split_whitespace().collect();
    assert_eq!(
        (cells[1], cells[3], cells[4]),
        ("10", "80.0%", "2"),
        "{said}"
    );
    assert!(said.contains("  absent 2\n"), "{said}");

    let (_, said, _) = run(&redis, &["stats", "--nodes"]).await;
    assert_eq!(said.matches("process ").count(), 2, "{said}");
    assert_eq!(said.matches("(direct)").count(), 2, "{said}");

    let (_, said, _) = run(&redis, &["--json", "stats", "--function", "(direct)"]).await;
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(answer["processes"], 2);
    assert_eq!(
        (&answer["silent"], &answer["nodes"]),
        (&0.into(), &Value::Null)
    );
    let function = &answer["functions"][0];
    assert_eq!(
        (&function["memory_hits"], &function["computations"]),
        (&8.into(), &2.into())
    );
    assert_eq!(function["compute_time"]["count"], 2);

    let (code, _, stderr) = run(&redis, &["stats", "--function", "shop::nothing"]).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("no process has called a function `shop::nothing`"),
        "{stderr}"
    );
}

#[tokio::test]
async fn top_shows_what_happened_in_each_round() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    compute(&cache, "before", 100).await;
    let calling = async {
        loop {
            compute(&cache, "a", 5).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let words = ["top", "--once", "--every", "0.3", "--sort", "misses"];
    let (code, said, stderr) = tokio::select! {
        ran = run(&redis, &words) => ran,
        () = calling => unreachable!("it calls for ever"),
    };
    assert_eq!(code, Some(0), "{said}{stderr}");
    assert!(said.starts_with("1 process, "), "{said}");
    assert!(!said.contains('\u{1b}'), "plain in a pipe: {said:?}");
    let row = said.lines().find(|line| line.starts_with("(direct)"));
    let cells: Vec<_> = row.expect(&said).split_whitespace().collect();
    let per_second: f64 = cells[2].parse().expect("a number");
    assert!((10.0..10_000.0).contains(&per_second), "{said}");

    let words = ["--json", "top", "--rounds", "2", "--every", "0.05"];
    let (code, said, _) = run(&redis, &words).await;
    assert_eq!((code, said.lines().count()), (Some(0), 2), "{said}");
    for line in said.lines() {
        let round: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(
            (&round["processes"], &round["per_second"]),
            (&1.into(), &0.0.into())
        );
        assert_eq!(
            round["functions"],
            Value::Array(vec![]),
            "nothing is called now"
        );
    }
}

#[tokio::test]
async fn configurations_are_shown_with_their_origins() {
    let redis = Redis::start();
    let (one, other) = (node(&redis).await, node(&redis).await);
    let builder = Cache::builder().namespace("shop").redis(redis.url());
    let odd = builder.hot_keys(7).build().await.expect("a valid set-up");
    let (code, said, stderr) = run(&redis, &["config"]).await;
    assert_eq!(code, Some(0), "{said}{stderr}");
    assert!(
        said.contains("2 processes: ") && said.contains("1 process: "),
        "{said}"
    );
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("cache.hot_keys"))
        .collect();
    let has = |value: &str, origin: &str| {
        lines
            .iter()
            .any(|line| line.contains(value) && line.ends_with(origin))
    };
    assert!(has(" 7 ", "builder") && has(" 1024 ", "default"), "{said}");
    let (_, said, _) = run(&redis, &["--json", "config"]).await;
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(answer["configurations"].as_array().map(Vec::len), Some(2));
    drop((one, other, odd));
}

#[tokio::test]
async fn missing_answers_are_said() {
    let redis = Redis::start();
    for words in [&["stats"][..], &["top", "--once"], &["config"]] {
        let (code, said, stderr) = run(&redis, words).await;
        assert_eq!((code, &*said), (Some(1), ""), "{words:?}");
        assert!(
            stderr.starts_with("error: no process answers questions"),
            "{stderr}"
        );
    }
    let mut silent = redis.client();
    silent.run(&["SUBSCRIBE", "shop:node:ask"]);
    let (code, _, stderr) = run(&redis, &["stats", "--wait", "0.1"]).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("1 process did not answer within 100 ms"),
        "{stderr}"
    );
    let cache = node(&redis).await;
    compute(&cache, "a", 1).await;
    let (code, said, _) = run(&redis, &["stats", "--wait", "0.1"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.ends_with("\n\n1 process did not answer within 100 ms\n"),
        "{said}"
    );
}

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
async fn with_dead_writes(redis: &Redis) -> (Cache, IsDown) {
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
        said.contains(" bytes that only the function's types can read\n"),
        "{said}"
    );
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
