//! Every fault that the proxy can inject.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cachekit_tests::proxy::{Direction, Mangled, Proxy, Sent};
use cachekit_tests::redis::{Client, Redis, Reply};

use crate::{Raw, command, eventually};

fn pair() -> (Redis, Proxy) {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    (redis, proxy)
}

fn number(redis: &Redis) -> Option<Vec<u8>> {
    redis.client().bulk(&["GET", "number"])
}

#[tokio::test]
async fn held_back_with_all_behind_it_and_nothing_before_it() {
    let (redis, proxy) = pair();
    proxy.hold("set");
    let mut raw = Raw::to(proxy.addr());
    raw.send(&[command(&["GET", "a"]), command(&["SET", "a", "1"])].concat());
    raw.send(&command(&["INCR", "number"]));
    let held = proxy.held().await;
    assert_eq!((held.name().as_str(), proxy.holding()), ("SET", 1));
    raw.expect(b"$-1\r\n");
    assert_eq!(redis.client().keys("*"), [""; 0]);
    // Another connection is free until it sends such a command.
    let mut other = Client::connect(proxy.addr());
    assert_eq!(other.int(&["INCR", "number"]), 1);

    proxy.release();
    raw.expect(b"+OK\r\n:2\r\n");
    assert_eq!(other.run(&["SET", "b", "1"]), Reply::Text("OK".to_owned()));
    assert_eq!(proxy.holding(), 0);
}

#[tokio::test(start_paused = true)]
async fn some_are_released_one_by_one() {
    let (redis, proxy) = pair();
    proxy.hold_if(|sent| sent.mentions("numb"));
    let mut raws = [Raw::to(proxy.addr()), Raw::to(proxy.addr())];
    raws[0].send(&command(&["INCRBY", "number", "10"]));
    proxy.held().await;
    raws[1].send(&command(&["INCRBY", "number", "1"]));
    let held = proxy.all_held(2).await;
    let amounts: Vec<_> = held.iter().map(|sent| sent.args[2].clone()).collect();
    assert_eq!(amounts, [b"10".to_vec(), b"1".to_vec()]);
    proxy.release_one();
    raws[0].expect(b":10\r\n");
    assert_eq!((proxy.holding(), number(&redis)), (1, Some(b"10".to_vec())));
    proxy.release_one();
    raws[1].expect(b":11\r\n");
}

#[test]
fn a_held_command_is_lost_with_its_connection() {
    let (redis, proxy) = pair();
    proxy.hold("INCR");
    let mut raw = Raw::to(proxy.addr());
    raw.send(&command(&["INCR", "number"]));
    proxy.held_blocking();
    proxy.close_clients();
    assert_eq!(proxy.holding(), 0);
    proxy.release();
    assert!(raw.ended());
    // The server has seen the end of that connection, and nothing else before it.
    let mut client = redis.client();
    eventually(|| client.info("clients", "connected_clients").as_deref() == Some("1"));
    assert_eq!(number(&redis), None);
    let pong = Client::connect(proxy.addr()).run(&["PING"]);
    assert_eq!(pong, Reply::Text("PONG".to_owned()), "new ones are welcome");
}

#[test]
fn a_command_runs_that_its_client_has_given_up() {
    let (redis, proxy) = pair();
    proxy.hold("INCRBY");
    let mut raw = Raw::to(proxy.addr());
    raw.send(
        &[
            command(&["INCRBY", "number", "10"]),
            command(&["INCR", "number"]),
        ]
        .concat(),
    );
    proxy.held_blocking();
    proxy.close_clients_keep_server();
    assert!(raw.ended());
    assert_eq!((number(&redis), proxy.holding()), (None, 1));
    proxy.release();
    eventually(|| number(&redis) == Some(b"11".to_vec()));
}

#[test]
fn a_client_that_leaves_by_itself_is_served_to_the_end() {
    let (redis, proxy) = pair();
    proxy.hold("INCR");
    let mut raw = Raw::to(proxy.addr());
    raw.send(&command(&["INCR", "number"]));
    proxy.held_blocking();
    drop(raw);
    proxy.release();
    eventually(|| number(&redis) == Some(b"1".to_vec()));
    let mut client = redis.client();
    eventually(|| client.info("clients", "connected_clients").as_deref() == Some("1"));
}

