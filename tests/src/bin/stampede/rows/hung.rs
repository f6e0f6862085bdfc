//! A function that never returns.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cachekit::{Cache, ComputeTimeout, cached};

use super::{Row, Scale};
use crate::outcome::Outcome;

const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// What the callers may take beyond that on a slow machine with two cores.
const ALLOWANCE: Duration = Duration::from_secs(1);

pub(super) fn rows() -> Vec<Row> {
    let timed = Row {
        name: "hung-timeout",
        what: "as `hung` with `timeout = \"1s\"`",
        bound: "every caller gets an error, at most a second after the `timeout`; one computation",
        run: with_timeout,
    };
    let untimed = Row {
        name: "hung",
        what: "10,000 tasks call for one cold key whose loader never returns, `lock_timeout` 2 s",
        bound: "every caller runs the loader itself at most `lock_timeout` and a second after its \
                call (times are those until it does)",
        run: without_timeout,
    };
    vec![untimed, timed]
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

/// What a call gets that was not answered in time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HungCall;

impl From<ComputeTimeout> for HungCall {
    fn from(_: ComputeTimeout) -> Self {
        Self
    }
}

const TIMEOUT: Duration = Duration::from_secs(1);

#[cached(key = "timed", timeout = TIMEOUT, lock_timeout = "10s", cache = cache, skip(cache, runs))]
async fn timed(cache: Cache, runs: Arc<AtomicU64>) -> Result<u64, HungCall> {
    runs.fetch_add(1, Ordering::SeqCst);
    std::future::pending().await
}

fn with_timeout(scale: Scale) -> Outcome {
    let count: usize = scale.pick(10_000, 1_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let outcome = runtime.block_on(timed_callers(count));
    runtime.shutdown_background();
    outcome
}

async fn timed_callers(count: usize) -> Outcome {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let runs = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let callers: Vec<_> = (0..count)
        .map(|_| {
            let (call, start) = (timed(cache.clone(), Arc::clone(&runs)), Instant::now());
            let bounded = tokio::time::timeout(TIMEOUT + 2 * ALLOWANCE, call);
            tokio::spawn(async move { (bounded.await, start.elapsed()) })
        })
        .collect();
    let mut waits = Vec::new();
    for caller in callers {
        let (answer, wait) = caller.await.expect("no panic");
        waits.extend((answer == Ok(Err(HungCall))).then_some(wait));
    }
    let executions = runs.load(Ordering::SeqCst);
    let mut outcome = Outcome::new(executions, start.elapsed(), waits.into_iter().collect());
    let (answers, slowest) = (outcome.latencies.len(), outcome.latencies.max());
    outcome.hold(answers == count, || format!("{answers} answers of {count}"));
    outcome.hold(slowest <= TIMEOUT + ALLOWANCE, || {
        format!("the slowest caller waited {slowest:?}")
    });
    outcome.hold(executions == 1, || format!("{executions} executions"));
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
