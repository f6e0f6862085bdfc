//! The versions of an entry outlive it, however often it is recomputed.

use std::time::{Duration, Instant};

use cachekit::testing::Fault;
use cachekit::{Cache, Policy};
use cachekit_tests::redis::{Client, Redis, Reply};
use cachekit_tests::scripts::Seed as _;

use crate::world::settings;

const TTL: Duration = Duration::from_millis(300);
const LENGTH: Duration = Duration::from_secs(3);

const ENTRY: &str = "shop:k:short";
const TAG: &str = "shop:t:shorts";

/// How long the entry is fresh, and how long the version of its tag lives, at one moment.
const LIVES: &str = "
    local head = redis.call('GETRANGE', KEYS[1], 0, 55)
    local fresh = -1
    if #head == 56 and string.byte(head, 4) == 1 then
        fresh = redis.call('PTTL', KEYS[1]) - struct.unpack('>I8', head, 49)
    end
    return { fresh, redis.call('PTTL', KEYS[2]) }";

fn lives(client: &mut Client) -> (i64, i64) {
    match client.run(&["EVAL", LIVES, "2", ENTRY, TAG]) {
        Reply::List(lives) => match lives.as_slice() {
            [Reply::Int(fresh), Reply::Int(version)] => (*fresh, *version),
            other => panic!("two numbers: {other:?}"),
        },
        other => panic!("two numbers: {other:?}"),
    }
}

async fn node(redis: &Redis, fault: Option<Fault>) -> Cache {
    let builder = settings(&redis.url());
    let builder = match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    };
    builder.build().await.expect("a valid set-up")
}

/// Two nodes read an entry again and again, and compute it whenever its life is over. The life of
/// its tag's version is cut once, as if most of it had passed. How often was the version's life
/// over before the entry's?
async fn died_too_early(fault: Option<Fault>) -> u64 {
    let redis = Redis::start();
    let nodes = [node(&redis, fault).await, node(&redis, fault).await];
    let mut client = redis.client();
    let policy = Policy::new().ttl(TTL).tag("shorts");
    let (mut too_early, mut is_cut) = (0, false);
    let began = Instant::now();
    while began.elapsed() < LENGTH {
        for node in &nodes {
            let value = node.get_or_compute("short", &policy, || async { 1 }).await;
            assert_eq!(value, 1);
            let (fresh, version) = lives(&mut client);
            too_early += u64::from(fresh > 0 && version <= fresh);
        }
        if !is_cut && began.elapsed() > LENGTH / 6 {
            is_cut = true;
            client.run(&["PEXPIRE", TAG, "1000"]);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let [one, two] = nodes.map(|node| node.stats());
    assert!(one.computations + two.computations > 1, "it was over");
    for name in ["shop:all", "shop:f:(direct)"] {
        assert_eq!(client.int(&["PTTL", name]), -1, "{name} has no end");
    }
    too_early + one.redis.misses.invalidated + two.redis.misses.invalidated
}

/// A store extends the life of its tag's version only if a quarter of that life is over, so that most
/// stores write no version.
#[tokio::test]
async fn a_version_that_lives_long_enough_is_not_extended() {
    let redis = Redis::start();
    let node = node(&redis, None).await;
    let mut client = redis.client();
    let policy = Policy::new().ttl(Duration::from_secs(100)).tag("shorts");
    node.put("first", 1, &policy).await;
    let made = client.int(&["PTTL", TAG]);
    assert!((190_000..=200_000).contains(&made), "{made}");
    // Not exactly at three quarters, which the version may still have in the millisecond of the store.
    for (left, expected) in [(160_000, 150_000..=160_000), (149_000, 190_000..=200_000)] {
        client.run(&["PEXPIRE", TAG, &left.to_string()]);
        node.put("second", 2, &policy).await;
        let kept = client.int(&["PTTL", TAG]);
        assert!(expected.contains(&kept), "{left}: {kept}");
    }
}

#[tokio::test]
async fn g4_no_entry_outlives_the_version_of_its_tag() {
    assert_eq!(died_too_early(None).await, 0);
    assert_ne!(died_too_early(Some(Fault::VersionsRunOut)).await, 0);
}
