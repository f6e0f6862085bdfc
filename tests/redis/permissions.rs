//! An account that lacks rights: reported at start-up, or later when a command is refused.
//!
//! The required rights are listed in the documents, and compared with the commands in the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{
    BuildError, Cache, CacheBuilder, OnDisconnect, OnNewMaster, Policy, Tier, cached, invalidates,
    testing, write_through,
};
use cachekit_tests::capture::Capture;
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Client, Redis, Reply};
use cachekit_tests::scripts::Seed as _;
use tracing::Level;

use crate::world::{settings, until};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/redis.md")).expect("the page")
}

/// The words of the lines that give an account its rights, after the name and the password.
fn lines() -> Vec<Vec<String>> {
    let page = page();
    let lines = page
        .lines()
        .filter(|line| line.starts_with("ACL SETUSER shop"));
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    lines.map(|line| words(line)[5..].to_vec()).collect()
}

/// The commands in the first cells of the table, without their second words.
fn listed() -> BTreeSet<String> {
    let page = page();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" |").next());
    let words = cells.flat_map(|cell| cell.split(',').map(str::to_owned).collect::<Vec<_>>());
    words
        .filter_map(|word| {
            let word = word.trim_matches([' ', '`']);
            word.split(' ').next().map(str::to_owned)
        })
        .collect()
}

/// The commands that the sources name, in scripts and beside them.
fn sent() -> BTreeSet<String> {
    let mut sent =
        BTreeSet::from(["SUBSCRIBE", "SSUBSCRIBE", "SELECT", "EVAL", "EVALSHA"].map(str::to_owned));
    let folder = root().join("cachekit/src/store/redis");
    let folders = [folder.join("sentinel"), folder.join("cluster"), folder].into_iter();
    let files = folders.flat_map(|folder| fs::read_dir(folder).expect("the sources"));
    for file in files {
        let file = file.expect("a file").path();
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for begin in ["redis.call('", "redis.pcall('", "cmd(\""] {
            let names = text.split(begin).skip(1);
            let names = names.filter_map(|rest| rest.split(['\'', '"']).next());
            sent.extend(names.map(str::to_owned));
        }
    }
    sent
}

/// A server with the account `app`, which has these rights.
fn grant(client: &mut Client, rights: &[String]) {
    let mut words = vec!["ACL", "SETUSER", "app", "reset", "on", ">secret"];
    words.extend(rights.iter().map(String::as_str));
    assert_eq!(client.run(&words), Reply::Text("OK".to_owned()));
}

fn url(redis: &Redis) -> String {
    format!("redis://app:secret@{}", redis.addr())
}

fn node(redis: &Redis) -> CacheBuilder {
    settings(&url(redis))
        .bus_timeout(Duration::from_millis(200))
        .on_disconnect(OnDisconnect::Bypass)
}

fn warnings(log: &Capture) -> Vec<String> {
    let lines = log.take().into_iter();
    let lines = lines.filter(|line| line.level <= Level::WARN);
    lines.map(|line| line.text).collect()
}

#[cached(key = "rights:{id}", name = "of_rights")]
async fn of_rights(id: u64) -> u64 {
    id
}

#[write_through(of_rights(id), value = id)]
async fn replace(id: u64) -> Result<(), ()> {
    Ok(())
}

#[invalidates(of_rights(id))]
async fn write(id: u64) -> Result<(), ()> {
    if id == u64::MAX { Err(()) } else { Ok(()) }
}

