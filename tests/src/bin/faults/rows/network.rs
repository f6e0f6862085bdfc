//! Faults of the network between the nodes and the server.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cachekit_tests::proxy::{Direction, Mangled, Proxy};
use cachekit_tests::redis::Client;

use super::{Inflicted, ROW, Row, proof, refusal, wait};
use crate::world::Server;

/// One reply in so many is mangled. Most kinds cost a connection.
const ONE_IN: usize = 30;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "garbage",
        what: "one reply of Redis in thirty is replaced by invalid bytes",
        inflict: |server| mangle(server, Mangled::Garbage),
        ..ROW
    },
    Row {
        name: "half-replies",
        what: "of one reply of Redis in thirty only the first half arrives, and then the \
               connection ends",
        is_quick: true,
        inflict: |server| mangle(server, Mangled::Half),
        ..ROW
    },
    Row {
        name: "cut-replies",
        what: "of one reply of Redis in thirty only the first half arrives, followed by the next \
               reply",
        inflict: |server| mangle(server, Mangled::Cut),
        ..ROW
    },
    Row {
        name: "swapped-replies",
        what: "one reply of Redis in ten arrives after the next reply of its connection",
        assumes: "a reply that waits for the next reply may delay the release of a lease by 50 ms, \
                  and the next call of the lease's key waits for the release",
        own_store: Duration::from_millis(50),
        inflict: |server| mangle(server, Mangled::Swapped),
        ..ROW
    },
    Row {
        name: "hole-to-server",
        what: "the commands of each node are lost on the way to Redis for 1.2 s, and for half of \
               this time the commands of both nodes are lost at once",
        inflict: |server| dig(server, &[Direction::ToServer]),
        ..ROW
    },
    Row {
        name: "hole-to-client",
        what: "the replies and messages of Redis to each node are lost for 1.2 s, and for half of \
               this time those to both nodes are lost at once",
        is_quick: true,
        inflict: |server| dig(server, &[Direction::ToClient]),
        ..ROW
    },
    Row {
        name: "hole-both",
        what: "commands, replies and messages between each node and Redis are lost for 1.2 s, and \
               for half of this time those of both nodes are lost at once",
        inflict: |server| dig(server, &[Direction::ToServer, Direction::ToClient]),
        ..ROW
    },
    Row {
        name: "slow-50ms",
        what: "each command of the nodes arrives at Redis 50 ms later than usual",
        inflict: |server| slow(server, 50),
        ..ROW
    },
    Row {
        name: "slow-300ms",
        what: "each command of the nodes arrives at Redis 300 ms later than usual, which is more \
               than `redis_timeout`",
        is_silent: true,
        inflict: |server| slow(server, 300),
        ..ROW
    },
    Row {
        name: "refused",
        what: "the nodes' connections end, and new connections are refused because no server \
               listens",
        is_silent: true,
        inflict: |server| {
            server.networks(Proxy::stop_listening);
            server.networks(Proxy::close_clients);
            let refused = TcpStream::connect(server.proxies[0].addr());
            wait(1_500);
            server.networks(Proxy::listen);
            refusal(refused.map_err(|error| error.to_string()))
        },
        ..ROW
    },
];

fn mangle(server: &Server, how: Mangled) -> Inflicted {
    let count = Arc::new(AtomicUsize::new(0));
    server.networks(|network| {
        let count = Arc::clone(&count);
        network.mangle_reply_if(how, move |sent| {
            // Who swaps the first reply of a connection holds it up: nothing comes after it.
            let is_chosen = match how {
                Mangled::Swapped => !sent.is_set_up() && fastrand::usize(..ONE_IN / 3) == 0,
                _ => fastrand::usize(..ONE_IN) == 0,
            };
            count.fetch_add(usize::from(is_chosen), Ordering::Relaxed);
            is_chosen
        });
    });
    wait(1_500);
    server.networks(Proxy::heal);
    let count = count.load(Ordering::Relaxed);
    proof(count >= 5, format!("{count} replies were mangled"))
}

/// First one node's way, then both nodes', then the other's.
fn dig(server: &Server, directions: &[Direction]) -> Inflicted {
    let [one, two] = &server.proxies[..] else {
        return Err("there are two nodes".to_owned());
    };
    let each = |change: &dyn Fn(Direction)| directions.iter().copied().for_each(change);
    each(&|direction| one.black_hole(direction));
    wait(300);
    let stream = Client::connect(one.addr()).patience(Duration::from_millis(300));
    let silent = { stream }.try_run(&["PING"]);
    each(&|direction| two.black_hole(direction));
    wait(600);
    each(&|direction| one.lift(direction));
    wait(600);
    each(&|direction| two.lift(direction));
    proof(silent.is_err(), "nothing arrived")
}

fn slow(server: &Server, millis: u64) -> Inflicted {
    server.networks(|network| network.delay(Duration::from_millis(millis)));
    let start = Instant::now();
    let answer = Client::connect(server.proxies[0].addr()).try_run(&["PING"]);
    let took = start.elapsed();
    wait(1_500);
    server.networks(|network| network.delay(Duration::ZERO));
    let is_slow = answer.is_ok() && took >= Duration::from_millis(millis);
    proof(is_slow, format!("a PING took {took:.0?}"))
}
