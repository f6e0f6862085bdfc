//! The look at an entry, and invalidations.

use std::time::Duration;

use cachekit::{Cache, Codec, Policy, Tier};
use cachekit_tests::patient;
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Running, command, node, run, waited_at_start, waited_for};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    name: String,
    pub(crate) cents: u64,
}

fn product() -> Product {
    Product {
        name: "lamp".to_owned(),
        cents: 1299,
    }
}

pub(crate) async fn put(cache: &Cache, codec: Codec) {
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

/// A softly invalidated value is served as long as the function allows stale values.
#[tokio::test]
async fn a_softly_invalidated_entry_is_stale_and_no_miss() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let minute = Duration::from_secs(60);
    let policy = Policy::new().tier(Tier::Redis).ttl(minute).tag("org:7");
    cache.put("kept", 1, &policy.clone().stale(minute)).await;
    cache.put("unkept", 1, &policy).await;
    cache.invalidation().soft().tags(["org:7"]).await;
    let (_, said, _) = run(&redis, &["inspect", "kept"]).await;
    let state = "state        stale: tag org:7 was softly invalidated\n";
    assert!(said.contains(state), "{said}");
    assert!(said.contains("left         stale for "), "{said}");
    assert!(!said.contains("fresh for"), "{said}");
    let (_, said, _) = run(&redis, &["inspect", "unkept"]).await;
    let state = "state        a miss: tag org:7 moved\n";
    assert!(said.contains(state), "{said}");
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
    for length in [
        &stored["age"],
        &stored["fresh_for"],
        &answer["entry"]["left"],
    ] {
        assert!(length.is_f64(), "in seconds: {length}");
    }
    let (code, said, _) = run(&redis, &["--json", "inspect", "nothing"]).await;
    assert_eq!(
        (code, &*said),
        (
            Some(1),
            "{\"key\":\"nothing\",\"entry\":null,\"value\":null}\n"
        )
    );
}

/// Many lines, and a long line.
#[tokio::test]
async fn a_long_value_is_cut_for_people_and_whole_for_programs() {
    const LENGTH: usize = 6 << 20;
    let redis = Redis::start();
    // So long a value takes its time on a busy machine.
    let patient = patient(redis.url()).redis_timeout(Duration::from_secs(30));
    let cache = patient.build().await.expect("a valid set-up");
    let policy = Policy::new().tier(Tier::Redis).codec(Codec::Json);
    for value in [
        vec!["é".repeat(LENGTH / 2)],
        vec!["1".repeat(1_000); LENGTH / 1_000],
    ] {
        cache.put("long", value.clone(), &policy).await;
        let (code, said, stderr) = run(&redis, &["inspect", "long"]).await;
        assert_eq!(code, Some(0), "{stderr}");
        assert!(said.chars().count() < 5_000, "{} bytes", said.len());
        assert!(said.starts_with("key          long\n"), "{said}");
        let cut = said
            .lines()
            .find(|line| line.starts_with("..  "))
            .expect("a cut");
        assert!(cut.contains("the first 4000 of "), "{cut}");
        assert!(
            said.ends_with("lease        no process computes the entry\n"),
            "{said}"
        );

        let (code, said, _) = run(&redis, &["--json", "inspect", "long"]).await;
        assert_eq!((code, said.lines().count()), (Some(0), 1));
        let answer: Value = serde_json::from_str(&said).expect("JSON");
        assert!(answer["entry"]["bytes"].as_u64() > Some(6_000_000));
        assert!(answer["value"] == serde_json::json!(value), "another value");
    }
}

#[tokio::test]
async fn a_value_does_not_control_the_terminal() {
    let redis = Redis::start();
    let policy = Policy::new().tier(Tier::Redis).codec(Codec::Json);
    let text = "\u{9b}2J\u{7f}\u{1b}]0;title\u{7}".to_owned();
    node(&redis).await.put("a", text, &policy).await;
    for words in [&["inspect", "a"][..], &["--json", "inspect", "a"]] {
        let (code, said, _) = run(&redis, words).await;
        assert_eq!(code, Some(0), "{said}");
        let controls = said.chars().filter(|it| it.is_control() && *it != '\n');
        assert_eq!(controls.count(), 0, "{said:?}");
        assert!(said.contains("\\u009b2J\\u007f"), "{said}");
    }
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
    let mut watch = Running::start(command(&redis, &["watch"]), false);
    // It subscribes some time after its start.
    let sending = async {
        loop {
            cache.invalidation().soft().tags(["category:4"]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let seen = |line: &str| line.starts_with("softly invalidated: tag category:4 (by ");
    tokio::select! {
        _ = watch.line("an invalidation", seen) => {}
        () = sending => unreachable!("it sends for ever"),
    }
}

#[tokio::test]
async fn services_wait_for_no_command_that_has_ended() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    put(&cache, Codec::Json).await;
    let waited = waited_at_start(&cache).await;
    for words in [
        &["inspect", "product:7"][..],
        &["inspect", "nothing"],
        &["stats"],
        &["stats", "--function", "nothing"],
        &["config"],
        &["top", "--once", "--every", "0.1"],
        &["dead-writes", "list"],
    ] {
        run(&redis, words).await;
        assert_eq!(waited_for(&cache).await, waited, "{words:?}");
    }
}

/// Redis is far away: each answer comes after the time that a call of a service waits.
#[tokio::test]
async fn an_invalidation_over_a_slow_link_is_accepted() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let proxy = Proxy::to(redis.addr());
    proxy.delay(Duration::from_millis(150));
    let policy = Policy::new();
    for words in [&["invalidate", "--key", "a"][..], &["clear"]] {
        cache.put("a", 1, &policy).await;
        let url = proxy.url();
        let words = [&["--redis", &url], words].concat();
        let (code, said, stderr) = run(&redis, &words).await;
        assert_eq!((code, &*said), (Some(0), "accepted by Redis\n"), "{stderr}");
        let gone = async {
            while cache.get::<i32>("a").await.is_some() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(5), gone).await;
        assert_eq!(in_time, Ok(()), "{words:?}");
    }
}

#[tokio::test]
async fn a_watch_says_when_messages_do_not_arrive() {
    let redis = Redis::start();
    for words in [&["watch"][..], &["--json", "watch"]] {
        let proxy = Proxy::to(redis.addr());
        let url = proxy.url();
        let words = [&["--redis", &url], words].concat();
        let is_json = words.contains(&"--json");
        let mut watch = Running::start(command(&redis, &words), is_json);
        cachekit_tests::until("it subscribes", || {
            redis.client().int(&["PUBLISH", "shop:bus", ""]) == 1
        })
        .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        proxy.silence(true);
        let deaf = "messages of other processes do not arrive any more";
        watch.line("no messages", |line| line == deaf).await;
        proxy.silence(false);
        let again = "messages arrive again; those in between were missed";
        watch.line("messages", |line| line == again).await;
    }
}