#[test]
fn a_reply_is_swallowed_after_the_command_ran() {
    let (redis, proxy) = pair();
    let asked = AtomicUsize::new(0);
    // The first one only.
    proxy.swallow_reply_if(move |sent: &Sent| {
        sent.name() == "INCR" && asked.fetch_add(1, Ordering::SeqCst) == 0
    });
    let mut raw = Raw::to(proxy.addr());
    raw.send(&[command(&["GET", "a"]), command(&["INCR", "number"])].concat());
    raw.expect(b"$-1\r\n");
    assert!(raw.ended(), "it gets nothing more");
    assert_eq!(number(&redis), Some(b"1".to_vec()));
    let mut client = Client::connect(proxy.addr());
    assert_eq!(client.int(&["INCR", "number"]), 2, "the second is answered");
}

#[test]
fn a_command_is_repeated_when_told_to() {
    let redis = Redis::with(&["--requirepass", "secret"]);
    let proxy = Proxy::to(redis.addr());
    proxy.repeat_if(|sent| sent.name() == "INCR");
    let mut client = Client::connect(proxy.addr());
    client.run(&["HELLO", "2", "AUTH", "default", "secret"]);
    client.run(&["SELECT", "3"]);
    assert_eq!(client.int(&["INCR", "number"]), 1);
    assert_eq!(client.bulk(&["GET", "number"]), Some(b"1".to_vec()));
    assert_eq!(proxy.repeat_now(), [Reply::Int(2)]);
    assert_eq!(client.bulk(&["GET", "number"]), Some(b"2".to_vec()));
    assert_eq!(proxy.repeat_now(), []);
}

#[test]
fn nothing_arrives_until_it_heals() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let (redis, proxy) = pair();
        let client = Client::connect(proxy.addr());
        let mut client = client.patience(Duration::from_millis(200));
        client.run(&["PING"]);
        proxy.black_hole(direction);
        let error = client.try_run(&["INCR", "number"]).expect_err("silence");
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        let ran = number(&redis).is_some();
        assert_eq!(ran, direction == Direction::ToClient);
        proxy.heal();
        let mut client = client.patience(Duration::from_secs(5));
        assert_eq!(client.run(&["PING"]), Reply::Int(1), "it comes late");
    }
}

#[test]
fn a_slow_network_delays_each_round_trip_once() {
    let (_redis, proxy) = pair();
    let mut raw = Raw::to(proxy.addr());
    proxy.delay(Duration::from_millis(150));
    let start = Instant::now();
    raw.send(&[command(&["INCR", "number"]), command(&["INCR", "number"])].concat());
    raw.expect(b":1\r\n:2\r\n");
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(150), "{took:?}");
    proxy.delay(Duration::from_secs(3600));
    raw.send(&command(&["INCR", "number"]));
    proxy.heal();
    raw.expect(b":3\r\n");
}

#[test]
fn a_command_is_refused_in_its_turn_and_does_not_run() {
    let (redis, proxy) = pair();
    proxy.refuse_if(|sent| sent.name() == "INCR");
    let mut raw = Raw::to(proxy.addr());
    raw.send(&[command(&["INCR", "number"]), command(&["GET", "number"])].concat());
    raw.expect(b"-OOM command not allowed by the test\r\n$-1\r\n");
    assert_eq!(number(&redis), None);
    proxy.heal();
    raw.send(&command(&["INCR", "number"]));
    raw.expect(b":1\r\n");
}

