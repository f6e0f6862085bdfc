//! What a stranger sees who has a dump of Redis, or listens to everything that Redis is told.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use cachekit::testing::Fault;
use cachekit::{
    Cache, CacheBuilder, QueueError, QueuedWrite, cached, invalidates, testing, write_behind,
    write_through,
};
use cachekit_tests::Gate;
use cachekit_tests::redis::{Redis, Reply};
use cachekit_tests::scripts::Seed as _;

use crate::world::{built, clear, keys, shows, until, with};

/// Words of keys, tags, events, functions and values. Each occurs in no name of the library.
const SECRETS: [&str; 8] = [
    "lovelace",
    "analysts",
    "closed",
    "difference",
    "engine7",
    "getprofile",
    "greeting",
    "babbage",
];

#[cached(
    key = "person:{name}",
    name = "getprofile",
    tags = ["club:{ret.1}"],
    events = ["deal.closed"]
)]
async fn profile(name: String) -> (String, String) {
    (format!("difference {name}"), "analysts".to_owned())
}

/// Made of another entry.
#[cached(key = "greeting:{name}", name = "greeting")]
async fn greeting(name: String) -> String {
    format!("hello, {}", profile(name).await.0)
}

#[cached(key = "slow:{name}", name = "greeting slowly", skip(gate))]
async fn slow(gate: &Gate, name: String) -> String {
    gate.pass().await;
    format!("difference {name}")
}

#[invalidates(profile(name), tags = ["club:analysts"], events = ["deal.closed"])]
async fn rename(gate: &Gate, name: String) {
    gate.pass().await;
}

#[write_through(profile(name))]
async fn replace(name: String) -> (String, String) {
    (format!("engine7 of {name}"), "analysts".to_owned())
}

#[write_behind(key = "queued:{name}", name = "queue", every = "1h")]
async fn save(name: String, text: String, _write: QueuedWrite) -> Result<(), QueueError> {
    drop((name, text));
    Ok(())
}

/// Everything that a connection hears after one command.
struct Tap(Arc<Mutex<Vec<u8>>>);

impl Tap {
    fn begin(redis: &Redis, command: &str) -> Self {
        let mut stream = TcpStream::connect(redis.addr()).expect("it listens");
        stream.write_all(command.as_bytes()).expect("it reads");
        let heard = Arc::default();
        let tap = Self(Arc::clone(&heard));
        let mut first = [0; 1];
        stream.read_exact(&mut first).expect("it answers");
        // Ends with the server.
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut part) {
                heard.lock().expect("no panic").extend(&part[..length]);
            }
        });
        tap
    }

    fn heard(&self) -> Vec<u8> {
        self.0.lock().expect("no panic").clone()
    }
}

/// What strangers see: a dump, all commands, and all messages.
struct Seen {
    dump: Vec<u8>,
    commands: Vec<u8>,
    messages: Vec<u8>,
}

fn name() -> String {
    "lovelace".to_owned()
}

/// The path of the file that `SAVE` writes.
fn dump_of(redis: &Redis) -> PathBuf {
    let Reply::List(parts) = redis.client().run(&["CONFIG", "GET", "dir"]) else {
        panic!("CONFIG answers a list");
    };
    let Some(Reply::Bulk(folder)) = parts.last() else {
        panic!("a folder");
    };
    PathBuf::from(String::from_utf8_lossy(folder).into_owned()).join("dump.rdb")
}

