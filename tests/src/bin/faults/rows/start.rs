//! The nodes start while Redis is unreachable.

use std::net::ToSocketAddrs;

use super::{ROW, Row, proof, wait};

/// A name that nobody has: so it is said of all that end like this.
const NOWHERE: &str = "no-such-host.invalid:6379";

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "late-start",
        what: "the nodes start without Redis; it starts a second and a half later",
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
        what: "the nodes start while Redis is stopped; it resumes a second and a half later",
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
        what: "the nodes start with a host name that does not exist, and stay alone",
        assumes: "a name that stops existing, at the time of a reconnection, looks to a node like \
                  one that never existed; on one machine's loopback only the latter can be tested",
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
