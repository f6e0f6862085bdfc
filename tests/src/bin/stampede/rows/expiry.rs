//! A steady load on keys that all expire at one moment while it runs.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cachekit::{Cache, cached};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::{Row, Scale};
use crate::latencies::Latencies;
use crate::outcome::Outcome;
use crate::pace::{ON_TIME, Pace};

const LOADER: Duration = Duration::from_millis(50);

/// What a caller may wait beyond the loader's time on a slow machine with two cores.
const ALLOWANCE: Duration = Duration::from_millis(500);

/// A machine with something else to do gets another chance.
const ATTEMPTS: usize = 3;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "expiry",
            what: "50,000 calls a second for 10 s on 1,000 keys that live for 3 s and expire \
                   together, loader 50 ms, neither `early` nor `stale`",
            bound: "never two executions of a key at once, one for each lifetime; every caller \
                    waits at most half a second longer than the loader takes",
            run: |scale| {
                load(scale, Waits::All, |source, key| {
                    Box::pin(plain(source, key))
                })
            },
        },
        Row {
            name: "expiry-early",
            what: "as `expiry` with `early = 1.0`",
            bound: "as before; for each lifetime that ends, one call computes, and for two \
                    lifetimes at most one further call waits half the loader's time or longer",
            run: |scale| {
                load(scale, Waits::Few, |source, key| {
                    Box::pin(early(source, key))
                })
            },
        },
        Row {
            name: "expiry-stale",
            what: "as `expiry` with `stale = 60`",
            bound: "as before, and no caller waits for the loader",
            run: |scale| {
                load(scale, Waits::None, |source, key| {
                    Box::pin(stale(source, key))
                })
            },
        },
        Row {
            name: "expiry-both",
            what: "as `expiry` with `early = 1.0` and `stale = 60`",
            bound: "as before, and no caller waits for the loader",
            run: |scale| {
                load(scale, Waits::None, |source, key| {
                    Box::pin(both(source, key))
                })
            },
        },
    ]
}

/// Who may wait for the loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    All,
    /// Who comes while a refresh runs that began too late, or after none: with 50 calls a second of
    /// a key and a loader of 50 ms that is, by the formula, 0.2 calls for each life that ends, if
    /// only those that wait for half the loader's time are counted. Without `early` it is 1.25.
    Few,
    None,
}

/// How a variant is called.
type Call = fn(Arc<Source>, u64) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send>>;

#[cached(key = "plain:{key}", ttl = source.ttl, early = false, cache = source.cache, skip(source))]
async fn plain(source: Arc<Source>, key: u64) -> u64 {
    source.load(key).await
}

#[cached(key = "early:{key}", ttl = source.ttl, early = 1.0, cache = source.cache, skip(source))]
async fn early(source: Arc<Source>, key: u64) -> u64 {
    source.load(key).await
}

#[cached(key = "stale:{key}", ttl = source.ttl, early = false, stale = 60, cache = source.cache, skip(source))]
async fn stale(source: Arc<Source>, key: u64) -> u64 {
    source.load(key).await
}

#[cached(key = "both:{key}", ttl = source.ttl, early = 1.0, stale = 60, cache = source.cache, skip(source))]
async fn both(source: Arc<Source>, key: u64) -> u64 {
    source.load(key).await
}

/// What is behind the cache.
struct Source {
    cache: Cache,
    ttl: Duration,
    runs: AtomicU64,
    /// How many computations of each key run now.
    running: Vec<AtomicU64>,
    overlaps: AtomicU64,
}

impl Source {
    async fn load(&self, key: u64) -> u64 {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let running = usize::try_from(key).ok().and_then(|n| self.running.get(n));
        let running = running.expect("one of the keys");
        let others = running.fetch_add(1, Ordering::SeqCst);
        self.overlaps.fetch_add(others, Ordering::SeqCst);
        tokio::time::sleep(LOADER).await;
        running.fetch_sub(1, Ordering::SeqCst);
        key
    }
}

/// A load's size.
#[derive(Clone, Copy)]
struct Size {
    keys: u64,
    ttl: Duration,
    pace: Pace,
}

fn load(scale: Scale, waits: Waits, call: Call) -> Outcome {
    let pace = |rate, seconds| Pace {
        rate,
        length: Duration::from_secs(seconds),
    };
    let full = Size {
        keys: 1_000,
        ttl: Duration::from_secs(3),
        pace: pace(50_000, 10),
    };
    let quick = Size {
        keys: 100,
        ttl: Duration::from_secs(1),
        pace: pace(5_000, 3),
    };
    let size = scale.pick(full, quick);
    let mut outcome = Outcome::default();
    for _ in 0..ATTEMPTS {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        outcome = attempt(&runtime, size, waits, call);
        if outcome.is_valid() {
            break;
        }
    }
    outcome
}

