//! The doctor, against set-ups of Redis that are right and wrong.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder, Diagnosis, OnNewMaster, Severity};
use cachekit_tests::redis::{Client, Redis, product};

use crate::old_server;

/// A Redis as a cache should have it.
const RIGHT: [&str; 4] = ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"];

/// A cache whose Redis has nothing that must not be lost: this program has write-behind functions.
fn builder(url: impl Into<String>) -> CacheBuilder {
    of_queues(url).volatile_queues(true)
}

fn of_queues(url: impl Into<String>) -> CacheBuilder {
    cachekit_tests::patient(url)
}

/// The findings that are no mere information, as `severity subject: problem; remedy`.
fn told(diagnosis: &Diagnosis) -> Vec<String> {
    let findings = diagnosis.findings.iter();
    let severe = findings.filter(|finding| finding.severity != Severity::Info);
    severe
        .map(|it| {
            format!(
                "{} {}: {}; {}",
                it.severity, it.subject, it.problem, it.remedy
            )
        })
        .collect()
}

/// The diagnosis for the account `app`, which has these rights.
async fn with_rights(rights: &str) -> (Vec<String>, Redis) {
    let redis = Redis::with(&RIGHT);
    grant(&mut redis.client(), rights);
    let diagnosis = builder(format!("redis://app:secret@{}", redis.addr()))
        .doctor()
        .await;
    assert!(!diagnosis.to_string().contains("secret"), "{diagnosis}");
    (told(&diagnosis), redis)
}

fn grant(client: &mut Client, rights: &str) {
    let words = format!("ACL SETUSER app reset on >secret {rights}");
    client.run(&words.split(' ').collect::<Vec<_>>());
}

#[tokio::test]
async fn a_right_set_up_has_no_problem() {
    let redis = Redis::with(&RIGHT);
    let diagnosis = builder(redis.url()).doctor().await;
    assert_eq!(told(&diagnosis), [""; 0]);
    assert!(
        diagnosis
            .bus_round_trip
            .is_some_and(|it| it < Duration::from_secs(1))
    );
    let json = serde_json::to_value(&diagnosis).expect("JSON");
    for length in [&json["bus_round_trip"], &json["server"]["uptime"]] {
        assert!(length.is_f64(), "in seconds: {length}");
    }
    let server = diagnosis.server.as_ref().expect("it may be asked");
    let said = diagnosis.to_string();
    let head = format!(
        "redis://{}: {} {}, 0 keys, bus round trip ",
        redis.addr(),
        product(),
        server.version
    );
    assert!(
        said.starts_with(&head) && said.ends_with("\nno problem found\n"),
        "{said}"
    );

    let cache = builder(redis.url()).build().await.expect("a valid set-up");
    assert_eq!(told(&cache.doctor().await), [""; 0], "of the running cache");
}

#[tokio::test]
async fn a_default_redis_has_no_limit_of_memory() {
    let redis = Redis::start();
    assert_eq!(
        told(&builder(redis.url()).doctor().await),
        [
            "warning memory: the server has no limit of memory (`maxmemory` is 0): it grows until the system ends it; \
          set `maxmemory`, and `maxmemory-policy` to `allkeys-lru` in a Redis that is only a cache"
        ]
    );
}

#[tokio::test]
async fn an_account_without_channels() {
    let (told, _redis) = with_rights("~shop:* resetchannels +@all -@dangerous -@admin +info").await;
    assert_eq!(
        told,
        [
            "error rights: the account may not run PUBLISH, SUBSCRIBE, which the cache needs; run `ACL SETUSER <user> \
             ~shop:* &shop:* +publish +subscribe` there (docs/redis.md)",
            "error bus: a message that was sent over Redis did not come back: this process hears no invalidation of \
             others; let the account use the channels of the namespace (`&NAMESPACE:*`; in a Redis Cluster \
             `&{NAMESPACE:bus}*`), and see `rights`",
        ]
    );
}

#[tokio::test]
async fn an_account_without_scripts() {
    let (told, _redis) =
        with_rights("~shop:* &shop:* +@all -@dangerous -@admin -@scripting +info").await;
    assert_eq!(
        told,
        [
            "error rights: the account may not run EVAL, which the cache needs; run `ACL SETUSER <user> ~shop:* &shop:* \
          +eval` there (docs/redis.md)"
        ]
    );
}