/// Everything of which a command comes: reads, computations, tags of the value, soft and
/// acknowledged invalidations, copies, errors, a wait for another node's computation.
async fn work(node: &Cache, round: u64) {
    let policy = Policy::new().tag("kind:1").event("sold");
    let policy = policy.ttl(Duration::from_secs(60));
    let stale = policy.clone().stale(Duration::from_secs(60));
    for (key, policy) in [("a", &policy), ("b", &stale)] {
        let key = format!("{key}{round}");
        for _ in 0..2 {
            node.get_or_compute(&key, policy, || async { 1 }).await;
        }
        node.invalidation().soft().keys([&key]).await;
        node.get_or_compute(&key, policy, || async { 2 }).await;
        let failed: Result<i32, ()> = node
            .try_get_or_compute(&format!("{key}:err"), policy, || async { Err(()) })
            .await;
        assert_eq!(failed, Err(()));
    }
    let copied = Policy::new().tier(Tier::Redis).replicas(2);
    for number in 0..8 {
        // Which copy is drawn at random.
        let key = format!("c{round}:{number}");
        node.get_or_compute(&key, &copied, || async { 1 }).await;
    }
    node.put("put", 1, &policy).await;
    assert_eq!(testing::scope(node.clone(), replace(round)).await, Ok(()));
    assert_eq!(testing::scope(node.clone(), write(round)).await, Ok(()));
    assert_eq!(testing::scope(node.clone(), write(u64::MAX)).await, Err(()));
    node.invalidation().acknowledged().tags(["kind:1"]).await;
    node.clear().await;
}

/// What the server refused since the last time, as it says itself.
fn refused(client: &mut Client) -> String {
    let log = format!("{:?}", client.run(&["ACL", "LOG"]));
    client.run(&["ACL", "LOG", "RESET"]);
    log
}

#[test]
fn the_page_lists_what_the_sources_send() {
    assert_eq!(listed(), sent());
}

#[tokio::test]
async fn each_line_of_the_page_is_enough() {
    let redis = Redis::start();
    let mut client = redis.client();
    let lines = lines();
    assert_eq!(lines.len(), 2, "one to copy, and the least");
    for line in lines {
        grant(&mut client, &line);
        // The first cache of a process reports functions that conflict: those of other tests.
        let first = node(&redis).build().await.expect("enough");
        first.shutdown().await;
        let log = Capture::default();
        let _log = tracing::subscriber::set_default(log.clone());
        let nodes = [
            node(&redis).build().await.expect("enough"),
            node(&redis).build().await.expect("enough"),
        ];
        for round in 0..2 {
            work(&nodes[0], round).await;
            work(&nodes[1], round).await;
        }
        for node in &nodes {
            assert_eq!(node.shutdown().await.queued_invalidations, 0);
            assert!(node.stats().redis.stores > 0, "{line:?}");
        }
        assert_eq!(refused(&mut client), "List([])", "{line:?}");
        assert_eq!(warnings(&log), [""; 0], "{line:?}");
    }
}

/// The rights of the page without one of them, and what a message about that has to name.
fn cut() -> Vec<(Vec<String>, String)> {
    let least = lines().remove(1);
    let mut cut = Vec::new();
    for (at, word) in least.iter().enumerate() {
        let mut rest = least.clone();
        rest.remove(at);
        if let Some(command) = word.strip_prefix('+') {
            cut.push((rest, command.replace('|', " ").to_uppercase()));
        }
    }
    for (word, kinds) in [
        ("~shop:", "k:* c*:* t:* e:* g:* f:* v:* all nodes intents"),
        ("&shop:", "bus wake node:*"),
    ] {
        let kinds: Vec<_> = kinds.split(' ').map(|it| format!("{word}{it}")).collect();
        let others = least.iter().filter(|it| !it.starts_with(word)).cloned();
        let others: Vec<_> = others.collect();
        for kind in &kinds {
            let kept = kinds.iter().filter(|it| *it != kind).cloned();
            let named = if word.starts_with('~') {
                "~shop:*"
            } else {
                "&shop:*"
            };
            let rights = others.iter().cloned().chain(kept).collect();
            cut.push((rights, named.to_owned()));
        }
        let all = others.iter().cloned().chain(kinds).collect();
        cut.push((all, String::new()));
    }
    cut
}

async fn build(redis: &Redis) -> Result<Cache, BuildError> {
    node(redis).build().await
}