fn attempt(runtime: &tokio::runtime::Runtime, size: Size, may_wait: Waits, call: Call) -> Outcome {
    let source = runtime.block_on(warm(size, call));
    let calls = Calls {
        source: Arc::clone(&source),
        call,
        keys: size.keys,
        pace: size.pace,
        start: Instant::now(),
        waits: Arc::new((0..SHARDS).map(|_| Mutex::default()).collect()),
    };
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    let handle = runtime.handle().clone();
    let lags = std::thread::scope(|scope| {
        let offer = || {
            let issue = |batch| calls.issue(&handle, batch, &alive);
            size.pace.offer(calls.start, issue)
        };
        scope.spawn(offer).join().expect("it does not panic")
    });
    drop(alive);
    runtime.block_on(async move {
        let everybody = tokio::time::timeout(Duration::from_secs(30), all_gone.recv());
        everybody.await.expect("all calls end");
    });
    let wall = calls.start.elapsed();
    let executions = source.runs.load(Ordering::SeqCst);
    let mut outcome = Outcome::new(executions, wall, calls.waits());
    judge(&mut outcome, size, &source, &lags);
    judge_waits(&mut outcome, size, may_wait);
    outcome
}

/// Everything is computed once before the load begins.
async fn warm(size: Size, call: Call) -> Arc<Source> {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let source = Arc::new(Source {
        cache,
        ttl: size.ttl,
        runs: AtomicU64::new(0),
        running: (0..size.keys).map(|_| AtomicU64::new(0)).collect(),
        overlaps: AtomicU64::new(0),
    });
    let first: Vec<_> = (0..size.keys)
        .map(|key| tokio::spawn(call(Arc::clone(&source), key)))
        .collect();
    for first in first {
        first.await.expect("an answer");
    }
    source
}

const SHARDS: usize = 16;

/// The calls of a load.
struct Calls {
    source: Arc<Source>,
    call: Call,
    keys: u64,
    pace: Pace,
    start: Instant,
    waits: Arc<Vec<Mutex<Vec<Duration>>>>,
}

impl Calls {
    /// Begins a batch: one hand-over, then a task for each call.
    fn issue(&self, runtime: &Handle, batch: Range<u32>, alive: &mpsc::Sender<()>) {
        let calls: Vec<_> = batch
            .map(|number| self.one(number, alive.clone()))
            .collect();
        runtime.spawn(async move {
            for call in calls {
                tokio::spawn(call);
            }
        });
    }

    fn one(&self, number: u32, alive: mpsc::Sender<()>) -> impl Future<Output = ()> + use<> {
        let key = fastrand::Rng::with_seed(number.into()).u64(..self.keys);
        let (source, call) = (Arc::clone(&self.source), self.call);
        let waits = Arc::clone(&self.waits);
        let due = self.start + self.pace.due(number);
        async move {
            if call(source, key).await == key {
                let wait = due.elapsed();
                let shard = &waits[usize::try_from(number).unwrap_or_default() % SHARDS];
                shard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(wait);
            }
            drop(alive);
        }
    }

    fn waits(&self) -> Latencies {
        let shard =
            |shard: &Mutex<Vec<_>>| shard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.waits.iter().flat_map(shard).collect()
    }
}

fn judge(outcome: &mut Outcome, size: Size, source: &Source, lags: &Latencies) {
    let lag = lags.at(990).unwrap_or_default();
    outcome.note = format!(
        "the generator's lag: p99 {} us, max {} us",
        lag.as_micros(),
        lags.max().as_micros()
    );
    let overlaps = source.overlaps.load(Ordering::SeqCst);
    outcome.hold(overlaps == 0, || {
        format!("{overlaps} computations of a key began while another ran")
    });
    let (answers, calls) = (outcome.latencies.len(), size.pace.calls());
    outcome.hold(u32::try_from(answers).is_ok_and(|it| it == calls), || {
        format!("{answers} right answers of {calls}")
    });
    let lives = size.pace.length.as_millis().div_ceil(size.ttl.as_millis());
    let most = size.keys * (1 + u64::try_from(lives).unwrap_or_default());
    let executions = outcome.executions;
    // Fewer than two a key: no life ended.
    outcome.hold((2 * size.keys..=most).contains(&executions), || {
        let least = 2 * size.keys;
        format!("{executions} executions, {least} to {most} expected")
    });
    outcome.require(lag < ON_TIME, || {
        format!("the generator was late: p99 {lag:?}")
    });
}

/// Only of a load that was on time.
fn judge_waits(outcome: &mut Outcome, size: Size, may_wait: Waits) {
    if !outcome.is_valid() {
        return;
    }
    let slowest = outcome.latencies.max();
    let longest = match may_wait {
        Waits::All | Waits::Few => LOADER + ALLOWANCE,
        Waits::None => LOADER,
    };
    outcome.hold(slowest <= longest, || {
        format!("the slowest caller waited {slowest:?}")
    });
    let waited = u64::try_from(outcome.latencies.from(LOADER / 2)).unwrap_or(u64::MAX);
    let ended = outcome.executions.saturating_sub(size.keys);
    // Who draws it computes, and waits for that: one for each life. The others wait where nobody
    // drew in time.
    outcome.hold(may_wait != Waits::Few || waited * 2 <= ended * 3, || {
        format!("{waited} calls waited, and {ended} lives ended")
    });
}
