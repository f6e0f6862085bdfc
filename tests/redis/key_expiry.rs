//! Every key in Redis expires, except those whose number the code limits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cachekit::{Cache, Policy, QueueError, Tier, cached, invalidates, testing, write_behind};
use cachekit_tests::Gate;
use cachekit_tests::redis::{Client, Redis};

use crate::world::{node, settings, until};

const HOUR: i64 = 3_600_000;

#[cached(key = "lives:{id}", tags = ["kind:{id}", "of:{ret}"], events = ["sold"], ttl = 3600)]
async fn function(id: u64) -> u64 {
    id
}

#[invalidates(key = "nothing")]
async fn write(gate: &Gate) {
    gate.pass().await;
}

/// The lives that are left, in milliseconds; -1: there is no end.
fn lives(client: &mut Client) -> BTreeMap<String, i64> {
    let keys = client.keys("*").into_iter();
    keys.map(|key| {
        let life = client.int(&["PTTL", &key]);
        (key, life)
    })
    .collect()
}

fn endless(client: &mut Client) -> Vec<String> {
    let lives = lives(client).into_iter();
    lives
        .filter(|(_, life)| *life == -1)
        .map(|(key, _)| key)
        .collect()
}

/// As if so many hours had passed: for what has an end.
fn pass(client: &mut Client, hours: i64) {
    for (key, life) in lives(client) {
        if life >= 0 {
            let left = (life - hours * HOUR).to_string();
            client.run(&["PEXPIRE", &key, &left]);
        }
    }
}

async fn day(cache: &Cache, name: &str) -> u64 {
    let region = cache.region::<u64>(name).ttl(Duration::from_secs(3600));
    region
        .tag(format!("{name}:tag"))
        .get_or_compute(1_u64, || async { 1 })
        .await
}

#[tokio::test]
async fn nothing_without_an_end_grows_with_starts_regions_and_tags() {
    let redis = Redis::start();
    let mut client = redis.client();
    for start in 0..20_u64 {
        let cache = node(&redis.url()).await;
        cache.put("k", start, &Policy::new().tag("one")).await;
        testing::scope(cache.clone(), function(start)).await;
        for number in 0..50 {
            day(&cache, &format!("day {}", start * 50 + number)).await;
        }
        cache.shutdown().await;
    }
    let all = lives(&mut client).len();
    assert!(
        all > 3_000,
        "{all} keys: entries, tags and versions of 1,000 regions"
    );
    let function = "shop:f:redis::key_expiry::function";
    let expected = ["shop:all", "shop:f:(direct)", function];
    assert_eq!(endless(&mut client), expected);
    pass(&mut client, 1);
    assert_eq!(endless(&mut client), expected);
    pass(&mut client, 2);
    assert_eq!(lives(&mut client).into_keys().collect::<Vec<_>>(), expected);
}

/// A version that ran out is a miss of what hung on it; a fill lengthens it again.
#[tokio::test]
async fn a_region_s_version_lives_as_long_as_what_depends_on_it() {
    let redis = Redis::start();
    let mut client = redis.client();
    let version = "shop:f:region days";
    let life = |client: &mut Client| client.int(&["PTTL", version]);
    let one = node(&redis.url()).await;
    assert_eq!(day(&one, "days").await, 1);
    until("it is stored", || one.stats().redis.stores == 1).await;
    assert!(life(&mut client) > 2 * HOUR - 60_000);
    // As after most of its life; then an entry more hangs on it.
    client.run(&["PEXPIRE", version, "60000"]);
    let region = one.region::<u64>("days").ttl(Duration::from_secs(3600));
    region.get_or_compute(2_u64, || async { 2 }).await;
    until("it is stored", || one.stats().redis.stores == 2).await;
    assert!(life(&mut client) > 2 * HOUR - 60_000);
    let other = node(&redis.url()).await;
    assert_eq!(day(&other, "days").await, 1);
    assert_eq!(other.stats().redis_hits, 1);
    client.run(&["PEXPIRE", version, "0"]);
    for _ in 0..2 {
        let third = node(&redis.url()).await;
        let region = third.region::<u64>("days").ttl(Duration::from_secs(3600));
        assert_eq!(region.get(1_u64).await, None);
        assert_eq!(third.stats().redis.misses.invalidated, 1);
        // Made anew by the fill of another entry, it is not what it was.
        region.get_or_compute(3_u64, || async { 3 }).await;
        until("it is stored", || {
            third.stats().redis.stores + third.stats().redis_hits == 1
        })
        .await;
    }
}

fn kind_of(key: &str) -> String {
    let name = key.strip_prefix("shop:").expect("the namespace");
    let region = name.starts_with("f:region ").then_some("f:region");
    let kind = region
        .or_else(|| name.split(':').next())
        .unwrap_or_default();
    kind.trim_end_matches(|c: char| c.is_ascii_digit())
        .to_owned()
}

