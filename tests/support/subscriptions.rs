//! Subscriptions through the proxy, whose answers look like messages.

use std::io::Read;

use cachekit_tests::proxy::{Direction, Proxy};
use cachekit_tests::redis::Redis;

use crate::{Raw, command, eventually};

/// What a subscription to a channel, and a message in it, look like; `mark` is of the protocol.
fn subscribed(mark: char, channel: &str, count: usize) -> Vec<u8> {
    let length = channel.len();
    format!("{mark}3\r\n$9\r\nsubscribe\r\n${length}\r\n{channel}\r\n:{count}\r\n").into_bytes()
}

fn message(mark: char, channel: &str) -> Vec<u8> {
    let length = channel.len();
    format!("{mark}3\r\n$7\r\nmessage\r\n${length}\r\n{channel}\r\n$2\r\nhi\r\n").into_bytes()
}

fn hello(raw: &mut Raw) {
    raw.send(&[command(&["HELLO", "3"]), command(&["PING"])].concat());
    let mut answer = Vec::new();
    while !answer.ends_with(b"+PONG\r\n") {
        let mut byte = [0];
        raw.0.read_exact(&mut byte).expect("it answers");
        answer.extend(byte);
    }
}

#[test]
fn by_resp3_beside_commands() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut raw = Raw::to(proxy.addr());
    hello(&mut raw);
    raw.send(&command(&["SUBSCRIBE", "a", "b"]));
    raw.expect(&subscribed('>', "a", 1));
    raw.expect(&subscribed('>', "b", 2));
    assert_eq!(redis.client().int(&["PUBLISH", "a", "hi"]), 1);
    raw.expect(&message('>', "a"));
    for _ in 0..2 {
        raw.send(&command(&["INCR", "n"]));
        raw.expect(b":");
        raw.expect(if proxy.round_trips() == 1 {
            b"1\r\n"
        } else {
            b"2\r\n"
        });
    }
    assert_eq!(proxy.round_trips(), 2);

    // A message that comes while a command is unanswered does not answer it.
    raw.send(&command(&["BLPOP", "list", "0"]));
    let mut other = redis.client();
    eventually(|| other.info("clients", "blocked_clients").as_deref() == Some("1"));
    assert_eq!(other.int(&["PUBLISH", "b", "hi"]), 1);
    raw.expect(&message('>', "b"));
    proxy.hold("GET");
    raw.send(&command(&["GET", "n"]));
    proxy.held_blocking();
    assert_eq!(other.int(&["LPUSH", "list", "x"]), 1);
    raw.expect(b"*2\r\n$4\r\nlist\r\n$1\r\nx\r\n");
    proxy.release();
    raw.expect(b"$1\r\n2\r\n");
    assert_eq!(proxy.round_trips(), 3, "both are one");

    raw.send(&command(&["UNSUBSCRIBE", "a", "b"]));
    raw.expect(b">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n");
    raw.expect(b">3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n");
    raw.send(&command(&["INCR", "n"]));
    raw.expect(b":3\r\n");
    assert_eq!(proxy.round_trips(), 5);
}

#[test]
fn by_resp2_where_messages_are_lists() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut raw = Raw::to(proxy.addr());
    raw.send(&command(&["SUBSCRIBE", "a"]));
    raw.expect(&subscribed('*', "a", 1));
    assert_eq!(redis.client().int(&["PUBLISH", "a", "hi"]), 1);
    raw.expect(&message('*', "a"));
    raw.send(&command(&["SUBSCRIBE", "b"]));
    raw.expect(&subscribed('*', "b", 2));
    raw.send(&command(&["UNSUBSCRIBE", "a"]));
    raw.expect(b"*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n");
    raw.send(&command(&["UNSUBSCRIBE", "b"]));
    raw.expect(b"*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n");
    raw.send(&command(&["GET", "n"]));
    raw.expect(b"$-1\r\n");
    assert_eq!(proxy.commands(), ["UNSUBSCRIBE", "UNSUBSCRIBE", "GET"]);
    assert_eq!(proxy.round_trips(), 3);
}

#[test]
fn a_message_does_not_answer_a_subscription() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut raw = Raw::to(proxy.addr());
    raw.send(&command(&["SUBSCRIBE", "a"]));
    raw.expect(&subscribed('*', "a", 1));
    // The message is on its way when the next subscription is.
    proxy.black_hole(Direction::ToClient);
    let mut other = redis.client();
    assert_eq!(other.int(&["PUBLISH", "a", "hi"]), 1);
    raw.send(&command(&["SUBSCRIBE", "b", "c"]));
    eventually(|| other.int(&["PUBLISH", "c", "hi"]) == 1);
    proxy.swallow_reply_if(|sent| sent.mentions("c"));
    proxy.lift(Direction::ToClient);
    raw.expect(&message('*', "a"));
    raw.expect(&subscribed('*', "b", 2));
    assert!(raw.ended(), "the second answer was the last");
}