#[tokio::test]
async fn what_is_missing_at_start_is_named_with_the_remedy() {
    let redis = Redis::start();
    let mut client = redis.client();
    let mut count = 0;
    for (rights, named) in cut() {
        grant(&mut client, &rights);
        let built = build(&redis).await;
        let Err(error) = built else {
            client.run(&["FLUSHALL"]);
            assert!(
                ["", "SCRIPT LOAD", "PUBSUB"].contains(&&*named),
                "not noticed: {named}"
            );
            continue;
        };
        let error = error.to_string();
        let word = named.to_lowercase().replace(' ', "|");
        let given = if word.contains('*') {
            word
        } else {
            format!("+{word}")
        };
        assert!(
            error.contains(&named) && error.contains(&given),
            "{named}: {error}"
        );
        assert!(
            error.contains("ACL SETUSER") && error.contains("docs/redis.md"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(client.keys("*"), [""; 0], "nothing was written");
        count += 1;
    }
    assert!(count > 20, "{count}");
}

#[tokio::test]
async fn without_the_replication_id_only_replay_goes_on() {
    let redis = Redis::start();
    let mut client = redis.client();
    let least = lines().remove(1);
    let rights: Vec<_> = least.into_iter().filter(|it| it != "+info").collect();
    grant(&mut client, &rights);
    let error = build(&redis).await.expect_err("by default it is needed");
    assert!(error.to_string().contains("on_new_master"), "{error}");
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let replay = node(&redis).on_new_master(OnNewMaster::Replay);
    let replay = replay.build().await.expect("it does without");
    let warned = warnings(&log);
    assert!(
        warned.len() == 1 && warned[0].contains("INFO"),
        "{warned:?}"
    );
    work(&replay, 0).await;
    replay.shutdown().await;
    assert!(replay.stats().redis.stores > 0);
}

/// Takes rights away from a node that runs, but for these `rights`. What was changed is not served
/// old by it, whoever says so.
async fn taken_away(redis: &Redis, node: &Cache, (rights, named): &(Vec<String>, String)) {
    let mut client = redis.client();
    let other = settings(&redis.url()).bus_timeout(Duration::from_millis(200));
    let other = other.on_disconnect(OnDisconnect::Bypass).build().await;
    let other = other.expect("all rights");
    let source = AtomicU64::new(0);
    let policy = Policy::new().tag("kind:1");
    let read = async |node: &Cache| {
        let compute = || async { source.load(Ordering::SeqCst) };
        node.get_or_compute("k", &policy, compute).await
    };
    work(node, 0).await;
    assert_eq!((read(node).await, read(&other).await), (0, 0));
    grant(&mut client, rights);
    if ["INFO", "EVAL", "SUBSCRIBE", "SCRIPT LOAD"].contains(&&**named) {
        // Needed when a connection is made.
        client.run(&["CLIENT", "KILL", "USER", "app"]);
    }
    for round in 1..4 {
        source.store(round, Ordering::SeqCst);
        if round % 2 == 0 {
            other.invalidation().acknowledged().tags(["kind:1"]).await;
        } else {
            node.invalidate_tags(["kind:1"]).await;
        }
        assert_eq!(read(node).await, round, "without {named}");
        work(node, round).await;
    }
}

/// Every right, one after the other, and then it is given back. Somebody is told, once.
#[tokio::test]
async fn a_permission_revoked_later_is_reported_and_nothing_is_stale() {
    let redis = Redis::start();
    let mut client = redis.client();
    let least = lines().remove(1);
    // The first cache of the process reports which functions share keys.
    grant(&mut client, &least);
    drop(build(&redis).await.expect("enough"));
    // What is left is not needed. Who may not ask who listens does not ask.
    for lack in cut()
        .iter()
        .filter(|(_, named)| !["", "PUBSUB"].contains(&&**named))
    {
        grant(&mut client, &least);
        let log = Capture::default();
        let _log = tracing::subscriber::set_default(log.clone());
        let node = build(&redis).await.expect("enough");
        taken_away(&redis, &node, lack).await;
        let (rights, named) = lack;
        // Redis ends subscriptions to channels that are taken away; the next one is refused.
        let told_as = if named.starts_with('&') {
            "SUBSCRIBE"
        } else {
            named
        };
        let mut warned = Vec::new();
        until(&format!("the lack of {named} is told: {rights:?}"), || {
            warned.extend(warnings(&log));
            let is_told = |line: &String| line.contains(named) || line.contains(told_as);
            warned.iter().any(is_told)
        })
        .await;
        assert!(warned.len() < 12, "not at every call: {warned:#?}");
        grant(&mut client, &least);
        let stores = node.stats().redis.stores;
        until("it works again", || {
            let redis = node.stats().redis;
            redis.is_up && redis.is_bus_live && redis.queued_invalidations == 0
        })
        .await;
        work(&node, 9).await;
        until("values are stored", || node.stats().redis.stores > stores).await;
        node.shutdown().await;
    }
}

/// A Redis is away at start-up, and comes back with an older data set than what was invalidated; the
/// account may not ask for the replication id. What a node gets that cannot know of it.
async fn restored(fault: Option<Fault>) -> (Option<i32>, Vec<String>) {
    let redis = Redis::with(&[
        "--dbfilename",
        "old.rdb",
        "--user",
        "app",
        "on",
        ">secret",
        "~*",
        "&*",
        "+@all",
        "-@dangerous",
    ]);
    // As versions before this one did with such an account.
    let issuer = node(&redis).seed(Fault::BelieveUnknown).build().await;
    let issuer = issuer.expect("the guard is removed");
    issuer.put("k", 1, &Policy::new()).await;
    redis.client().run(&["SAVE"]);
    issuer.invalidate("k").await;
    drop(issuer);
    redis.kill();
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let mut node = node(&redis).bus_timeout(Duration::from_secs(1));
    if let Some(fault) = fault {
        node = node.seed(fault);
    }
    let node = node.build().await.expect("it may come later");
    log.take();
    redis.restart();
    assert_eq!(redis.client().int(&["EXISTS", "shop:k:k"]), 1);
    until("it hears messages", || node.stats().redis.is_bus_live).await;
    until("it is connected", || node.stats().redis.connections == 1).await;
    (node.get("k").await, warnings(&log))
}

#[tokio::test]
async fn who_cannot_identify_the_data_set_trusts_none() {
    let (value, warned) = restored(None).await;
    assert_eq!(value, None);
    assert!(
        warned.iter().any(|line| line.contains("INFO")),
        "{warned:?}"
    );
    let (value, _) = restored(Some(Fault::BelieveUnknown)).await;
    assert_eq!(value, Some(1), "the guard is what makes the difference");
}

/// A Redis that comes after the start may refuse what nobody asked about then.
#[tokio::test]
async fn messages_that_never_come_are_reported() {
    let redis = Redis::start();
    let rights = lines().remove(1).into_iter();
    let rights: Vec<_> = rights.filter(|it| it != "+subscribe").collect();
    grant(&mut redis.client(), &rights);
    let proxy = Proxy::to(redis.addr());
    proxy.stop_listening();
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    let url = format!("redis://app:secret@{}", proxy.addr());
    let node = settings(&url).bus_timeout(Duration::from_millis(200));
    let node = node.build().await.expect("it may come");
    let away = warnings(&log);
    assert!(
        away.len() == 1 && away[0].contains("unreachable"),
        "told once: {away:?}"
    );
    proxy.listen();
    until("it is there", || node.stats().redis.is_up).await;
    let mut told = Vec::new();
    until("it is told", || {
        told.extend(warnings(&log));
        let said = |words: &str| told.iter().filter(|line| line.contains(words)).count();
        said("+subscribe") == 1
            && said("command=SUBSCRIBE code=NOPERM") == 1
            && said("do not arrive") == 1
    })
    .await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(!node.stats().redis.is_bus_live);
}
