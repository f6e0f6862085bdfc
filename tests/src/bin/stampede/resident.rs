//! Measures the resident memory of a waiter, in a process of its own, where no memory that was
//! freed before is reused.
//!
//! `--resident bare|cached COUNT` lets COUNT tasks wait, for a semaphore or for one cached
//! function, and prints the number of bytes by which the process grew.

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use cachekit::{Cache, cached};
use tokio::sync::Semaphore;

#[cached(key = "gated", name = "gated", cache = cache, skip(cache, gate))]
async fn gated(cache: Cache, gate: Arc<Semaphore>) -> u64 {
    gate.acquire().await.map_or(0, |_| 1)
}

/// Bytes that each of `count` tasks adds; `kind` is `bare` or `cached`.
pub(crate) fn per_task(kind: &str, count: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let words = ["--resident", kind, &count.to_string()];
    let output = Command::new(program)
        .args(words)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let bytes: u64 = said.trim().parse().expect("a number");
    bytes / count
}

pub(crate) fn main(words: &[String]) -> ExitCode {
    let [kind, count] = words else {
        eprintln!("error: --resident bare|cached COUNT");
        return ExitCode::from(2);
    };
    let count: u64 = count.parse().expect("a number");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let grown = runtime.block_on(grown(kind == "cached", count));
    println!("{grown}");
    runtime.shutdown_background();
    ExitCode::SUCCESS
}

async fn grown(is_cached: bool, count: u64) -> u64 {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let gate = Arc::new(Semaphore::new(0));
    let before = resident();
    for _ in 0..count {
        let (cache, gate) = (cache.clone(), Arc::clone(&gate));
        if is_cached {
            tokio::spawn(gated(cache, gate));
        } else {
            tokio::spawn(async move { gate.acquire().await.map_or(0, |_| 1) });
        }
    }
    while is_cached && cache.stats().misses < count {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The last ones are on their way from the counter to the line.
    tokio::time::sleep(Duration::from_millis(500)).await;
    resident().saturating_sub(before)
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .and_then(|number| number.trim().parse::<u64>().ok())
        .expect("a number")
        * 1_024
}
