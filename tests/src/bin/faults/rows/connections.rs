//! The server ends connections.

use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Reply;

use super::{Inflicted, ROW, Row, proof, wait};
use crate::settings::{NAMESPACE, NODES};
use crate::world::{Server, run};

/// How often.
const TIMES: usize = 3;

/// Longer than a listener's connection may have in store.
const LARGE: usize = 2 << 20;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "kill-commands",
        what: "`CLIENT KILL` ends the nodes' connections for commands, three times",
        is_quick: true,
        inflict: |server| kill(server, "normal"),
        ..ROW
    },
    Row {
        name: "kill-subscribers",
        what: "`CLIENT KILL` ends the nodes' subscriber connections, three times, and the nodes \
               get no new subscriber connection for a quarter of a second",
        is_quick: true,
        inflict: |server| kill(server, "pubsub"),
        ..ROW
    },
    Row {
        name: "output-buffer",
        what: "Redis closes the nodes' subscriber connections because of their unread output, \
               three times",
        inflict: |server| {
            let limit = "pubsub 1mb 1mb 1";
            let mut client = server.client();
            run(
                &mut client,
                &["CONFIG", "SET", "client-output-buffer-limit", limit],
            )?;
            let large = "x".repeat(LARGE);
            for _ in 0..TIMES {
                run(
                    &mut client,
                    &["PUBLISH", &format!("{NAMESPACE}:wake"), &large],
                )?;
                wait(400);
            }
            let log = server.redis().log();
            let ended = log.matches("overcoming of output buffer limits").count();
            proof(ended >= NODES, format!("{ended} connections ended"))
        },
        ..ROW
    },
];

fn kill(server: &Server, kind: &str) -> Inflicted {
    let mut ended = 0;
    for _ in 0..TIMES {
        if kind == "pubsub" {
            server.networks(Proxy::stop_listening);
        }
        if let Reply::Int(count) = server.run(&["CLIENT", "KILL", "TYPE", kind])? {
            ended += usize::try_from(count).unwrap_or_default();
        }
        wait(250);
        server.networks(Proxy::listen);
        wait(150);
    }
    proof(ended >= NODES, format!("{ended} connections ended"))
}
