//! Many readers and writers on two threads: no read is older than a write that returned before the
//! read began. A run with a guard removed must find a violation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, cached, write_through};

use crate::without;

const KEYS: usize = 8;

/// What the source holds, and what every reader may rely on.
#[derive(Debug, Default)]
struct Truth {
    holds: [AtomicU64; KEYS],
    returned: [AtomicU64; KEYS],
    stop: AtomicBool,
    reads: AtomicU64,
    stale: AtomicU64,
}

#[cached(key = "stress:{key}", tags = ["stress", "of:{ret.key}"], events = ["stress:{key}"], skip(truth))]
async fn read(truth: &Truth, key: usize) -> Row {
    let version = truth.holds[key].load(Ordering::SeqCst);
    // Let a write, an invalidation or both come in between.
    for _ in 0..fastrand_below(4) {
        tokio::task::yield_now().await;
    }
    Row { key, version }
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Row {
    key: usize,
    version: u64,
}

#[write_through(read(_, key))]
async fn write(truth: &Truth, key: usize) -> Result<Row, ()> {
    let version = truth.holds[key].fetch_add(1, Ordering::SeqCst) + 1;
    for _ in 0..fastrand_below(3) {
        tokio::task::yield_now().await;
    }
    Ok(Row { key, version })
}

/// A small number that differs from call to call.
fn fastrand_below(limit: u64) -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(0x9E37_79B9);
    let mut x = STATE.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x ^ (x >> 27)) % limit
}

/// What the writers do.
#[derive(Debug, Clone, Copy)]
struct Mix {
    keys: u64,
    /// How many of the ways to write are taken; the first is `write_through`.
    ways: u64,
}

const EVERY_WAY: Mix = Mix {
    keys: KEYS as u64,
    ways: 7,
};

/// Two writes of one key must cross: few keys, and nothing that tidies up behind them.
const CROSSING_WRITES: Mix = Mix { keys: 2, ways: 1 };

async fn reader(truth: Arc<Truth>, mix: Mix) {
    while !truth.stop.load(Ordering::Relaxed) {
        let key = usize::try_from(fastrand_below(mix.keys)).unwrap_or_default();
        let floor = truth.returned[key].load(Ordering::SeqCst);
        let row = read(&truth, key).await;
        truth.reads.fetch_add(1, Ordering::Relaxed);
        if row.version < floor {
            truth.stale.fetch_add(1, Ordering::Relaxed);
        }
        tokio::task::coop::consume_budget().await;
    }
}

async fn writer(cache: Cache, truth: Arc<Truth>, mix: Mix) {
    while !truth.stop.load(Ordering::Relaxed) {
        let key = usize::try_from(fastrand_below(mix.keys)).unwrap_or_default();
        let way = fastrand_below(mix.ways);
        let version = if way == 0 {
            write(&truth, key).await.map_or(0, |row| row.version)
        } else {
            let version = truth.holds[key].fetch_add(1, Ordering::SeqCst) + 1;
            match way {
                1 => cache.invalidate(&format!("stress:{key}")).await,
                2 => cache.invalidate_tags(["stress"]).await,
                3 => cache.invalidate_tags([format!("of:{key}")]).await,
                4 => cache.emit(&format!("stress:{key}")).await,
                5 => read::invalidate_all().await,
                _ => cache.clear().await,
            }
            version
        };
        truth.returned[key].fetch_max(version, Ordering::SeqCst);
        for _ in 0..fastrand_below(30) {
            tokio::task::yield_now().await;
        }
    }
}

/// Runs until something stale was seen or the time is up; how many reads were stale.
async fn run(fault: Option<Fault>, mix: Mix, limit: Duration) -> (u64, u64) {
    let cache = without(fault).await;
    let truth = Arc::new(Truth::default());
    let mut tasks = Vec::new();
    for _ in 0..8 {
        tasks.push(tokio::spawn(scope(
            cache.clone(),
            reader(Arc::clone(&truth), mix),
        )));
    }
    for _ in 0..2 {
        let writer = writer(cache.clone(), Arc::clone(&truth), mix);
        tasks.push(tokio::spawn(scope(cache.clone(), writer)));
    }
    let start = Instant::now();
    while start.elapsed() < limit && truth.stale.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    truth.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no panic");
    }
    let stats = cache.stats();
    assert_eq!((stats.flights, stats.writes), (0, 0));
    (
        truth.reads.load(Ordering::Relaxed),
        truth.stale.load(Ordering::Relaxed),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_is_older_than_a_finished_write() {
    let (reads, stale) = run(None, EVERY_WAY, Duration::from_secs(3)).await;
    assert_eq!(stale, 0);
    assert!(reads > 10_000, "{reads} reads prove little");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_missing_guard_is_found() {
    for (fault, mix) in [
        (Fault::IgnoreEpochs, EVERY_WAY),
        (Fault::EpochsAfterCompute, EVERY_WAY),
        (Fault::LeaveFlight, EVERY_WAY),
        (Fault::AcceptThePast, EVERY_WAY),
        (Fault::IgnoreWriteToken, CROSSING_WRITES),
    ] {
        let (_, stale) = run(Some(fault), mix, Duration::from_secs(60)).await;
        assert!(stale > 0, "{fault:?} was not found");
    }
}
