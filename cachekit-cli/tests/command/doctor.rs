//! The doctor, the exit codes and the errors.

use std::io::Write as _;

use cachekit::{Cache, Policy};
use cachekit_tests::redis::Redis;

use crate::{command, ended, run};

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

    // `none` is for a service that is meant to have no Redis.
    for url in ["", "none"] {
        let (code, _, stderr) = run(&redis, &["--redis", url, "doctor"]).await;
        assert_eq!(code, Some(3), "{url}: {stderr}");
        assert!(stderr.contains("set `REDIS_URL`"), "{url}: {stderr}");
    }

    let (code, said, _) = run(&redis, &["completion", "bash"]).await;
    assert_eq!(code, Some(0));
    assert!(said.contains("inspect"), "{said}");
}

/// The doctor speaks for services, which mark their writes. The other commands do not.
#[tokio::test]
async fn the_doctor_sees_what_keeps_services_from_starting() {
    let redis = Redis::with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
    let rights =
        "ACL SETUSER app on >secret ~shop:* &shop:* +@all -@dangerous -@admin -@sortedset +info";
    redis.client().run(&rights.split(' ').collect::<Vec<_>>());
    let url = format!("redis://app:secret@{}", redis.addr());
    let service = Cache::builder().namespace("shop").redis(&url);
    service.build().await.expect_err("no service starts");
    let (code, said, _) = run(&redis, &["--redis", &url, "doctor"]).await;
    assert_eq!(code, Some(1), "{said}");
    let error = "error   rights: the account may not run ZADD, ZREM, ZRANGEBYSCORE, ZCARD, which the cache needs\n";
    assert!(said.contains(error), "{said}");
    let (code, _, stderr) = run(&redis, &["--redis", &url, "inspect", "a"]).await;
    assert_eq!(code, Some(1), "{stderr}");
}

/// The least rights of the documents are enough for a cache, and not for queues.
#[tokio::test]
async fn the_rights_of_queues_are_a_warning() {
    let redis = Redis::with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
    let rights =
        "ACL SETUSER app on >secret ~shop:* &shop:* +@all -@dangerous -@admin -@stream +info";
    redis.client().run(&rights.split(' ').collect::<Vec<_>>());
    let url = format!("redis://app:secret@{}", redis.addr());
    let (code, said, _) = run(&redis, &["--redis", &url, "doctor"]).await;
    assert_eq!(code, Some(0), "{said}");
    let warning = "warning rights: the account may not run XADD, XLEN, XRANGE, XDEL, which write-behind functions need\n        \
                   for write-behind, run `ACL SETUSER <user> ~shop:* &shop:* +xadd +xlen +xrange +xdel` there";
    assert!(said.contains(warning), "{said}");
}

/// A file of Docker Compose sets variables without a value, and passwords are in files.
#[tokio::test]
async fn variables_are_read_as_services_read_them() {
    let redis = Redis::with(&["--requirepass", "geheim"]);
    let service = Cache::builder().redis(redis.url());
    let service = service.redis_password("geheim").build().await;
    let service = service.expect("a valid set-up");
    service.put("a", 1, &Policy::new()).await;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(file, "geheim").expect("it takes it");
    let inspect = || {
        let mut inspect = command(&redis, &["inspect", "a"]);
        inspect.env("CACHE_NAMESPACE", "");
        inspect.env("REDIS_PASSWORD_FILE", file.path());
        inspect
    };
    let mut empty = inspect();
    empty.env("REDIS_PASSWORD", " ");
    let (code, said, stderr) = ended(empty).await;
    assert_eq!(code, Some(0), "{said}{stderr}");
    let mut two = inspect();
    two.env("REDIS_PASSWORD", "geheim");
    let (code, _, stderr) = ended(two).await;
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("unset one of them"), "{stderr}");
}