/// The kinds in the table of names of docs/format.md, without those that have tests of their own: a
/// channel, the lists for a warm start, and the queues (below).
fn documented_kinds() -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md"));
    let page = page.expect("the page");
    let (page, _) = page
        .split_once("\n## Names in a Redis Cluster")
        .expect("its heading");
    let rows = page.lines().filter(|line| line.starts_with("| `shop:"));
    let cells = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let named = cells.filter(|cell| cell.starts_with("shop:"));
    let kinds: BTreeSet<_> = named.map(kind_of).collect();
    let others = ["wake", "warm", "wb"];
    let documented = kinds.into_iter().filter(|kind| !others.contains(&&**kind));
    documented.collect()
}

/// Each row of the page's table of names, and a key of its kind.
#[tokio::test]
async fn every_kind_of_key_has_the_end_that_is_documented() {
    let redis = Redis::start();
    let mut client = redis.client();
    let cache = node(&redis.url()).await;
    testing::scope(cache.clone(), function(7)).await;
    cache.put("k", 1, &Policy::new()).await;
    day(&cache, "days").await;
    let copied = Policy::new().tier(Tier::Redis).replicas(3);
    for _ in 0..40 {
        // A copy is drawn at random.
        cache
            .get_or_compute("copied", &copied, || async { 1 })
            .await;
    }
    cache.shutdown().await;
    // The mark of a write that runs.
    let (writer, gate) = (node(&redis.url()).await, Gate::new());
    let writing = {
        let gate = gate.clone();
        tokio::spawn(testing::scope(writer, async move { write(&gate).await }))
    };
    gate.arrived().await;
    until("the mark is there", || {
        client.int(&["EXISTS", "shop:intents"]) == 1
    })
    .await;
    let mut kinds: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (key, life) in lives(&mut client) {
        let ends = kinds.entry(kind_of(&key)).or_insert((life, life));
        *ends = (ends.0.min(life), ends.1.max(life));
    }
    for (kind, (shortest, longest)) in &kinds {
        if ["all", "f", "intents"].contains(&&**kind) {
            assert_eq!((*shortest, *longest), (-1, -1), "{kind}");
        } else {
            assert!(
                *shortest > 0 && *longest <= 4 * HOUR,
                "{kind}: {shortest} to {longest}"
            );
        }
    }
    assert_eq!(kinds.into_keys().collect::<Vec<_>>(), documented_kinds());
    gate.open();
    writing.await.expect("it ends well");
    assert_eq!(client.int(&["EXISTS", "shop:intents"]), 0);
}

#[write_behind(key = "kept:{id}", each, every = "20ms", retries = 0, name = "keep")]
async fn keep(id: u64) -> Result<(), QueueError> {
    // Some writes are put aside.
    if id.is_multiple_of(10) {
        return Err(QueueError::Full);
    }
    Ok(())
}

#[write_behind(key = "put:{id}", every = "20ms", retries = 0, name = "put")]
async fn put(id: u64) -> Result<(), QueueError> {
    keep(id).await
}

/// Queued writes have no end. When they are carried out, what is left does not depend on their keys.
#[tokio::test]
async fn a_queue_leaves_four_keys_at_most() {
    let redis = Redis::start();
    let mut client = redis.client();
    let builder = settings(&redis.url()).volatile_queues(true);
    let cache = builder.build().await.expect("a cache");
    testing::scope(cache.clone(), async {
        for id in 1..=50 {
            put(id).await.expect("queued");
        }
        let queued: Vec<_> = client.keys("shop:wb:*");
        assert!(queued.len() >= 4, "{queued:?}");
        for key in queued {
            assert_eq!(client.int(&["PTTL", &key]), -1, "{key}");
        }
        let workers = cache.workers().functions(["put", "keep"]);
        workers.start().await.expect("workers");
        // Those of `put` are queued in `keep`.
        for _ in 0..2 {
            cache.flush().await.expect("an answer");
        }
    })
    .await;
    cache.shutdown().await;
    // A flush that finds nothing to wait for leaves no `flushed`.
    let kept = [
        "shop:wb:{keep}:count",
        "shop:wb:{keep}:dead",
        "shop:wb:{keep}:flushed",
        "shop:wb:{keep}:version",
        "shop:wb:{put}:flushed",
        "shop:wb:{put}:version",
    ];
    let left = client.keys("shop:wb:*");
    let unexpected = left.iter().find(|key| !kept.contains(&key.as_str()));
    assert_eq!(unexpected, None, "{left:?}");
    for queue in ["keep", "put"] {
        let version = format!("shop:wb:{{{queue}}}:version");
        assert!(left.contains(&version), "{left:?}");
    }
}
