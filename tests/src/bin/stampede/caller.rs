//! A caller: one of several processes that call a cached function at the same time.
//!
//! `--caller HOST:PORT COUNT MILLISECONDS`: connects, prints `ready`, waits for a line, lets COUNT
//! callers ask for one key, and prints `done RUNS RIGHT` and the microseconds that each waited. It
//! prints `computing` when the function begins.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachekit::{Cache, cached};
use tokio::sync::Semaphore;

/// What the function gives.
const VALUE: &str = "the answer";

static RUNS: AtomicU64 = AtomicU64::new(0);

#[cached(key = "slow:{key}", name = "slow", skip(length))]
async fn slow(length: Duration, key: u64) -> String {
    RUNS.fetch_add(1, Ordering::SeqCst);
    say("computing");
    tokio::time::sleep(length).await;
    VALUE.to_owned()
}

pub(crate) fn main(words: &[String]) -> ExitCode {
    let [address, count, millis] = words else {
        eprintln!("error: --caller HOST:PORT COUNT MILLISECONDS");
        return ExitCode::from(2);
    };
    let count: usize = count.parse().expect("a number");
    let length = Duration::from_millis(millis.parse().expect("a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(address, count, length));
    // What still waits on a thread must not keep the process.
    runtime.shutdown_background();
    ExitCode::SUCCESS
}

async fn run(address: &str, count: usize, length: Duration) {
    let cache = Cache::builder()
        .namespace("shop")
        .redis(format!("redis://{address}"))
        // Four processes share what cores there are: a slow answer is not a dead server.
        .redis_timeout(Duration::from_secs(5))
        .build()
        .await
        .expect("a valid set-up");
    cachekit::init(cache.clone()).expect("the first");
    let start_line = Arc::new(Semaphore::new(0));
    let call = || {
        let start_line = Arc::clone(&start_line);
        async move {
            // Closed, it lets everybody go.
            let _ = start_line.acquire().await;
            let start = Instant::now();
            (slow(length, 1).await == VALUE, start.elapsed())
        }
    };
    let callers: Vec<_> = (0..count).map(|_| tokio::spawn(call())).collect();
    say("ready");
    let mut go = String::new();
    io::stdin().lock().read_line(&mut go).expect("a line");
    start_line.close();

    let mut right = 0;
    let mut waits = String::new();
    for caller in callers {
        let (is_right, wait) = caller.await.expect("an answer");
        right += u64::from(is_right);
        waits.push(' ');
        waits.push_str(&wait.as_micros().to_string());
    }
    say(&format!(
        "done {} {right}{waits}",
        RUNS.load(Ordering::SeqCst)
    ));
    // As a service does at its end. Callers get the value before it is stored, so without it, this
    // process may be gone before the store, and the others wait until its lease ends.
    cache.shutdown().await;
}

fn say(what: &str) {
    let mut out = io::stdout().lock();
    let said = writeln!(out, "{what}").and_then(|()| out.flush());
    said.expect("somebody listens");
}