#[tokio::test]
async fn an_account_without_info() {
    let rights = "~shop:* &shop:* +@all -@dangerous -@admin";
    let (told_first, redis) = with_rights(rights).await;
    let of_info = "the account may not run INFO";
    let remedy = "run `ACL SETUSER <user> ~shop:* &shop:* +info` there (docs/redis.md), or set `on_new_master` to \
                  `replay`, which needs no `INFO`";
    assert_eq!(
        told_first,
        [format!(
            "error rights: {of_info}, which the cache needs; {remedy}"
        )]
    );
    let url = format!("redis://app:secret@{}", redis.addr());
    let spared = builder(url).on_new_master(OnNewMaster::Replay);
    assert_eq!(
        told(&spared.doctor().await),
        [format!(
            "warning rights: {of_info}; the cache works, at a price (docs/redis.md); {remedy}"
        )]
    );
}

#[tokio::test]
async fn an_account_without_the_rights_of_queues() {
    let (told, _redis) =
        with_rights("~shop:* &shop:* +@all -@dangerous -@admin -@hash +info").await;
    assert_eq!(
        told,
        [
            "error rights: the account may not run HGET, HSET, HDEL, HEXISTS, HINCRBY, which write-behind functions need; \
             run `ACL SETUSER <user> ~shop:* &shop:* +hget +hset +hdel +hexists +hincrby` there (docs/redis.md)"
        ]
    );
    let kinds = "~shop:k:* ~shop:c*:* ~shop:t:* ~shop:e:* ~shop:g:* ~shop:f:* ~shop:v:* ~shop:all ~shop:nodes \
                 ~shop:intents ~shop:beat ~shop:wb:*";
    let (told, _redis) =
        with_rights(&format!("{kinds} &shop:* +@all -@dangerous -@admin +info")).await;
    assert_eq!(
        told,
        [
            "warning rights: the account may not run PTTL, MGET, SET on the lists of hottest keys; for `warm_start`, run \
             `ACL SETUSER <user> ~shop:* &shop:* +pttl +mget +set` there (docs/redis.md); else nothing"
        ]
    );
}

#[tokio::test]
async fn a_replica() {
    let master = Redis::start();
    let port = master.addr().port().to_string();
    let mut args = RIGHT.to_vec();
    args.extend(["--replicaof", "127.0.0.1", &port]);
    let replica = Redis::with(&args);
    let told = told(&builder(replica.url()).doctor().await);
    assert_eq!(
        told[..2],
        [
            "error role: the server is a replica, which takes no writes; give the address of the master",
            "error writes: the server refuses writes with `READONLY`; give the address of the master",
        ]
    );
}

#[tokio::test]
async fn a_full_redis_that_evicts_nothing() {
    let redis = Redis::with(&["--maxmemory", "4mb"]);
    let url = redis.url();
    assert_eq!(
        told(&builder(&*url).doctor().await),
        [
            "warning eviction: `maxmemory-policy` is `noeviction`: once memory is full, Redis refuses new values; set \
          `maxmemory-policy` to `allkeys-lru` in a Redis that is only a cache"
        ]
    );
    let mut client = redis.client();
    let value = "x".repeat(100_000);
    for number in 0..100 {
        client.run(&["SET", &format!("full:{number}"), &value]);
    }
    assert_eq!(
        told(&builder(url).doctor().await),
        [
            "error eviction: memory is full, and `maxmemory-policy` is `noeviction`: Redis refuses new values; raise \
          `maxmemory`, or run `CONFIG SET maxmemory-policy allkeys-lru` in a Redis that is only a cache"
        ]
    );
}

#[tokio::test]
async fn a_redis_with_queues_must_keep_them() {
    let redis = Redis::with(&["--maxmemory", "64mb", "--appendonly", "yes"]);
    let kept = of_queues(redis.url()).doctor().await;
    assert_eq!(told(&kept), [""; 0], "it evicts nothing");
    let redis = Redis::with(&RIGHT);
    let running = of_queues(redis.url()).build().await;
    for diagnosis in [
        of_queues(redis.url()).doctor().await,
        running.expect("a valid set-up").doctor().await,
    ] {
        assert_eq!(
            told(&diagnosis),
            [
                "error eviction: the server may lose queued writes: its `maxmemory-policy` is `allkeys-lru`, which may \
                 evict queued writes; run `CONFIG SET maxmemory-policy noeviction`, or use another server for the queue",
                "error persistence: the server may lose queued writes: it writes no append-only file, so a restart \
                 loses queued writes; run `CONFIG SET appendonly yes` and set it in the server's configuration, or \
                 accept the loss with `volatile_queues(true)`",
            ]
        );
    }
}

