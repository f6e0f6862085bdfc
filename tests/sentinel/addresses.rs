//! Addresses with sentinels: lasting problems are errors at start-up, in words.

use cachekit::BuildError;
use cachekit_tests::capture::Capture;
use cachekit_tests::redis::{Redis, Reply};
use cachekit_tests::sentinel::Sentinel;
use cachekit_tests::until;
use tracing::Level;

use crate::world::{is_at, settings};

const PASSWORD: &str = "pa%s@s/wo?rd";
const ENCODED: &str = "pa%25s%40s%2Fwo%3Frd";

/// A server that is watched by one sentinel. Both want a password, each its own.
fn guarded() -> (Redis, Sentinel) {
    let redis = Redis::with(&["--requirepass", PASSWORD]);
    let auth = [format!("sentinel auth-pass {{name}} {PASSWORD}")];
    let sentinel = Sentinel::start(redis.addr(), &auth);
    let mut client = sentinel.client();
    for account in [
        &["watcher", "on", ">whisper", "&*", "+@all"][..],
        &["default", "resetpass", ">hush"],
    ] {
        let reply = client.run(&[&["ACL", "SETUSER"], account].concat());
        assert_eq!(reply, Reply::Text("OK".to_owned()));
    }
    (redis, sentinel)
}

fn error(built: Result<cachekit::Cache, BuildError>, what: &str) -> String {
    let error = built.expect_err(what).to_string();
    for secret in [PASSWORD, ENCODED, "hush", "whisper", "wrong"] {
        assert!(!error.contains(secret), "{error}");
    }
    assert!(error.contains("; "), "no remedy: {error}");
    error
}

#[tokio::test]
async fn the_logins_of_the_master_and_of_the_sentinels_are_apart() {
    let (redis, sentinel) = guarded();
    let addr = sentinel.addr();
    let url = format!("redis+sentinel://:{ENCODED}@{addr}/mymaster");
    let built = settings(&url).sentinel_password("hush").build().await;
    assert!(is_up(&built.expect("both are right")));
    let url = format!("redis+sentinel://{addr}/mymaster/1");
    let beside = settings(&url).redis_password(PASSWORD);
    let beside = beside.sentinel_user("watcher").sentinel_password("whisper");
    assert!(is_up(&beside.build().await.expect("beside the address")));

    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "hush\n").expect("a file");
    let in_file = settings(&url).redis_password(PASSWORD);
    let in_file = in_file.sentinel_password_file(file.path());
    let node = in_file.build().await.expect("in a file");
    until("it is connected", || is_at(&node, redis.addr())).await;
}

fn is_up(cache: &cachekit::Cache) -> bool {
    cache.stats().redis.is_up
}

#[tokio::test]
async fn what_will_not_change_is_an_error() {
    let (redis, sentinel) = guarded();
    let (addr, master) = (sentinel.addr(), redis.addr());
    for (url, password, words) in [
        (
            format!("redis+sentinel://:{ENCODED}@{addr}/mymaster"),
            "wrong",
            &[
                "the sentinel redis://",
                "refuses the login",
                "`sentinel_password`",
            ][..],
        ),
        (
            format!("redis+sentinel://:wrong@{addr}/mymaster"),
            "hush",
            &["refuses the login", "REDIS_PASSWORD"],
        ),
        (
            format!("redis+sentinel://:{ENCODED}@{addr}/another"),
            "hush",
            &["know no master with the name `another`", "sentinel monitor"],
        ),
        (
            format!("redis+sentinel://{addr}"),
            "hush",
            &["names no master", "redis+sentinel://host:26379"],
        ),
        (
            format!("redis+sentinel://:{ENCODED}@{addr},/mymaster"),
            "hush",
            &["no host beside one of its commas"],
        ),
        (
            format!("redis+sentinel://:{ENCODED}@{addr}/mymaster/99"),
            "hush",
            &["refuses the database"],
        ),
    ] {
        let built = settings(&url).sentinel_password(password).build().await;
        let error = error(built, &url);
        for word in words {
            assert!(error.contains(word), "{url}: {error}");
        }
    }
    let direct = settings(&format!("redis://:{ENCODED}@{master}"));
    let told = error(
        direct.sentinel_password("hush").build().await,
        "no sentinels",
    );
    assert!(told.starts_with("sentinel_password: "), "{told}");
}

#[tokio::test]
async fn a_server_in_place_of_a_sentinel_is_named_and_the_other_way_round() {
    let plain = Redis::start();
    let url = format!("redis+sentinel://{}/mymaster", plain.addr());
    let told = error(settings(&url).build().await, &url);
    assert!(
        told.contains("is no sentinel") && told.contains("26379"),
        "{told}"
    );
    let lonely = Sentinel::with(plain.addr(), &[], &[]);
    let url = format!("redis://{}", lonely.addr());
    let told = error(settings(&url).build().await, &url);
    for words in ["is a sentinel", "redis+sentinel://host:26379/mymaster"] {
        assert!(told.contains(words), "{told}");
    }
}

/// They may start later.
#[tokio::test]
async fn sentinels_that_are_away_are_no_mistake() {
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let built = cachekit_tests::builder()
        .redis_sentinel(["127.0.0.1:1", "127.0.0.1:2"], "mymaster")
        .build()
        .await;
    assert!(!is_up(&built.expect("they may come")));
    let lines = log.take();
    let line = lines.iter().find(|line| line.text.contains("unreachable"));
    let line = line.expect("it is told");
    assert_eq!(line.level, Level::WARN);
    assert!(
        line.text.contains("the master `mymaster`") && line.text.contains("no sentinel names"),
        "{}",
        line.text
    );
}
