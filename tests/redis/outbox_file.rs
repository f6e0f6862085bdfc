//! A process that is killed while Redis is away, and the next one with the same file.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use cachekit::Policy;
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;

use crate::world::{settings, until};

const URL: &str = "CACHEKIT_TEST_OUTBOX_URL";
const FILE: &str = "CACHEKIT_TEST_OUTBOX_FILE";
const ENTRY: &str = "shop:k:k";

/// The process that dies: it writes when it is told to, and waits.
async fn victim(url: &str) -> ! {
    let path = env::var_os(FILE).expect("a path");
    let cache = settings(url).outbox_file(path).build().await;
    let cache = cache.expect("a valid set-up");
    println!("victim is ready");
    std::io::stdin()
        .read_line(&mut String::new())
        .expect("a line");
    until("Redis is away", || !cache.stats().redis.is_up).await;
    let ((), delivery) = cachekit::with_delivery(cache.invalidate("k")).await;
    println!("victim says {delivery:?}");
    loop {
        std::thread::park();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_invalidation_of_a_killed_process_is_sent_by_the_next() {
    if let Ok(url) = env::var(URL) {
        victim(&url).await;
    }
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("outbox");
    let other = settings(&redis.url()).build().await.expect("right");
    other.put("k", 1_u64, &Policy::new()).await;

    let this = "outbox_file::the_invalidation_of_a_killed_process_is_sent_by_the_next";
    let mut child = Command::new(env::current_exe().expect("a program"))
        .args(["--exact", this, "--nocapture"])
        .env(URL, proxy.url())
        .env(FILE, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut hear = |words: &str| {
        let mut lines = lines.by_ref().map(|line| line.expect("text"));
        assert!(lines.any(|line| line.contains(words)), "no `{words}`");
    };
    hear("victim is ready");
    proxy.stop_listening();
    proxy.close_clients();
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(b"go\n").expect("it reads");
    hear("victim says Queued");
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    assert_eq!(redis.client().int(&["EXISTS", ENTRY]), 1);

    let next = settings(&redis.url()).outbox_file(&path).build().await;
    let next = next.expect("a valid set-up");
    let sent = || redis.client().int(&["EXISTS", ENTRY]) == 0;
    until("the next process sends it", sent).await;
    until("all nodes are told", || other.stats().redis.messages == 1).await;
    assert_eq!(next.get::<u64>("k").await, None);
    assert_eq!(other.get::<u64>("k").await, None);
}