#[tokio::test]
async fn an_old_version() {
    let five = builder(format!("redis://{}", old_server::start(old_server::five)));
    let told_of_five = told(&five.doctor().await);
    assert_eq!(told_of_five.len(), 1, "{told_of_five:?}");
    assert!(
        told_of_five[0]
            .contains("is no Redis 6 or newer: it does not know `HELLO`; use Redis 7 or newer"),
        "{told_of_five:?}"
    );

    let six = builder(format!("redis://{}", old_server::start(old_server::six)));
    let diagnosis = six.doctor().await;
    assert_eq!(
        told(&diagnosis)[1..],
        [
            "warning version: Redis 6.2.14 is older than 7: it cannot tell which rights the account lacks; use Redis 7 or \
          newer, or Valkey"
        ]
    );
    // The scripted server has a clock of its own, and no channels.
    assert!(
        told(&diagnosis)[0].starts_with("error bus: "),
        "{diagnosis}"
    );
    let clock = diagnosis.findings.iter().find(|it| it.subject == "clock");
    let clock = clock.expect("a finding about the clock");
    assert_eq!(clock.severity, Severity::Info);
    assert!(
        clock.problem.ends_with("ahead of that of this machine"),
        "{}",
        clock.problem
    );
}

#[tokio::test]
async fn what_keeps_a_cache_from_being_built_is_found() {
    let free = "redis://127.0.0.1:1";
    let told_of = |builder: CacheBuilder| async move { told(&builder.doctor().await) };
    let unreachable = told_of(builder(free)).await;
    assert!(
        unreachable[0].starts_with("error redis: redis://127.0.0.1:1 cannot be reached: "),
        "{unreachable:?}"
    );
    let zero = told_of(Cache::builder().default_ttl(Duration::ZERO)).await;
    assert!(
        zero[0].starts_with("error settings: default_ttl: is zero; "),
        "{zero:?}"
    );
    let scheme = told_of(builder("http://x")).await;
    assert!(
        scheme[0].starts_with("error redis: is not the address of a Redis; "),
        "{scheme:?}"
    );

    let redis = Redis::with(&RIGHT);
    let login = told_of(builder(format!("redis://nobody:wrong@{}", redis.addr()))).await;
    assert!(
        login[0].contains("refuses the login; check the user and the password"),
        "{login:?}"
    );
    let database = told_of(builder(format!("{}/99", redis.url()))).await;
    assert!(database[0].contains("refuses the database"), "{database:?}");
}

#[tokio::test]
async fn a_running_cache_tells_its_state() {
    let redis = Redis::with(&RIGHT);
    let cache = builder(redis.url())
        .bus_timeout(Duration::from_millis(50))
        .build()
        .await;
    let cache = cache.expect("a valid set-up");
    redis.kill();
    cachekit_tests::until("the loss is noticed", || {
        let stats = cache.stats().redis;
        !stats.is_up && !stats.is_bus_live
    })
    .await;
    cache.invalidate("key").await;
    let subjects: Vec<_> = told(&cache.doctor().await)
        .iter()
        .map(|line| line.split(':').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        subjects,
        [
            "error redis",
            "warning connection",
            "warning bus",
            "warning outbox"
        ]
    );
}

#[tokio::test]
async fn another_database_shares_its_channels() {
    let redis = Redis::with(&RIGHT);
    let diagnosis = builder(format!("{}/3", redis.url())).doctor().await;
    assert_eq!(told(&diagnosis), [""; 0]);
    assert_eq!(diagnosis.findings.len(), 1);
    assert!(
        diagnosis.findings[0]
            .problem
            .starts_with("the cache uses database 3;"),
        "{diagnosis}"
    );
}

#[tokio::test]
async fn without_redis_it_says_so() {
    let diagnosis = Cache::builder().doctor().await;
    assert_eq!(told(&diagnosis), [""; 0]);
    assert!(
        diagnosis
            .to_string()
            .starts_with("info    redis: the cache has no Redis"),
        "{diagnosis}"
    );
}
