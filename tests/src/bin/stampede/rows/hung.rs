//! A function that never returns.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cachekit::{Cache, cached};

use super::{Row, Scale};
use crate::outcome::Outcome;

const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// What the callers may take beyond that on a slow machine with two cores.
const ALLOWANCE: Duration = Duration::from_secs(1);

pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        name: "hung",
        what: "10,000 tasks ask for one cold key whose loader hangs for ever, `lock_timeout` 2 s",
        bound: "nobody waits for another's computation longer than `lock_timeout` and a second: \
                until then each runs the loader itself (times are those until it does)",
        run: without_timeout,
    }]
}

/// How long each caller waited until it computed itself.
type Waits = Arc<Mutex<Vec<Duration>>>;

#[cached(key = "hung", lock_timeout = LOCK_TIMEOUT, cache = cache, skip(cache, start, waits))]
async fn hung(cache: Cache, start: Instant, waits: Waits) -> u64 {
    let wait = start.elapsed();
    waits
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(wait);
    std::future::pending().await
}

fn without_timeout(scale: Scale) -> Outcome {
    let count: usize = scale.pick(10_000, 1_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let start = Instant::now();
    let waits = runtime.block_on(callers(count));
    let wall = start.elapsed();
    runtime.shutdown_background();
    let mut outcome = Outcome::new(waits.len() as u64, wall, waits.into_iter().collect());
    let (computed, slowest) = (outcome.latencies.len(), outcome.latencies.max());
    outcome.hold(computed == count, || {
        let waiting = count - computed;
        format!("{waiting} still wait after {wall:?}")
    });
    outcome.hold(slowest <= LOCK_TIMEOUT + ALLOWANCE, || {
        format!("the slowest caller waited {slowest:?}")
    });
    // Else nobody waited at all, and nothing was bounded.
    let waited = outcome.latencies.from(LOCK_TIMEOUT / 2);
    outcome.hold(waited + 1 >= count, || {
        format!("only {waited} waited for the first")
    });
    outcome
}

async fn callers(count: usize) -> Vec<Duration> {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let waits = Waits::default();
    let seen = || waits.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let start = Instant::now();
    for _ in 0..count {
        tokio::spawn(hung(cache.clone(), Instant::now(), Arc::clone(&waits)));
    }
    let give_up = LOCK_TIMEOUT + 2 * ALLOWANCE;
    while seen().len() < count && start.elapsed() < give_up {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen()
}
