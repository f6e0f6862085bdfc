//! The address of Redis: lasting problems are errors at start-up, in words. Also the end of a
//! connection whose runtime ends.

use cachekit_tests::capture::Capture;
use cachekit_tests::redis::{Redis, Reply};
use tracing::Level;

use crate::world::{settings, until};

const PASSWORD: &str = "pa%s@s/wo?rd#1 é";
const ENCODED: &str = "pa%25s%40s%2Fwo%3Frd%231%20%C3%A9";

/// A server with the password, and the account `app` that has it too.
fn server() -> Redis {
    let redis = Redis::with(&["--databases", "3"]);
    let password = format!(">{PASSWORD}");
    let mut client = redis.client();
    client.run(&[
        "ACL", "SETUSER", "app", "on", &password, "~*", "&*", "+@all",
    ]);
    client.run(&["ACL", "SETUSER", "default", "resetpass", &password]);
    redis
}

#[tokio::test]
async fn a_login_is_the_same_encoded_and_beside_the_address() {
    let redis = server();
    let (addr, socket) = (redis.addr(), redis.socket_url());
    for url in [
        format!("redis://:{ENCODED}@{addr}"),
        format!("redis://app:{ENCODED}@{addr}/2"),
        format!("{socket}?user=app&pass={ENCODED}&db=1"),
        format!("{socket}?pass={ENCODED}"),
    ] {
        let built = settings(&url).build().await;
        assert!(built.expect(&url).stats().redis.is_up, "{url}");
    }
    for url in [
        format!("redis://{addr}/1"),
        format!("redis://app@{addr}"),
        socket,
    ] {
        let built = settings(&url).redis_password(PASSWORD).build().await;
        assert!(built.expect(&url).stats().redis.is_up, "{url}");
    }
}

#[tokio::test]
async fn what_will_not_change_is_an_error() {
    let redis = server();
    let addr = redis.addr();
    for (url, words) in [
        (
            format!("redis://:{ENCODED}@{addr}/3"),
            "database of the address",
        ),
        (format!("redis://:{ENCODED}@{addr}/99"), "out of range"),
        (
            format!("{}?pass={ENCODED}&db=99", redis.socket_url()),
            "out of range",
        ),
        (format!("redis://:wrong@{addr}"), "REDIS_PASSWORD"),
        (format!("redis://{addr}"), "refuses the login"),
        (
            format!("redis://nobody:{ENCODED}@{addr}"),
            "refuses the login",
        ),
        (format!("redis://:pa/ss@{addr}"), "percent-encode"),
        (format!("redis://app:pa?ss@{addr}"), "percent-encode"),
        (format!("redis://{addr}/-1"), "below zero"),
    ] {
        let error = settings(&url).build().await.expect_err(&url).to_string();
        assert!(
            error.contains(words) && error.contains("REDIS_URL"),
            "{url}: {error}"
        );
        for secret in [PASSWORD, ENCODED, "wrong", "pa/ss", "pa?ss", "nobody"] {
            assert!(!error.contains(secret), "{error}");
        }
    }
}

/// It may be known later, so it is none.
#[tokio::test]
async fn a_host_that_is_not_known_is_named_so() {
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let built = settings("redis://no-such-host.invalid").build().await;
    assert!(!built.expect("it may come").stats().redis.is_up);
    let lines = log.take();
    let line = lines.iter().find(|line| line.text.contains("unreachable"));
    let line = line.expect("it is told");
    assert_eq!(line.level, Level::WARN);
    // A resolver that does not answer in time is as good as a server that does not.
    let words = ["host name is not known", "timed out"];
    assert!(
        words.iter().any(|it| line.text.contains(it)),
        "{}",
        line.text
    );
}

#[tokio::test]
async fn a_node_of_a_cluster_is_refused_whatever_slots_it_has() {
    let node = Redis::cluster();
    for has_slots in [true, false] {
        if !has_slots {
            let all_slots = ["CLUSTER", "DELSLOTSRANGE", "0", "16383"];
            assert_eq!(node.client().run(&all_slots), Reply::Text("OK".to_owned()));
        }
        let problem = settings(&node.url()).build().await.unwrap_err().to_string();
        for words in ["is a node of a Redis Cluster", "redis+cluster://host:6379"] {
            assert!(problem.contains(words), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_cluster_of_one_node_is_used() {
    let node = Redis::cluster();
    let url = node.url().replace("redis://", "redis+cluster://");
    let opened = settings(&url).build().await;
    let cache = opened.expect("a valid set-up");
    // A node serves its slots some time after it has got them.
    until("the node serves its slots", || cache.stats().redis.is_up).await;
}
