//! Settings of a cache.

use cachekit::{Cache, CacheBuilder, Capacity, Engine, OnDisconnect, Policy};

use crate::{ENDS, End, assert_same, both, computations, exercise, setters};

type Set = fn(CacheBuilder, End) -> CacheBuilder;

/// Each setting with a number in it, and the ends that are refused.
const NUMBERS: &[(&str, Set, &[End])] = &[
    (
        "default_ttl",
        |it, end| it.default_ttl(end.length()),
        &[End::Zero],
    ),
    (
        "lock_timeout",
        |it, end| it.lock_timeout(end.length()),
        &[End::Zero],
    ),
    (
        "redis_timeout",
        |it, end| it.redis_timeout(end.length()),
        &[End::Zero],
    ),
    (
        "bus_timeout",
        |it, end| it.bus_timeout(end.length()),
        &[End::Zero, End::One],
    ),
    (
        "intent",
        |it, end| it.intent(end.length()),
        &[End::Zero, End::One],
    ),
    (
        "on_disconnect",
        |it, end| it.on_disconnect(OnDisconnect::ServeFor(end.length())),
        &[],
    ),
    (
        "memory_capacity",
        |it, end| it.memory_capacity(Capacity::entries(end.number())),
        &[End::Zero],
    ),
    (
        "memory_capacity",
        |it, end| it.memory_capacity(Capacity::bytes(end.number())),
        &[End::Zero],
    ),
    (
        "hot_keys",
        |it, end| it.hot_keys(end.size()),
        &[End::Greatest],
    ),
    (
        "max_value_bytes",
        |it, end| it.max_value_bytes(end.size()),
        &[],
    ),
    (
        "compress_above",
        |it, end| it.compress_above(end.size()),
        &[],
    ),
];

const WITHOUT_NUMBERS: &[&str] = &[
    "engine",
    "eviction",
    "namespace",
    "redis",
    "redis_password",
    "redis_password_file",
    "redis_cluster",
    "redis_sentinel",
    "redis_ca_file",
    "redis_cert_file",
    "redis_key_file",
    "sentinel_user",
    "sentinel_password",
    "sentinel_password_file",
    "outbox_file",
    "own_thread",
    "volatile_queues",
    "on_new_master",
    "intents",
    "answers",
    "codec",
    "encryption",
    "encryption_keys_file",
    "hash_keys",
    "compress_encrypted",
    "enabled",
    "spans",
    "trace_calls",
    "clock",
    // Needs a file.
    "reload_every",
];

#[test]
fn the_table_has_every_setting() {
    let numbers = NUMBERS.iter().map(|(name, ..)| *name);
    let listed = numbers.chain(WITHOUT_NUMBERS.iter().copied());
    let listed = listed.map(str::to_owned).collect();
    let files = [
        "builder.rs",
        "builder/encryption.rs",
        "builder/log.rs",
        "builder/redis.rs",
    ]
    .map(|it| format!("cachekit/src/api/{it}"));
    let known = files.iter().flat_map(|file| setters(file)).collect();
    assert_same(listed, known);
}

async fn at(name: &str, set: Set, refused: &[End], end: End, engine: Engine) {
    let builder = || set(Cache::builder().engine(engine), end);
    let built = builder().build().await;
    let what = format!("{name} at its end {end:?} with {engine}");
    if refused.contains(&end) {
        let told = built.expect_err(&what).to_string();
        let (problem, remedy) = told.split_once("; ").expect(&what);
        assert!(problem.starts_with(name), "{what}: {told}");
        assert!(remedy.contains("give"), "{what}: {told}");
        return;
    }
    built.unwrap_or_else(|error| panic!("{what}: {error}"));
    let policy = Policy::new().tag("all");
    for cache in both(builder).await {
        exercise(&cache, &policy).await;
    }
    if end == End::Greatest {
        assert_eq!(computations(builder, &policy).await, 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_is_rejected_with_a_message_or_works() {
    for (name, set, refused) in NUMBERS {
        for end in ENDS {
            for engine in [Engine::Moka, Engine::QuickCache] {
                at(name, *set, refused, end, engine).await;
            }
        }
    }
}
