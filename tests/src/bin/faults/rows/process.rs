//! The server dies, and comes back with older or newer data.

use std::time::Duration;

use cachekit_tests::redis::Redis;

use super::{Inflicted, ROW, Row, proof, wait};
use crate::said::PASSWORD;
use crate::world::Server;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "killed",
        what: "Redis is killed with `kill -9`, and restarts without data a second later",
        is_quick: true,
        is_silent: true,
        inflict: |server| {
            server.redis().kill();
            wait(1_000);
            server.redis().restart();
            Ok("it came back empty".to_owned())
        },
        ..ROW
    },
    Row {
        name: "old-snapshot",
        what: "Redis, which never had a replica, is killed with `kill -9`, and restarts with a \
               snapshot from before the last invalidations",
        assumes: "`on_new_master = clear`, the default",
        is_quick: true,
        inflict: restart_with_the_past,
        ..ROW
    },
    Row {
        name: "old-snapshot-replica",
        what: "Redis, which once had a replica, is killed with `kill -9`, and restarts with a \
               snapshot from before the last invalidations",
        assumes: "`on_new_master = clear`, the default",
        args: &["--repl-diskless-sync-delay", "0"],
        prepare: have_had_a_replica,
        inflict: |server| {
            let told = restart_with_the_past(server)?;
            let former = server.client().info("replication", "master_replid2");
            let is_replicated = former.is_some_and(|id| id.bytes().any(|byte| byte != b'0'));
            proof(
                is_replicated,
                format!("{told}, with a second replication id"),
            )
        },
        ..ROW
    },
];

fn restart_with_the_past(server: &Server) -> Inflicted {
    server.run(&["SAVE"])?;
    wait(700);
    server.redis().kill();
    wait(300);
    server.redis().restart();
    let keys = server
        .client()
        .info("persistence", "rdb_last_load_keys_loaded");
    let keys: u64 = keys.and_then(|keys| keys.parse().ok()).unwrap_or_default();
    proof(keys > 0, format!("{keys} keys came back"))
}

fn have_had_a_replica(server: &Server) -> Result<(), String> {
    let port = server.redis().addr().port().to_string();
    let replica = Redis::with(&["--replicaof", "127.0.0.1", &port, "--masterauth", PASSWORD]);
    let mut client = replica.client().patience(Duration::from_secs(5));
    for _ in 0..1_000 {
        if client.info("replication", "master_link_status").as_deref() == Some("up") {
            return Ok(());
        }
        wait(5);
    }
    Err("the replica does not come up".to_owned())
}
