//! The rights that the page lists for a cluster: enough, and no more than needed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use cachekit::{BuildError, Cache, Policy, Tier, cached, invalidates, testing, write_through};
use cachekit_tests::capture::Capture;
use cachekit_tests::cluster::Cluster;
use cachekit_tests::redis::Reply;
use cachekit_tests::until;
use tracing::Level;

/// The words of the lines that give an account its rights, after the name and the password.
fn lines() -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/redis.md")).expect("the page");
    let lines = page.lines();
    let lines = lines.filter(|line| line.starts_with("ACL SETUSER node"));
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    lines.map(|line| words(line)[5..].to_vec()).collect()
}

/// Gives the account `app` these rights on all servers.
fn grant(cluster: &Cluster, rights: &[String]) {
    let mut words = vec!["ACL", "SETUSER", "app", "reset", "on", ">secret"];
    words.extend(rights.iter().map(String::as_str));
    for server in &cluster.servers {
        let reply = server.client().run(&words);
        assert_eq!(reply, Reply::Text("OK".to_owned()), "{words:?}");
    }
}

/// Returns the commands that the servers refused since the last call, by their own logs.
fn refused(cluster: &Cluster) -> Vec<String> {
    let log = |number: usize| {
        let mut client = cluster.servers[number].client();
        let log = format!("{:?}", client.run(&["ACL", "LOG"]));
        client.run(&["ACL", "LOG", "RESET"]);
        log
    };
    let logs = (0..cluster.servers.len()).map(log);
    logs.filter(|log| log != "List([])").collect()
}

async fn build(cluster: &Cluster) -> Result<Cache, BuildError> {
    let url = cluster.url().replace("://", "://app:secret@");
    let settings = cachekit_tests::builder().namespace("shop").redis(url);
    let settings = settings.bus_timeout(Duration::from_millis(200));
    settings.redis_timeout(Duration::from_secs(2)).build().await
}

#[cached(key = "right:{id}", name = "of_right", tags = ["kind:{ret}"])]
async fn of_right(id: u64) -> u64 {
    id % 2
}

#[write_through(of_right(id), value = id)]
async fn replace(id: u64) -> Result<(), ()> {
    Ok(())
}

#[invalidates(of_right(id))]
async fn write(id: u64) -> Result<(), ()> {
    if id == u64::MAX { Err(()) } else { Ok(()) }
}

/// Everything of which a command comes, with keys of many slots.
async fn work(node: &Cache, round: u64) {
    let policy = Policy::new().tag("kind:1").event("sold");
    let stale = policy.clone().stale(Duration::from_secs(60));
    for number in 0..6 {
        let key = format!("{round}:{number}");
        for policy in [&policy, &stale] {
            node.get_or_compute(&key, policy, || async { 1 }).await;
            node.invalidation().soft().keys([&key]).await;
            node.get_or_compute(&key, policy, || async { 2 }).await;
            node.invalidate(&key).await;
        }
        let copied = Policy::new().tier(Tier::Redis).replicas(4);
        node.get_or_compute(&format!("c{key}"), &copied, || async { 1 })
            .await;
        testing::scope(node.clone(), of_right(number)).await;
        let replaced = testing::scope(node.clone(), replace(number)).await;
        assert_eq!(replaced, Ok(()));
        assert_eq!(testing::scope(node.clone(), write(number)).await, Ok(()));
    }
    assert_eq!(testing::scope(node.clone(), write(u64::MAX)).await, Err(()));
    node.invalidation().acknowledged().tags(["kind:1"]).await;
    node.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_of_the_page_is_enough() {
    let cluster = Cluster::start();
    let lines = lines();
    assert_eq!(lines.len(), 2, "one to copy, and the least");
    for line in lines {
        grant(&cluster, &line);
        let nodes = [
            build(&cluster).await.expect("enough"),
            build(&cluster).await.expect("enough"),
        ];
        for round in 0..2 {
            for node in &nodes {
                work(node, round).await;
            }
        }
        // A name on its way, for which the target of the move is asked.
        let slot = cluster.slot("shop:k:{moved}");
        let owner = cluster.owner(slot);
        let moving = cluster.begin_move(slot, owner, (owner + 1) % 3);
        let policy = Policy::new();
        let moved = nodes[0].get_or_compute("moved", &policy, || async { 3 });
        assert_eq!(moved.await, 3);
        moving.give_up();
        for node in &nodes {
            until("what was put off is sent", || {
                node.stats().redis.queued_invalidations == 0
            })
            .await;
            node.shutdown().await;
            assert!(node.stats().redis.stores > 0, "{line:?}");
        }
        assert_eq!(refused(&cluster), [""; 0], "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_at_start_is_named_with_the_remedy() {
    let cluster = Cluster::start();
    let least = lines().remove(1);
    let mut count = 0;
    for (at, word) in least.iter().enumerate() {
        let mut rest = least.clone();
        rest.remove(at);
        if word == "-@all" {
            continue;
        }
        grant(&cluster, &rest);
        let Err(error) = build(&cluster).await else {
            assert_eq!(word, "+script|load", "not noticed");
            continue;
        };
        let error = error.to_string();
        for words in [&**word, "ACL SETUSER <user>", "docs/redis.md"] {
            assert!(error.contains(words), "{word}: {error}");
        }
        assert!(!error.contains("secret"), "{error}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}

/// A master has an account that lacks a right, and the others do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_one_master_lacks_is_named_with_this_master() {
    let cluster = Cluster::start();
    let least = lines().remove(1);
    grant(&cluster, &least);
    let lack = ["ACL", "SETUSER", "app", "-spublish"];
    cluster.servers[1].client().run(&lack);
    let error = build(&cluster).await.expect_err("a right is missing");
    let error = error.to_string();
    let wanted = format!(
        "redis://{} does not let this user run SPUBLISH",
        cluster.addr(1)
    );
    assert!(error.contains(&wanted), "{error}");
}

#[tokio::test]
async fn a_right_that_is_taken_away_later_is_reported() {
    let cluster = Cluster::start();
    let least = lines().remove(1);
    grant(&cluster, &least);
    // The first cache of a process reports functions that conflict: those of other tests.
    drop(build(&cluster).await.expect("enough"));
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let node = build(&cluster).await.expect("enough");
    for right in ["-cluster|nodes", "-mget", "-ssubscribe"] {
        let name = right[1..].replace('|', " ").to_uppercase();
        for server in &cluster.servers {
            server.client().run(&["ACL", "SETUSER", "app", right]);
            if name == "SSUBSCRIBE" {
                server.client().run(&["CLIENT", "KILL", "USER", "app"]);
            }
        }
        let mut warned = Vec::new();
        for attempt in 0.. {
            node.get_or_compute("a", &Policy::new(), || async { 1 })
                .await;
            node.invalidate("a").await;
            let lines = log.take().into_iter();
            warned.extend(lines.filter(|line| line.level <= Level::WARN));
            if warned.iter().any(|line| line.text.contains(&name)) {
                break;
            }
            assert!(attempt < 4_000, "{name}: {warned:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        grant(&cluster, &least);
    }
}
