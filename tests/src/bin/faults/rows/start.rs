//! The nodes start while Redis is unreachable.

use std::net::ToSocketAddrs;

use super::{ROW, Row, proof, wait};

/// A name that nobody has: so it is said of all that end like this.
const NOWHERE: &str = "no-such-host.invalid:6379";

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "late-start",
        what: "the nodes start without Redis, and Redis starts a second and a half later",
        is_quick: true,
        prepare: |server| {
            server.redis().kill();
            Ok(())
        },
        inflict: |server| {
            wait(800);
            server.redis().restart();
            Ok("the nodes started alone".to_owned())
        },
        ..ROW
    },
    Row {
        name: "hung-start",
        what: "the nodes start while the Redis process is stopped, and Redis resumes a second and \
               a half later",
        is_silent: true,
        prepare: |server| {
            server.redis().freeze();
            Ok(())
        },
        inflict: |server| {
            wait(800);
            server.redis().thaw();
            Ok("the nodes started alone".to_owned())
        },
        ..ROW
    },
    Row {
        name: "no-such-host",
        what: "the nodes start with a host name of Redis that does not exist, and stay without \
               Redis",
        assumes: "a host name that stops existing before a reconnection looks to a node like a \
                  host name that never existed, and on the loopback of one machine only the latter \
                  can be tested",
        host: Some(NOWHERE),
        comes_back: false,
        inflict: |_| {
            wait(1_000);
            let found = NOWHERE.to_socket_addrs();
            proof(found.is_err(), "it was not found")
        },
        ..ROW
    },
];
