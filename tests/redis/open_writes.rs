//! The marks of open writes over a real Redis: round trips, order, rights, and nodes that are gone.

use std::pin::Pin;
use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, CacheBuilder, cached, invalidates, testing, write_through};
use cachekit_tests::proxy::{Proxy, Sent};
use cachekit_tests::redis::{Client, Redis, Reply};
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::{Gate, poll_once, settle};

use crate::world::{node, quiet, settings, stored, until};

const MARKS: &str = "shop:intents";
const ENTRY: &str = "shop:k:opened:1";

#[cached(key = "opened:{id}", name = "opened", ttl = "1h")]
async fn row(id: u64) -> u64 {
    id
}

#[invalidates(row(id))]
async fn write(id: u64) -> Result<(), String> {
    if id == 9 {
        Err("nine".to_owned())
    } else {
        Ok(())
    }
}

#[invalidates(row(1))]
async fn write_at(gate: &Gate) {
    gate.pass().await;
}

#[write_through(row(id))]
async fn replace(id: u64) -> u64 {
    id
}

fn marks(client: &mut Client) -> i64 {
    client.int(&["ZCARD", MARKS])
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn is_removal(sent: &Sent) -> bool {
    sent.removes(ENTRY)
}

/// Everything that a write sends is sent before the mark is answered: nobody waits for it.
#[tokio::test]
async fn a_write_waits_for_one_round_trip_and_sends_one_command_more() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = quiet(&proxy.url()).await;
    proxy.clear();
    proxy.hold("EVALSHA");
    let writing = tokio::spawn(testing::scope(cache.clone(), write(1)));
    until("the removal is sent", || proxy.commands().len() == 2).await;
    assert_eq!(proxy.commands(), names(&["EVALSHA", "EVALSHA"]));
    assert_eq!(proxy.round_trips(), 1);
    proxy.release();
    assert_eq!(writing.await.unwrap(), Ok(()));
    assert_eq!(marks(&mut redis.client()), 0);
    assert_eq!(cache.stats().redis.unmarked, 0);
}

#[tokio::test]
async fn a_failed_write_sends_the_mark_and_takes_it_back() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = quiet(&proxy.url()).await;
    proxy.clear();
    assert!(testing::scope(cache.clone(), write(9)).await.is_err());
    until("the mark goes", || proxy.commands().len() == 2).await;
    assert_eq!(proxy.commands(), names(&["EVALSHA", "ZREM"]));
}

/// The mark, the token, and the value with which the script ends the mark.
#[tokio::test]
async fn a_write_through_sends_one_command_more() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let cache = quiet(&proxy.url()).await;
    proxy.clear();
    testing::scope(cache.clone(), replace(1)).await;
    assert_eq!(proxy.commands(), names(&["EVALSHA"; 3]));
    assert_eq!(marks(&mut redis.client()), 0);
    assert_eq!(testing::scope(cache, row(1)).await, 1);
}

#[invalidates(row(1), soft)]
async fn soften_at(gate: &Gate) {
    gate.pass().await;
}

#[write_through(row(1))]
async fn replace_at(gate: &Gate) -> u64 {
    gate.pass().await;
    2
}

type Writing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Begins a write on `cache`, and runs it until its body waits.
async fn begin<'a>(cache: &Cache, gate: &'a Gate) -> Writing<'a> {
    begun(
        Box::pin(testing::scope(cache.clone(), write_at(gate))),
        gate,
    )
    .await
}

async fn begun<'a>(mut writing: Writing<'a>, gate: &Gate) -> Writing<'a> {
    while gate.waiting() == 0 {
        assert!(poll_once(writing.as_mut()).is_pending());
        settle().await;
    }
    writing
}

