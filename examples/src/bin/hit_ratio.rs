//! Compares the hit ratios of eviction policies: replays access traces through the memory tier.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use cachekit::{Cache, CacheBuilder, Capacity, Engine, Eviction, Policy};
use cachekit_examples::{trace, workload};
use lexopt::Arg;

const HELP: &str = "\
Replays access traces through the memory tier and prints the share of hits by eviction policy.

Usage: hit_ratio [FILE]..

Each FILE is an access trace (4-byte big-endian keys, plain or .xz), or a name in the folder
CACHEKIT_TRACES; with none, one is generated. The first 2,000,000 accesses of each are replayed
by one caller, with room for 5, 10 and 25 % of its distinct keys.
";

const ACCESSES: usize = 2_000_000;
/// The eviction policies to compare, each with its name and its settings of the cache.
const POLICIES: [(&str, Settings); 3] = [
    ("TinyLFU", |cache| cache.eviction(Eviction::TinyLfu)),
    ("LRU", |cache| cache.eviction(Eviction::Lru)),
    ("quick_cache", |cache| cache.engine(Engine::QuickCache)),
];

type Settings = fn(CacheBuilder) -> CacheBuilder;

type Fail = Box<dyn std::error::Error>;

/// The keys of a trace in the order of their accesses, and the name of the trace.
struct Trace {
    name: String,
    keys: Vec<u32>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) if reader_left(&*fail) => ExitCode::SUCCESS,
        Err(fail) => {
            eprintln!("error: {fail}");
            ExitCode::from(2)
        }
    }
}

/// Returns `true` if the reader of the output has ended, as in `hit_ratio | head`, which is no
/// failure.
fn reader_left(fail: &(dyn std::error::Error + 'static)) -> bool {
    fail.downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

async fn run() -> Result<(), Fail> {
    let mut traces = Vec::new();
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            // All traces are read before the first is replayed, so that a wrong name is reported at
            // once.
            Arg::Value(file) => traces.push(Trace {
                name: file.to_string_lossy().into_owned(),
                keys: trace::read(Path::new(&file), ACCESSES)?,
            }),
            Arg::Long("help") | Arg::Short('h') => {
                return Ok(io::stdout().write_all(HELP.as_bytes())?);
            }
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    if traces.is_empty() {
        traces.push(Trace {
            name: "zipf 0.99".to_owned(),
            keys: workload::zipf(100_000, ACCESSES, 1),
        });
    }
    print_table(&traces).await
}

async fn print_table(traces: &[Trace]) -> Result<(), Fail> {
    let mut out = io::stdout();
    let names = POLICIES.map(|(name, _)| name).join(" | ");
    writeln!(out, "| trace | room for | {names} |")?;
    writeln!(out, "|---|---|{}", "---|".repeat(POLICIES.len()))?;
    for Trace { name, keys } in traces {
        let distinct = keys.iter().collect::<HashSet<_>>().len() as u64;
        for percent in [5, 10, 25] {
            write!(out, "| {name} | {percent} % |")?;
            for (_, settings) in POLICIES {
                let room = Capacity::entries((distinct * percent / 100).max(1));
                let share = hit_rate(keys, room, settings).await? * 100.0;
                write!(out, " {share:.1} % |")?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

async fn hit_rate(keys: &[u32], room: Capacity, settings: Settings) -> Result<f64, Fail> {
    let builder = Cache::builder().memory_capacity(room);
    let cache = settings(builder).build().await?;
    let policy = Policy::new();
    for key in keys {
        cache
            .get_or_compute(&key.to_string(), &policy, async || *key)
            .await;
    }
    Ok(cache.stats().hit_rate())
}
