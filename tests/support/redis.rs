//! A server for one test, and a client that shares no code with the cache's.

use std::env;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use cachekit_tests::redis::{Redis, Reply};

fn socket(redis: &Redis) -> PathBuf {
    let url = redis.socket_url();
    PathBuf::from(url.strip_prefix("unix://").expect("a URL of a socket"))
}

#[test]
fn answers_when_started() {
    let redis = Redis::start();
    let mut client = redis.client();
    assert_eq!(client.run(&["PING"]), Reply::Text("PONG".to_owned()));
    assert_eq!(redis.url(), format!("redis://{}", redis.addr()));
    assert!(redis.addr().ip().is_loopback());
    UnixStream::connect(socket(&redis)).expect("it listens on its socket too");
    assert!(redis.log().contains("Ready to accept"), "{}", redis.log());
}

#[test]
fn keeps_nothing_on_disk_unless_told_to() {
    let redis = Redis::start();
    redis.client().run(&["SET", "key", "value"]);
    redis.restart();
    assert_eq!(redis.client().keys("*"), [""; 0]);

    let redis = Redis::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    redis.client().run(&["SET", "key", "value"]);
    redis.restart();
    assert_eq!(redis.client().keys("*"), ["key"]);
}

#[test]
fn takes_arguments() {
    let redis = Redis::with(&["--maxmemory", "2mb"]);
    let limit = redis.client().info("memory", "maxmemory");
    assert_eq!(limit.as_deref(), Some("2097152"));
}

#[test]
fn many_start_at_once() {
    let start = || std::thread::spawn(Redis::start);
    let threads: Vec<_> = (0..8).map(|_| start()).collect();
    for (number, thread) in threads.into_iter().enumerate() {
        let redis = thread.join().expect("started");
        let number = number.to_string();
        redis.client().run(&["SET", "number", &number]);
        assert_eq!(redis.client().keys("*"), ["number"], "each is on its own");
    }
}

#[test]
fn says_what_is_wrong_with_the_arguments() {
    let wrong = catch_unwind(|| Redis::with(&["--no-such-option", "1"]));
    let why = wrong.expect_err("it cannot start");
    let why = why.downcast_ref::<String>().expect("words");
    assert!(why.contains("no-such-option"), "{why}");
}

#[test]
fn says_what_to_install() {
    let this = env::current_exe().expect("a program");
    let run = Command::new(this)
        .args(["--exact", "redis::answers_when_started"])
        .env("CACHEKIT_REDIS_SERVER", "/there/is/no/redis-server")
        .output()
        .expect("it runs");
    let output = String::from_utf8_lossy(&run.stdout).into_owned();
    let output = output + &String::from_utf8_lossy(&run.stderr);
    let advice = "redis-server is missing; install it (Debian: apt-get install redis-server)";
    assert!(
        !run.status.success() && output.contains(advice),
        "it panics with the advice: {output}"
    );
}

#[test]
fn is_gone_when_dropped() {
    let redis = Redis::start();
    let (addr, socket) = (redis.addr(), socket(&redis));
    let folder = socket.parent().expect("its folder").to_owned();
    assert!(folder.exists());
    redis.freeze();
    drop(redis);
    assert!(TcpStream::connect(addr).is_err() && !folder.exists());
}

#[test]
fn is_gone_after_a_panic() {
    let mut left = None;
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let redis = Redis::start();
        left = Some((redis.addr(), socket(&redis)));
        panic!("a failing test");
    }));
    assert!(failed.is_err());
    let (addr, socket) = left.expect("it was started");
    assert!(TcpStream::connect(addr).is_err() && !socket.exists());
}

#[test]
fn frozen_answers_nothing_until_thawed() {
    let redis = Redis::start();
    let mut client = redis.client().patience(Duration::from_millis(100));
    redis.freeze();
    let error = client.try_run(&["PING"]).expect_err("it is frozen");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("does not answer"), "{error}");
    redis.thaw();
    let pong = redis.client().run(&["PING"]);
    assert_eq!(pong, Reply::Text("PONG".to_owned()));
}

#[test]
fn killed_stays_down_until_restarted() {
    let redis = Redis::start();
    let (addr, mut client) = (redis.addr(), redis.client());
    redis.kill();
    assert!(client.try_run(&["PING"]).is_err());
    assert!(TcpStream::connect(addr).is_err());
    redis.kill();
    redis.restart();
    assert_eq!(redis.addr(), addr);
    assert_eq!(redis.client().run(&["DBSIZE"]), Reply::Int(0));
}

#[test]
fn the_client_knows_every_kind_of_reply() {
    let redis = Redis::start();
    let mut client = redis.client();
    let binary = b"\r\n\0$-1\r\n\xff".to_vec();
    client.run(&[b"SET".as_slice(), b"bytes", &binary]);
    assert_eq!(client.bulk(&["GET", "bytes"]), Some(binary.clone()));
    assert_eq!(client.bulk(&["GET", "nothing"]), None);
    assert_eq!(client.int(&["INCRBY", "number", "-7"]), -7);
    assert_eq!(client.keys("*"), ["bytes", "number"]);
    let list = client.run(&["MGET", "bytes", "nothing"]);
    assert_eq!(list, Reply::List(vec![Reply::Bulk(binary), Reply::Nil]));
    let nested = client.run(&["EVAL", "return {1, {}, {2}}", "0"]);
    let int = |n| Reply::Int(n);
    let inner = vec![int(1), Reply::List(vec![]), Reply::List(vec![int(2)])];
    assert_eq!(nested, Reply::List(inner));
    let error = client.run(&["INCR", "bytes"]);
    assert!(matches!(&error, Reply::Error(why) if why.starts_with("ERR")));
    assert_eq!(client.info("server", "no_such_field"), None);
}
