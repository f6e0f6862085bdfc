//! A tag of many hot entries is invalidated, and their function has a limit of concurrent
//! computations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachekit::{Cache, Capacity, cached};

use super::{Row, Scale};
use crate::outcome::Outcome;

const LOADER: Duration = Duration::from_millis(2);

/// How many computations may run at once.
const MOST: u64 = 16;

/// Of the load, calls that follow each other.
const CALLERS: u64 = 512;

/// Longer than all computations one after the other may take on a slow machine, by this factor.
const SLACK: u32 = 20;

pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        name: "tag",
        what: "512 callers read 10,000 hot entries of one tag without a pause, loader 2 ms, \
               `max_computations = 16`; the tag is invalidated",
        bound: "exactly 16 loaders at once at the peak; every entry computed once more, every \
                call answered",
        run,
    }]
}

#[cached(key = "hot:{key}", tags = ["hot"], max_computations = 16, cache = source.cache, skip(source))]
async fn hot(source: Arc<Source>, key: u64) -> u64 {
    source.load(key).await
}

struct Source {
    cache: Cache,
    keys: u64,
    runs: AtomicU64,
    running: AtomicU64,
    /// The most that ran at once.
    peak: AtomicU64,
    is_over: AtomicBool,
}

impl Source {
    async fn load(&self, key: u64) -> u64 {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(running, Ordering::SeqCst);
        tokio::time::sleep(LOADER).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        key
    }
}

fn run(scale: Scale) -> Outcome {
    let keys = scale.pick(10_000, 1_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(invalidated(keys))
}

async fn invalidated(keys: u64) -> Outcome {
    let cache = Cache::builder().memory_capacity(Capacity::entries(keys * 2));
    let source = Arc::new(Source {
        cache: cache.build().await.expect("a valid set-up"),
        keys,
        runs: AtomicU64::new(0),
        running: AtomicU64::new(0),
        peak: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    });
    let warm: Vec<_> = (0..keys)
        .map(|key| tokio::spawn(hot(Arc::clone(&source), key)))
        .collect();
    for warm in warm {
        warm.await.expect("an answer");
    }
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| tokio::spawn(caller(Arc::clone(&source), number)))
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (start, before) = (Instant::now(), source.runs.load(Ordering::SeqCst));
    source.cache.invalidate_tags(["hot"]).await;
    let limit = LOADER * u32::try_from(keys / MOST).unwrap_or(u32::MAX) * SLACK;
    while source.runs.load(Ordering::SeqCst) < before + keys && start.elapsed() < limit {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let wall = start.elapsed();
    source.is_over.store(true, Ordering::SeqCst);
    let mut waits = Vec::new();
    let mut wrong = 0;
    for caller in callers {
        let (own, own_wrong) = caller.await.expect("it ends");
        waits.extend(own);
        wrong += own_wrong;
    }
    let executions = source.runs.load(Ordering::SeqCst) - before;
    let mut outcome = Outcome::new(executions, wall, waits.into_iter().collect());
    outcome.hold(before == keys, || format!("{before} executions before"));
    outcome.hold(executions == keys, || {
        format!("{executions} executions after it, {keys} expected")
    });
    outcome.hold(wrong == 0, || format!("{wrong} wrong values"));
    let peak = source.peak.load(Ordering::SeqCst);
    outcome.note = format!("{peak} loaders at once, at most");
    outcome.hold(peak == MOST, || format!("{peak} loaders ran at once"));
    outcome
}

/// Reads entries without a pause until all is over: how long each call took, and how many were
/// wrong.
async fn caller(source: Arc<Source>, number: u64) -> (Vec<Duration>, u64) {
    let mut random = fastrand::Rng::with_seed(number);
    let (mut waits, mut wrong) = (Vec::new(), 0);
    let mut next = number;
    while !source.is_over.load(Ordering::SeqCst) {
        // In turn, so that every entry is asked for; at random, so that callers meet.
        let key = if random.bool() {
            next += CALLERS;
            next % source.keys
        } else {
            random.u64(..source.keys)
        };
        let start = Instant::now();
        let value = hot(Arc::clone(&source), key).await;
        waits.push(start.elapsed());
        wrong += u64::from(value != key);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (waits, wrong)
}