/// W5: the connection breaks at the removal, and no other is made. The number of marks that are left
/// beside the entry, which is still there.
async fn cut_at_the_removal(seed: impl Fn(CacheBuilder) -> CacheBuilder) -> i64 {
    let redis = Redis::start();
    let mut client = redis.client();
    let proxy = Proxy::to(redis.addr());
    let hours = Duration::from_secs(3600);
    let one = seed(settings(&proxy.url())).bus_timeout(hours);
    let one = one.build().await.expect("a valid set-up");
    testing::scope(one.clone(), row(1)).await;
    stored(&one, 1).await;
    let gate = Gate::new();
    let writing = begin(&one, &gate).await;
    until("the mark is there", || marks(&mut client) == 1).await;
    proxy.lose_if(is_removal);
    proxy.refuse();
    gate.open();
    writing.await;
    until("the connection is lost", || !one.stats().redis.is_up).await;
    assert_eq!(client.int(&["EXISTS", ENTRY]), 1);
    assert!(one.stats().redis.queued_invalidations > 0);
    marks(&mut client)
}

#[tokio::test]
async fn g12_w5_a_mark_never_goes_before_the_names() {
    assert_eq!(cut_at_the_removal(|it| it).await, 1);
    let fault = |it: CacheBuilder| it.seed(Fault::UnmarkFirst);
    assert_eq!(cut_at_the_removal(fault).await, 0, "old, and nobody knows");
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Removal,
    Soft,
    WriteThrough,
}

/// The server takes a right away while a write runs, and refuses a part of its end. The number of
/// marks that are left when the write has returned.
async fn refused_meanwhile(
    kind: Kind,
    rights: &[&str],
    seed: impl Fn(CacheBuilder) -> CacheBuilder,
) -> i64 {
    let redis = Redis::start();
    let mut client = redis.client();
    let hours = Duration::from_secs(3600);
    let one = seed(settings(&redis.url())).bus_timeout(hours);
    let one = one.build().await.expect("a valid set-up");
    let gate = Gate::new();
    let writing: Writing<'_> = match kind {
        Kind::Removal => Box::pin(testing::scope(one.clone(), write_at(&gate))),
        Kind::Soft => Box::pin(testing::scope(one.clone(), soften_at(&gate))),
        Kind::WriteThrough => {
            let replacing = testing::scope(one.clone(), replace_at(&gate));
            Box::pin(async move { assert_eq!(replacing.await, 2) })
        }
    };
    let writing = begun(writing, &gate).await;
    until("the mark is there", || marks(&mut client) == 1).await;
    let change = [&["ACL", "SETUSER", "default"], rights].concat();
    assert_eq!(client.run(&change), Reply::Text("OK".to_owned()));
    gate.open();
    writing.await;
    assert!(one.stats().redis.queued_invalidations > 0, "it was refused");
    marks(&mut client)
}

#[tokio::test]
async fn g12_a_mark_stays_if_the_removal_or_the_message_is_refused() {
    for (kind, rights) in [
        (Kind::Removal, "-unlink"),
        (Kind::Removal, "resetchannels"),
        (Kind::Soft, "resetchannels"),
        (Kind::WriteThrough, "resetchannels"),
    ] {
        let left = refused_meanwhile(kind, &[rights], |it| it).await;
        assert_eq!(left, 1, "{kind:?} {rights}");
    }
    let fault = |it: CacheBuilder| it.seed(Fault::UnmarkFirst);
    let left = refused_meanwhile(Kind::Removal, &["-unlink"], fault).await;
    assert_eq!(left, 0, "nothing is removed, and nobody has the mark");
}