/// Two processes that use everything: values, tags, events, nested calls, leases, invalidations,
/// writes, marks, queues and the lists of the warm start.
async fn scenario(set: impl Fn(&Redis) -> CacheBuilder) -> Seen {
    let redis = Redis::with(&["--rdbcompression", "no"]);
    let commands = Tap::begin(&redis, "MONITOR\r\n");
    let messages = Tap::begin(&redis, "PSUBSCRIBE *\r\n");
    let (one, other) = (built(set(&redis)).await, built(set(&redis)).await);
    let gate = Gate::new();
    let on = |cache: &Cache| cache.clone();
    testing::scope(on(&one), async {
        profile::warm_start(100).await;
        // The first value of a function with tags made of its values is not stored.
        profile("babbage".to_owned()).await;
        profile(name()).await;
        greeting(name()).await;
        save(name(), "difference engine7".to_owned())
            .await
            .expect("it succeeds");
        replace(name()).await;
        profile(name()).await;
    })
    .await;
    testing::scope(on(&other), greeting(name())).await;
    // One waits for the computation of the other.
    let computing = testing::scope(on(&one), slow(&gate, name()));
    let waiting = async {
        gate.arrived().await;
        let waiting = testing::scope(on(&other), slow(&gate, name()));
        let opening = async {
            until("the other one waits", || other.stats().redis.waits > 0).await;
            gate.open_for_all();
        };
        tokio::join!(waiting, opening)
    };
    let (_, (_, ())) = tokio::join!(computing, waiting);
    one.invalidate_tags(["club:analysts"]).await;
    one.emit("deal.closed").await;
    other
        .invalidation()
        .keys(["person:lovelace"])
        .acknowledged()
        .await;
    other
        .invalidation()
        .keys(["greeting:lovelace"])
        .soft()
        .await;
    let mut seen = write(&redis, &one).await;
    // Stores the lists of the warm start, too.
    one.shutdown().await;
    redis.client().run(&["SAVE"]);
    seen.extend(fs::read(dump_of(&redis)).expect("a dump"));
    let end = redis.client().int(&["PUBLISH", "the end", "of the tale"]);
    assert!(end > 0, "somebody hears it");
    let has_end = |tap: &Tap| shows(&tap.heard(), "of the tale");
    until("all is heard", || has_end(&commands) && has_end(&messages)).await;
    Seen {
        dump: seen,
        commands: commands.heard(),
        messages: messages.heard(),
    }
}

/// A write that is open while the dump is made, with its mark in Redis.
async fn write(redis: &Redis, cache: &Cache) -> Vec<u8> {
    let gate = Gate::new();
    let writing = testing::scope(cache.clone(), rename(&gate, name()));
    let dumping = async {
        gate.arrived().await;
        until("the mark is there", || {
            redis.client().int(&["ZCARD", "shop:intents"]) == 1
        })
        .await;
        redis.client().run(&["SAVE"]);
        let dump = fs::read(dump_of(redis)).expect("a dump");
        gate.open();
        dump
    };
    let ((), dump) = tokio::join!(writing, dumping);
    dump
}

/// The words that stand in `bytes`.
fn found(bytes: &[u8]) -> Vec<&'static str> {
    let mut words = SECRETS.to_vec();
    words.retain(|word| shows(bytes, word));
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_hashes_neither_keys_nor_values_are_seen() {
    let seen = scenario(|redis| with(redis, keys()).hash_keys(true)).await;
    assert!(seen.dump.len() > 2_000 && seen.commands.len() > 10_000);
    assert_eq!(found(&seen.dump), [""; 0], "in the dump");
    assert_eq!(found(&seen.commands), [""; 0], "in the commands");
    assert_eq!(found(&seen.messages), [""; 0], "in the messages");
}

/// Names of keys in Redis stay readable without hashes. Values, and messages but for the wake-up of
/// waiters, which has the name of an entry, do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_hashes_only_names_are_seen() {
    let seen = scenario(|redis| with(redis, keys())).await;
    for secret in ["difference", "engine7"] {
        assert!(!shows(&seen.dump, secret), "{secret}");
        assert!(!shows(&seen.commands, secret), "{secret}");
    }
    assert!(shows(&seen.dump, "lovelace"), "the name of an entry");
    for secret in ["analysts", "closed", "getprofile", "person"] {
        assert!(!shows(&seen.messages, secret), "{secret}");
    }
}

/// The scenario has every word, everywhere, if nothing is encrypted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keys_everything_is_seen() {
    let seen = scenario(clear).await;
    for (bytes, missing) in [(&seen.dump, &["babbage"][..]), (&seen.commands, &[])] {
        let found = found(bytes);
        for word in SECRETS {
            assert!(found.contains(&word) || missing.contains(&word), "{word}");
        }
    }
    assert!(shows(&seen.messages, "club:analysts") && shows(&seen.messages, "lovelace"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_speaks_openly_is_found_out() {
    let set = |redis: &Redis| with(redis, keys()).hash_keys(true).seed(Fault::SpeakOpenly);
    let seen = scenario(set).await;
    assert_eq!(found(&seen.dump), [""; 0]);
    assert!(!found(&seen.messages).is_empty(), "the guard is removed");
}
