//! The proxy sees every command, and which commands travelled together.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Client, Redis, Reply};

use crate::{Raw, command};

#[test]
fn one_after_the_other_is_a_round_trip_each() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut client = Client::connect(proxy.addr());
    client.run(&["PING"]);
    client.run(&["SET", "key", "value"]);
    assert_eq!(client.bulk(&["get", "key"]), Some(b"value".to_vec()));
    assert_eq!(proxy.commands(), ["SET", "GET"]);
    assert_eq!(proxy.round_trips(), 2);
    assert_eq!(proxy.log().len(), 3, "the PING is in the log only");
    assert!(proxy.log()[1].mentions("val") && !proxy.log()[1].mentions("other"));

    proxy.clear();
    client.run(&["GET", "key"]);
    assert_eq!((proxy.commands().len(), proxy.round_trips()), (1, 1));
    assert_eq!(proxy.url(), format!("redis://{}", proxy.addr()));
}

#[test]
fn what_is_sent_together_is_one_round_trip() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut raw = Raw::to(proxy.addr());
    let both = [command(&["SET", "a", "1"]), command(&["GET", "a"])].concat();
    raw.send(&both);
    raw.expect(b"+OK\r\n$1\r\n1\r\n");
    raw.send(&command(&["GET", "a"]));
    raw.expect(b"$1\r\n1\r\n");
    assert_eq!(proxy.round_trips(), 2);
    let trips: Vec<_> = proxy.log().iter().map(|sent| sent.round_trip).collect();
    assert!(trips[0] == trips[1] && trips[1] < trips[2], "{trips:?}");
}

#[test]
fn what_is_sent_while_something_is_unanswered_belongs_to_it() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut raw = Raw::to(proxy.addr());
    proxy.hold("GET");
    raw.send(&command(&["GET", "a"]));
    proxy.held_blocking();
    raw.send(&command(&["INCR", "b"]));
    proxy.release();
    raw.expect(b"$-1\r\n:1\r\n");
    assert_eq!(proxy.round_trips(), 1);
}

#[test]
fn a_long_pipeline_is_one_round_trip_however_it_arrives() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut raw = Raw::to(proxy.addr());
    let value = "v".repeat(300_000);
    // The first is answered while the rest of the second is on its way.
    let both = [command(&["GET", "a"]), command(&["SET", "a", &value])].concat();
    raw.send(&both[..1000]);
    raw.expect(b"$-1\r\n");
    raw.send(&both[1000..]);
    raw.expect(b"+OK\r\n");
    assert_eq!(proxy.round_trips(), 1);
}

#[test]
fn connections_count_for_themselves() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut one = Client::connect(proxy.addr());
    let mut other = Raw::to(proxy.addr());
    proxy.hold("GET");
    other.send(&command(&["GET", "a"]));
    let held = proxy.held_blocking();
    one.run(&["INCR", "b"]);
    proxy.release();
    other.expect(b"$-1\r\n");
    assert_eq!(proxy.round_trips(), 2);
    let incr = proxy.log().into_iter().find(|sent| sent.name() == "INCR");
    assert_ne!(incr.expect("sent").connection, held.connection);
}

#[test]
fn bytes_come_in_any_pieces() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut raw = Raw::to(proxy.addr());
    let hello = command(&["HELLO", "3"]);
    let map = command(&["CONFIG", "GET", "maxmemory"]);
    for byte in [hello, map, b"GET a\r\n".to_vec()].concat() {
        raw.send(&[byte]);
    }
    let mut answer = Vec::new();
    let last = b"%1\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n_\r\n";
    while !answer.ends_with(last) {
        let mut byte = [0];
        raw.0.read_exact(&mut byte).expect("it answers");
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"%"));
    assert_eq!(proxy.commands(), ["CONFIG", "GET"]);
}

/// A server that answers one connection with these replies in small pieces, one for each command.
fn server(replies: &'static [&'static [u8]]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        for reply in replies {
            // Commands of the test have 14 bytes.
            stream.read_exact(&mut [0; 14]).expect("a command");
            for piece in reply.chunks(2) {
                stream.write_all(piece).expect("it is open");
            }
        }
    });
    addr
}

#[test]
fn an_attribute_belongs_to_the_reply_and_a_push_to_none() {
    const REPLIES: [&[u8]; 2] = [
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n|1\r\n+ttl\r\n:1\r\n$1\r\nv\r\n",
        b"_\r\n",
    ];
    let proxy = Proxy::to(server(&REPLIES));
    let mut raw = Raw::to(proxy.addr());
    for reply in REPLIES {
        raw.send(b"*1\r\n$4\r\nPLAY\r\n");
        raw.expect(reply);
    }
    assert_eq!(proxy.round_trips(), 2);
}

#[test]
fn large_and_binary_values_pass_unharmed() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut client = Client::connect(proxy.addr());
    let value: Vec<u8> = (0..2_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let set = client.run(&[b"SET".as_slice(), b"key", &value]);
    assert_eq!(set, Reply::Text("OK".to_owned()));
    assert_eq!(client.bulk(&["GET", "key"]), Some(value.clone()));
    assert_eq!(redis.client().bulk(&["GET", "key"]), Some(value));
}

#[tokio::test]
async fn the_client_of_the_cache_is_understood() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    for url in [proxy.url(), format!("{}?protocol=resp3", proxy.url())] {
        let client = redis::Client::open(url).expect("a URL");
        let connection = client.get_multiplexed_async_connection().await;
        let mut connection = connection.expect("a connection");
        assert_eq!(proxy.round_trips(), 0, "{:?}", proxy.commands());
        let mut pipeline = redis::pipe();
        pipeline.cmd("SET").arg("key").arg("value").ignore();
        pipeline
            .cmd("PTTL")
            .arg("key")
            .cmd("MGET")
            .arg(&["key", "other"]);
        let found: (i64, (String, Option<String>)) = pipeline
            .query_async(&mut connection)
            .await
            .expect("it answers");
        assert_eq!(found, (-1, ("value".to_owned(), None)));
        assert_eq!(proxy.commands(), ["SET", "PTTL", "MGET"]);
        assert_eq!(proxy.round_trips(), 1);
        proxy.clear();
    }
}
