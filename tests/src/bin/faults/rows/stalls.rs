//! The server is reachable and does not answer.

use std::time::{Duration, Instant};

use cachekit_tests::redis::Client;

use super::{Inflicted, ROW, Row, proof, wait};
use crate::world::{Server, run};

/// A key's length, and that of the run in the pattern that nearly matches at every place.
const KEY: usize = 1_000;
const RUN: usize = 500;

/// How long `KEYS` is to take.
const LONG: Duration = Duration::from_secs(2);

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "sigstop",
        what: "the Redis process is stopped by `SIGSTOP`, and continued by `SIGCONT` three \
               seconds later",
        is_quick: true,
        is_silent: true,
        inflict: |server| {
            server.redis().freeze();
            wait(3_000);
            server.redis().thaw();
            Ok("it stood for 3 s".to_owned())
        },
        ..ROW
    },
    Row {
        name: "pause-all",
        what: "`CLIENT PAUSE 1500 ALL` makes Redis answer no command for 1.5 s",
        is_silent: true,
        inflict: |server| pause(server, "ALL", &["PING"]),
        ..ROW
    },
    Row {
        name: "pause-write",
        what: "`CLIENT PAUSE 1500 WRITE` makes Redis answer only reads for 1.5 s",
        inflict: |server| pause(server, "WRITE", &["SET", "other:1", "1"]),
        ..ROW
    },
    Row {
        name: "debug-sleep",
        what: "`DEBUG SLEEP 2` makes Redis sleep",
        is_silent: true,
        inflict: |server| {
            server.run(&["DEBUG", "SLEEP", "2"])?;
            Ok("it slept for 2 s".to_owned())
        },
        ..ROW
    },
    Row {
        name: "keys",
        what: "another client sends a `KEYS` command of two seconds, with a pattern that nearly \
               matches everywhere, over a few thousand long keys, which costs as much as `KEYS *` \
               over many millions of keys",
        is_silent: true,
        prepare: |server| fill(server).map(|_| ()),
        inflict: |server| {
            let took = ask_for_keys(&mut other(server)?)?;
            proof(took > LONG / 2, format!("KEYS took {took:.1?}"))
        },
        ..ROW
    },
];

fn pause(server: &Server, mode: &str, command: &[&str]) -> Inflicted {
    server.run(&["CLIENT", "PAUSE", "1500", mode])?;
    let start = Instant::now();
    server.run(command)?;
    let took = start.elapsed();
    let what = format!("{} took {took:.1?}", command[0]);
    proof(took > Duration::from_secs(1), what)
}

/// A client of another database of the same server.
fn other(server: &Server) -> Result<Client, String> {
    let mut client = server.client().patience(Duration::from_secs(20));
    run(&mut client, &["SELECT", "1"])?;
    Ok(client)
}

fn ask_for_keys(client: &mut Client) -> Result<Duration, String> {
    let start = Instant::now();
    run(client, &["KEYS", &format!("*{}b", "a".repeat(RUN))])?;
    Ok(start.elapsed())
}

/// As many keys as `KEYS` needs.
fn fill(server: &Server) -> Result<u32, String> {
    const SAMPLE: u32 = 100;
    let script = "for i = 1, ARGV[1] do redis.call('SET', ARGV[2] .. i, '') end";
    let mut client = other(server)?;
    let mut make = |count: u32| {
        let (count, prefix) = (count.to_string(), "a".repeat(KEY));
        run(&mut client, &["EVAL", script, "0", &count, &prefix]).map(|_| ())
    };
    make(SAMPLE)?;
    let took = ask_for_keys(&mut other(server)?)?;
    let count = LONG.as_secs_f64() / took.as_secs_f64() * f64::from(SAMPLE);
    // Cannot be beyond what fits: a hundred take milliseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast that saturates is what is wanted"
    )]
    let count = (count as u32).clamp(SAMPLE, 1_000_000);
    make(count)?;
    Ok(count)
}