#[test]
fn who_subscribed_hears_nothing_while_commands_go_on() {
    let (_redis, proxy) = pair();
    let mut listener = Raw::to(proxy.addr());
    listener.send(&command(&["SUBSCRIBE", "a"]));
    listener.expect(b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    proxy.silence(true);
    let mut late = Raw::to(proxy.addr());
    late.send(&command(&["SUBSCRIBE", "b"]));
    let mut other = Client::connect(proxy.addr());
    eventually(|| other.int(&["PUBLISH", "b", "hi"]) == 1);
    assert_eq!(other.int(&["PUBLISH", "a", "hi"]), 1);
    for raw in [&mut listener, &mut late] {
        assert!(raw.is_quiet(), "nothing comes by a subscription");
    }
    proxy.silence(false);
    listener.expect(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
    late.expect(b"*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:1\r\n");
}

#[test]
fn refused_until_it_heals() {
    let (_redis, proxy) = pair();
    let mut before = Client::connect(proxy.addr());
    before.run(&["PING"]);
    proxy.refuse();
    assert!(Raw::to(proxy.addr()).ended());
    assert_eq!(
        before.int(&["INCR", "number"]),
        1,
        "those that are there stay"
    );
    proxy.heal();
    let mut client = Client::connect(proxy.addr());
    assert_eq!(client.int(&["INCR", "number"]), 2);
}

#[test]
fn healing_releases_and_forgets() {
    let (_redis, proxy) = pair();
    proxy.hold("INCR");
    proxy.swallow_reply_if(|_| true);
    let mut raw = Raw::to(proxy.addr());
    raw.send(&command(&["INCR", "number"]));
    proxy.held_blocking();
    proxy.heal();
    raw.expect(b":1\r\n");
    raw.send(&command(&["INCR", "number"]));
    raw.expect(b":2\r\n");
}

#[test]
fn a_server_that_dies_ends_its_connections() {
    let (redis, proxy) = pair();
    let mut client = Client::connect(proxy.addr());
    client.run(&["PING"]);
    redis.kill();
    assert!(client.try_run(&["PING"]).is_err());
    assert!(Raw::to(proxy.addr()).ended());
    redis.restart();
    assert_eq!(Client::connect(proxy.addr()).int(&["INCR", "number"]), 1);
}

#[test]
fn replies_do_not_arrive_as_they_were_sent() {
    let (_redis, proxy) = pair();
    let mangle = |how| {
        let asked = AtomicUsize::new(0);
        proxy.heal();
        // The first one only.
        proxy.mangle_reply_if(how, move |sent| {
            sent.name() == "ECHO" && asked.fetch_add(1, Ordering::SeqCst) == 0
        });
        let mut raw = Raw::to(proxy.addr());
        raw.send(&[command(&["ECHO", "one"]), command(&["ECHO", "two"])].concat());
        raw
    };
    mangle(Mangled::Swapped).expect(b"$3\r\ntwo\r\n$3\r\none\r\n");
    mangle(Mangled::Garbage).expect(b"\xff\x00\x01 no reply at all\r\n$3\r\ntwo\r\n");
    mangle(Mangled::Cut).expect(b"$3\r\n$3\r\ntwo\r\n");
    let mut half = mangle(Mangled::Half);
    half.expect(b"$3\r\n");
    assert!(half.ended());
}

#[test]
fn nobody_listens_until_somebody_does() {
    let (_redis, proxy) = pair();
    let mut before = Client::connect(proxy.addr());
    before.run(&["PING"]);
    for heals in [false, true] {
        proxy.stop_listening();
        let refused = std::net::TcpStream::connect(proxy.addr());
        let kind = refused.expect_err("nobody listens").kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionRefused);
        before.run(&["PING"]);
        if heals {
            proxy.heal();
        } else {
            proxy.listen();
        }
        Client::connect(proxy.addr()).run(&["PING"]);
    }
}

#[tokio::test]
async fn a_server_does_not_learn_that_a_client_is_gone() {
    let (redis, proxy) = pair();
    let subscribers = || redis.client().run(&["PUBSUB", "NUMSUB", "news"]);
    let count = |count| Reply::List(vec![Reply::Bulk(b"news".to_vec()), Reply::Int(count)]);
    let subscribe = || {
        let mut raw = Raw::to(proxy.addr());
        raw.send(&command(&["SUBSCRIBE", "news"]));
        raw.expect(b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
        raw
    };
    drop(subscribe());
    eventually(|| subscribers() == count(0));
    proxy.outlive_clients();
    drop(subscribe());
    // As long as the end of the first one never takes.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(subscribers(), count(1));
    // The connections are the proxy's: it can end them.
    proxy.close_clients();
    eventually(|| subscribers() == count(0));
}
