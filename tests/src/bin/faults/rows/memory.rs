//! The server is full.

use std::time::{Duration, Instant};

use super::{Inflicted, ROW, Row, proof, refusal, wait};
use crate::world::{Server, run};

/// How long it stays full.
const FULL: Duration = Duration::from_millis(1_500);

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "full-noeviction",
        what: "the memory of Redis is full, with the policy `noeviction`, so Redis refuses stores",
        is_quick: true,
        inflict: |server| {
            let mut client = server.client();
            run(&mut client, &["CONFIG", "SET", "maxmemory", "1"])?;
            let refused = run(&mut client, &["SET", "other:1", "1"]);
            wait(1_500);
            run(&mut client, &["CONFIG", "SET", "maxmemory", "0"])?;
            refusal(refused)
        },
        ..ROW
    },
    Row {
        name: "full-allkeys-lru",
        what: "the memory of Redis is full, with the policy `allkeys-lru`, while another client \
               writes, so Redis evicts entries, versions and tokens",
        args: &["--maxmemory-policy", "allkeys-lru"],
        inflict: crowd_out,
        ..ROW
    },
];

fn crowd_out(server: &Server) -> Inflicted {
    let mut client = server.client();
    let used = client.info("memory", "used_memory");
    let used: u64 = used.and_then(|used| used.parse().ok()).unwrap_or_default();
    let most = (used + 200_000).to_string();
    let before = server.counted("evicted_keys");
    run(&mut client, &["CONFIG", "SET", "maxmemory", &most])?;
    let value = "x".repeat(1_000);
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < FULL {
        number += 1;
        run(&mut client, &["SET", &format!("other:{number}"), &value])?;
        if number % 20 == 0 {
            wait(5);
        }
    }
    run(&mut client, &["CONFIG", "SET", "maxmemory", "0"])?;
    let evicted = server.counted("evicted_keys") - before;
    proof(evicted > 0, format!("{evicted} keys were evicted"))
}
