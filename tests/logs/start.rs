//! The lines at the start of a cache.

use cachekit::testing::FakeRedis;
use cachekit::{Cache, CacheBuilder, cached};
use cachekit_tests::capture::Capture;
use cachekit_tests::cluster::Cluster;
use cachekit_tests::redis::Redis;
use cachekit_tests::sentinel::{self, Sentinel};
use tracing::Level;

use crate::{count, said};

/// The lines of both levels at the start of a cache with these variables.
async fn lines(builder: CacheBuilder, variables: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    let cache = builder.__with_variables(variables).build().await;
    drop(cache.expect("a valid set-up"));
    (said(&log, Level::INFO), said(&log, Level::WARN))
}

#[tokio::test]
async fn one_line_says_what_was_found() {
    let (info, warned) = lines(Cache::builder(), &[]).await;
    assert_eq!(info.len(), 1, "{info:?}");
    assert!(
        info[0].contains("message=the cache starts tier=memory redis=none namespace=cachekit file=none environment=[]"),
        "{info:?}"
    );
    assert_eq!(warned, [""; 0]);
}

#[tokio::test]
async fn several_processes_without_redis_are_warned_of() {
    let ttl = ("CACHE_DEFAULT_TTL", "5m");
    let (info, warned) = lines(Cache::builder(), &[ttl]).await;
    assert!(
        info[0].contains(r#"environment=["CACHE_DEFAULT_TTL=5m"]"#),
        "{info:?}"
    );
    assert!(
        warned.len() == 1
            && warned[0].contains("set `REDIS_URL`")
            && warned[0].contains("`REDIS_URL=none`"),
        "{warned:?}"
    );
    let (info, warned) = lines(Cache::builder(), &[ttl, ("REDIS_URL", "none")]).await;
    assert!(info[0].contains(r#""REDIS_URL=none""#), "{info:?}");
    assert_eq!(warned, [""; 0], "it is meant");
    let (_, warned) = lines(Cache::builder(), &[ttl, ("CACHE_ENABLED", "false")]).await;
    assert_eq!(warned, [""; 0], "nothing is cached");
}

/// Only what is shared, and how long it lives, speaks of other processes.
#[tokio::test]
async fn variables_of_a_single_process_warn_of_nothing() {
    let variables = [
        ("CACHE_SPANS", "true"),
        ("CACHE_TRACE_CALLS", "false"),
        ("CACHE_HOT_KEYS", "10"),
        ("CACHE_ENABLED", "true"),
    ];
    let (_, warned) = lines(Cache::builder(), &variables).await;
    assert_eq!(warned, [""; 0]);
    let (_, warned) = lines(Cache::builder(), &[("CACHE_NAMESPACE", "shop")]).await;
    assert_eq!(warned.len(), 1, "{warned:?}");
}

#[tokio::test]
async fn a_stand_in_is_named_as_one() {
    let builder = Cache::builder().redis("redis://localhost:1");
    let builder = builder.fake_redis(&FakeRedis::new());
    let (info, _) = lines(builder, &[]).await;
    assert_eq!(
        count(&info, "tier=memory+redis redis=(fake) "),
        1,
        "{info:?}"
    );
}

/// A cache that cannot be built does not start, and its log has no password in the wrong place.
#[tokio::test]
async fn a_build_that_fails_says_nothing_of_a_start() {
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    for url in ["redis://app:hunter2", "hunter2", "redis://app:hunter2/x"] {
        let error = Cache::builder().redis(url).build().await;
        let error = error.expect_err("no address").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert_eq!(log.take(), []);
}

#[tokio::test]
async fn none_takes_the_place_of_the_redis_of_the_builder() {
    let builder = Cache::builder().redis("redis://localhost:1");
    let (info, _) = lines(builder, &[("REDIS_URL", "none")]).await;
    assert!(
        info.len() == 1 && info[0].contains("tier=memory "),
        "{info:?}"
    );
}

#[cached(name = "of the default cache", key = "default:{id}")]
async fn of_default_cache(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn a_global_cache_that_nobody_set_up_says_so() {
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    for id in 0..3 {
        of_default_cache(id).await;
    }
    let info = said(&log, Level::INFO);
    assert_eq!(count(&info, "before `cachekit::init`"), 1, "{info:?}");
}

#[tokio::test]
async fn a_cache_that_is_off_says_so() {
    let (info, _) = lines(Cache::builder(), &[("CACHE_ENABLED", "false")]).await;
    assert!(
        info[0].contains("turned off by `enabled`") && info[0].contains("CACHE_ENABLED=false"),
        "{info:?}"
    );
}

#[tokio::test]
async fn the_address_is_there_and_the_login_is_not() {
    let redis = Redis::start();
    let words = [
        "ACL", "SETUSER", "app", "on", ">hunter2", "~*", "&*", "+@all",
    ];
    redis.client().run(&words);
    let url = format!("redis://app:hunter2@{}", redis.addr());
    let variables = [("REDIS_URL", url.as_str()), ("CACHE_NAMESPACE", "shop")];
    let (info, warned) = lines(Cache::builder(), &variables).await;
    let start = format!(
        "tier=memory+redis redis=redis://{} namespace=shop",
        redis.addr()
    );
    assert_eq!(count(&info, &start), 1, "{info:?}");
    let connected = format!(
        "message=connected to Redis address=redis://{} namespace=shop",
        redis.addr()
    );
    assert_eq!(count(&info, &connected), 1, "{info:?}");
    assert_eq!(count(&info, "hunter2") + count(&info, "app"), 0, "{info:?}");
    assert_eq!(warned, [""; 0]);
}

#[tokio::test]
async fn sentinels_and_their_master_are_there_and_no_login_is() {
    let redis = Redis::with(&["--requirepass", "hunter2"]);
    let auth = ["sentinel auth-pass {name} hunter2".to_owned()];
    let watcher = Sentinel::start(redis.addr(), &auth);
    let account = ["ACL", "SETUSER", "default", "resetpass", ">swordfish"];
    watcher.client().run(&account);
    let builder = Cache::builder().sentinel_password("swordfish");
    let builder = builder.redis(sentinel::url([&watcher], ":hunter2@"));
    let (info, warned) = lines(builder, &[]).await;
    let start = format!("redis=redis+sentinel://{}/mymaster ", watcher.addr());
    let master = format!(
        "message=connected to Redis address=redis://{} ",
        redis.addr()
    );
    assert_eq!(count(&info, &start) + count(&info, &master), 2, "{info:?}");
    assert_eq!(
        count(&info, "hunter2") + count(&info, "swordfish"),
        0,
        "{info:?}"
    );
    assert_eq!(warned, [""; 0]);
}

#[tokio::test]
async fn the_nodes_of_a_cluster_and_all_masters_are_there_and_no_login_is() {
    let cluster = Cluster::start();
    for server in &cluster.servers {
        let account = [
            "ACL", "SETUSER", "app", "on", ">hunter2", "~*", "&*", "+@all",
        ];
        server.client().run(&account);
    }
    let first = cluster.addr(0);
    let builder = Cache::builder().redis(format!("redis+cluster://app:hunter2@{first}/"));
    let (info, warned) = lines(builder, &[]).await;
    let start = format!("redis=redis+cluster://{first} ");
    assert_eq!(count(&info, &start), 1, "{info:?}");
    for server in &cluster.servers {
        let master = format!(
            "message=connected to Redis address=redis://{} ",
            server.addr()
        );
        assert_eq!(count(&info, &master), 1, "{info:?}");
    }
    assert_eq!(count(&info, "hunter2") + count(&info, "app"), 0, "{info:?}");
    assert_eq!(warned, [""; 0]);
}

#[tokio::test]
async fn a_misspelt_variable_is_refused() {
    let variables = [("CACHE_DEFAULT_TLL".into(), "5m".into())];
    let error = Cache::builder().__with_variables(variables).build().await;
    let error = error.expect_err("no such setting").to_string();
    assert!(
        error.contains("did you mean `CACHE_DEFAULT_TTL`?"),
        "{error}"
    );
}

#[tokio::test]
async fn an_unknown_host_is_named_as_one() {
    let builder = Cache::builder().redis("redis://no-such-host.invalid");
    let (_, warned) = lines(builder, &[]).await;
    assert!(
        warned.len() == 1 && warned[0].contains("its host name is not known here"),
        "{warned:?}"
    );
}

#[tokio::test]
async fn a_wrong_password_or_database_is_no_outage() {
    let redis = Redis::with(&["--requirepass", "right"]);
    for (url, expected) in [
        (
            format!("redis://:wrong@{}", redis.addr()),
            "refuses the login",
        ),
        (
            format!("redis://:right@{}/99", redis.addr()),
            "refuses the database",
        ),
    ] {
        let error = Cache::builder().redis(url).build().await;
        let error = error.expect_err("refused").to_string();
        assert!(
            error.contains(expected) && !error.contains("wrong@"),
            "{error}"
        );
    }
}
