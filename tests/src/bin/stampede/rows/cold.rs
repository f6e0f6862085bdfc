//! Many tasks of one process ask for one cold key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachekit::{Cache, cached};
use tokio::sync::Semaphore;

use super::{Row, Scale};
use crate::outcome::Outcome;
use crate::resident;

const LOADER: Duration = Duration::from_millis(50);

/// What 50,000 tasks may take beyond the loader's time on a slow machine with two cores.
const ALLOWANCE: Duration = Duration::from_secs(1);

/// Until all tasks stand at the start.
const GATHERING: Duration = Duration::from_millis(500);

/// Bytes that a waiter may take, its task included.
const MOST_BYTES: u64 = 4_096;

pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        name: "cold",
        what: "50,000 tasks call for one cold key, memory only, loader 50 ms",
        bound: "1 execution; every caller waits at most a second longer than the loader takes; a \
                waiter takes at most 4 KiB (resident set, task included)",
        run,
    }]
}

#[cached(key = "cold", cache = cache, skip(cache, runs))]
async fn cold(cache: Cache, runs: Arc<AtomicU64>) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(LOADER).await;
    7
}

fn run(scale: Scale) -> Outcome {
    let count = scale.pick(50_000, 5_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut outcome = runtime.block_on(callers(count));
    let [bare, cached] = ["bare", "cached"].map(|kind| resident::per_task(kind, count));
    outcome.note = format!(
        "{cached} bytes resident for each waiter; a task that waits for a semaphore takes {bare}"
    );
    outcome.hold(cached <= MOST_BYTES, || {
        format!("a waiter takes {cached} bytes")
    });
    outcome
}

async fn callers(count: u64) -> Outcome {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let runs = Arc::new(AtomicU64::new(0));
    let start_line = Arc::new(Semaphore::new(0));
    let call = || {
        let (cache, runs) = (cache.clone(), Arc::clone(&runs));
        let start_line = Arc::clone(&start_line);
        async move {
            // Closed, it lets everybody go.
            let _ = start_line.acquire().await;
            let start = Instant::now();
            (cold(cache, runs).await, start.elapsed())
        }
    };
    let callers: Vec<_> = (0..count).map(|_| tokio::spawn(call())).collect();
    tokio::time::sleep(GATHERING).await;
    let start = Instant::now();
    start_line.close();
    let mut waits = Vec::new();
    for caller in callers {
        let (value, wait) = caller.await.expect("an answer");
        waits.extend((value == 7).then_some(wait));
    }
    let wall = start.elapsed();
    let executions = runs.load(Ordering::SeqCst);
    let mut outcome = Outcome::new(executions, wall, waits.into_iter().collect());
    let answers = outcome.latencies.len();
    outcome.hold(executions == 1, || format!("{executions} executions"));
    outcome.hold(u64::try_from(answers).is_ok_and(|it| it == count), || {
        format!("{answers} right answers of {count}")
    });
    let slowest = outcome.latencies.max();
    outcome.hold(slowest <= LOADER + ALLOWANCE, || {
        format!("the slowest caller waited {slowest:?}")
    });
    outcome
}