#[tokio::test]
async fn g12_the_writes_of_a_node_that_is_gone_are_finished_within_a_beat() {
    let redis = Redis::start();
    let mut client = redis.client();
    let proxy = Proxy::to(redis.addr());
    let (one, other) = (node(&proxy.url()).await, node(&redis.url()).await);
    testing::scope(other.clone(), row(1)).await;
    stored(&other, 1).await;
    let gate = Gate::new();
    let writing = begin(&one, &gate).await;
    until("the mark is there", || marks(&mut client) == 1).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(client.int(&["EXISTS", ENTRY]), 1, "it lives");
    proxy.refuse();
    proxy.close_clients();
    let died = std::time::Instant::now();
    until("the entry is gone", || client.int(&["EXISTS", ENTRY]) == 0).await;
    let took = died.elapsed();
    assert!(took < Duration::from_millis(1_500), "{took:?}");
    assert_eq!(marks(&mut client), 1, "further rounds follow");
    until("it is counted", || other.stats().redis.swept == 1).await;
    assert_eq!(one.stats().redis.swept, 0);
    std::mem::forget(writing);
}

/// Without the right to ask who listens, the time of the mark decides.
#[tokio::test]
async fn without_pubsub_a_mark_is_carried_out_when_it_is_over() {
    let redis = Redis::start();
    let mut client = redis.client();
    let rights = ["ACL", "SETUSER", "default", "-pubsub"];
    assert_eq!(client.run(&rights), Reply::Text("OK".to_owned()));
    let other = node(&redis.url()).await;
    testing::scope(other.clone(), row(1)).await;
    stored(&other, 1).await;
    // A node that was never there: 16 bytes, a number, and a name with its length.
    let mark = [&[b'x'; 24][..], &[10, 0, 0, 0], b"k:opened:1"].concat();
    let mark = String::from_utf8(mark).expect("text");
    let time = client.run(&["TIME"]);
    let Reply::List(time) = time else {
        panic!("{time:?}")
    };
    let Reply::Bulk(seconds) = &time[0] else {
        panic!("{time:?}")
    };
    let seconds = str::from_utf8(seconds).expect("a number");
    let over = format!("{}000", seconds.parse::<u64>().expect("a number") + 3);
    assert_eq!(client.int(&["ZADD", MARKS, &over, &mark]), 1);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(client.int(&["EXISTS", ENTRY]), 1, "the node may live");
    until("the mark is over", || client.int(&["EXISTS", ENTRY]) == 0).await;
    until("it is counted", || other.stats().redis.swept == 1).await;
}

/// A server whose memory is full takes no mark and no next round. Writes work, and marks that are
/// there are carried out.
#[tokio::test]
async fn a_full_server_carries_out_what_is_there() {
    let redis = Redis::start();
    let mut client = redis.client();
    let cache = node(&redis.url()).await;
    let mark = "x".repeat(24);
    assert_eq!(client.int(&["ZADD", MARKS, "1", &mark]), 1);
    client.run(&["CONFIG", "SET", "maxmemory", "1"]);
    let swept = cache.stats().redis.sweep_rounds;
    until("it is repeated", || {
        cache.stats().redis.sweep_rounds > swept + 2
    })
    .await;
    assert_eq!(testing::scope(cache.clone(), write(1)).await, Ok(()));
    until("it is counted", || cache.stats().redis.unmarked == 1).await;
    assert_eq!(cache.stats().redis.queued_invalidations, 0);
}

/// Every round, by the script with pauses of no length.
#[test]
fn the_last_round_is_repeated_until_the_mark_goes() {
    const ROUNDS: usize = 17;
    let redis = Redis::start();
    let mut client = redis.client();
    let script = include_str!("../../cachekit/src/store/redis/sweep.lua");
    assert_eq!(client.int(&["ZADD", MARKS, "1", "mark"]), 1);
    for sweep in 1..ROUNDS + 3 {
        let mut words = vec!["EVAL", script, "1", MARKS, "10", "shop:node:"];
        words.extend(["0"; ROUNDS]);
        let round = i64::try_from(sweep.min(ROUNDS)).expect("a round");
        let due = [Reply::Int(round), Reply::Bulk(b"mark".to_vec())];
        assert_eq!(client.run(&words), Reply::List(due.to_vec()));
    }
    assert_eq!(client.int(&["ZREM", MARKS, "mark"]), 1);
}
