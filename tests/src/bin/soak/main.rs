//! Tests that nothing grows without bound. Very many keys pass through a cache of 10,000 entries;
//! each is used once and has tags of its own.
//!
//! `soak [--keys NUMBER] [--redis]`: after each of 20 steps prints the process's resident memory
//! and the cache's counts. Exits with 1 if memory grew after the first tenth, if something that
//! ended is still counted as running, or if more tags are kept than the entries account for. With
//! `--redis`, it starts a server and a second node, which invalidates, requests the same keys, and
//! sends messages to the first.

mod load;
mod report;
mod verdict;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cachekit::{Cache, CacheBuilder, Capacity};
use cachekit_tests::redis::Redis;

use self::load::{Load, Nodes};
use self::report::Row;

/// What the cache holds.
const CAPACITY: u64 = 10_000;

const STEPS: u64 = 20;

/// Steps until everything has the size that it keeps.
const WARM: u64 = STEPS / 10;

/// What is asked for.
struct Args {
    keys: u64,
    redis: bool,
}

impl Args {
    fn read(args: impl IntoIterator<Item = String>) -> Option<Self> {
        let (mut keys, mut redis) = (None, false);
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--keys" => keys = Some(args.next()?.parse().ok()?),
                "--redis" => redis = true,
                _ => return None,
            }
        }
        let usual = if redis { 300_000 } else { 10_000_000 };
        let keys = keys.unwrap_or(usual);
        Some(Self { keys, redis })
    }
}

fn settings() -> CacheBuilder {
    Cache::builder()
        .memory_capacity(Capacity::entries(CAPACITY))
        .namespace("soak")
}

async fn node(redis: &Redis) -> Cache {
    let settings = settings()
        .redis(redis.url())
        .redis_timeout(Duration::from_secs(2));
    settings.build().await.expect("a valid set-up")
}

/// The caches, and the server that they share.
async fn start(with_redis: bool) -> (Nodes, Option<Redis>) {
    if !with_redis {
        let one = settings().build().await.expect("a valid set-up");
        return (Nodes { one, two: None }, None);
    }
    let redis = Redis::start();
    let nodes = Nodes {
        one: node(&redis).await,
        two: Some(node(&redis).await),
    };
    (nodes, Some(redis))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let Some(args) = Args::read(std::env::args().skip(1)) else {
        eprintln!("usage: soak [--keys NUMBER] [--redis]");
        return ExitCode::from(2);
    };
    let (nodes, redis) = start(args.redis).await;
    let load = Arc::new(Load::new(nodes, redis));
    let step = args.keys.div_ceil(STEPS);
    report::head();
    let mut rows = Vec::new();
    for n in 0..STEPS {
        load.run(n * step..((n + 1) * step).min(args.keys)).await;
        if n + 1 == STEPS {
            load.rest().await;
        }
        let row = Row::of(((n + 1) * step).min(args.keys), load.stats());
        row.print();
        rows.push(row);
    }
    let warm = usize::try_from(WARM).unwrap_or_default();
    let problems = verdict::problems(&rows[warm - 1], &rows[warm..]);
    for problem in &problems {
        println!("NOT AS IT SHOULD BE: {problem}");
    }
    ExitCode::from(u8::from(!problems.is_empty()))
}
