//! Which eviction policy keeps more hits: replays access traces through the memory tier.
//!
//! `hit_ratio TRACE..` prints a table: the share of hits of the first 2,000,000 accesses of
//! each trace, by one caller, with room for 5, 10 and 25 % of its distinct keys. With no
//! arguments the traces are generated.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use cachekit::{Cache, Capacity, Eviction, Policy};
use cachekit_examples::{trace, workload};

const ACCESSES: usize = 2_000_000;
const POLICIES: [(&str, Eviction); 2] = [("TinyLFU", Eviction::TinyLfu), ("LRU", Eviction::Lru)];

type Fail = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match compare(std::env::args().skip(1).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) => {
            eprintln!("error: {fail}");
            ExitCode::from(2)
        }
    }
}

async fn compare(names: Vec<String>) -> Result<(), Fail> {
    println!(
        "| trace | room for | {} |",
        POLICIES.map(|(name, _)| name).join(" | ")
    );
    println!("|---|---|{}", "---|".repeat(POLICIES.len()));
    if names.is_empty() {
        rows("zipf 0.99", &workload::zipf(100_000, ACCESSES, 1)).await?;
    }
    for name in names {
        rows(&name, &trace::read(Path::new(&name), ACCESSES)?).await?;
    }
    Ok(())
}

async fn rows(name: &str, keys: &[u32]) -> Result<(), Fail> {
    let distinct = keys.iter().collect::<HashSet<_>>().len() as u64;
    for percent in [5, 10, 25] {
        print!("| {name} | {percent} % |");
        for (_, eviction) in POLICIES {
            let room = Capacity::entries((distinct * percent / 100).max(1));
            print!(" {:.1} % |", hit_rate(keys, room, eviction).await? * 100.0);
        }
        println!();
    }
    Ok(())
}

async fn hit_rate(keys: &[u32], room: Capacity, eviction: Eviction) -> Result<f64, Fail> {
    let cache = Cache::builder()
        .memory_capacity(room)
        .eviction(eviction)
        .build()
        .await?;
    let policy = Policy::new();
    for key in keys {
        cache
            .get_or_compute(&key.to_string(), &policy, async || *key)
            .await;
    }
    Ok(cache.stats().hit_rate())
}
