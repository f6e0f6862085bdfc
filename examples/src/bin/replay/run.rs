//! Concurrent callers that work through the accesses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinHandle;

use crate::Fail;
use crate::args::Args;
use crate::shop::{self, Shop};
use crate::truth::{StaleRead, Truth, judge};

/// One access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read(u32),
    /// A write that invalidates.
    ChangePrice(u32),
    /// A write that stores.
    Restock(u32),
}

/// What is replayed.
#[derive(Debug)]
pub(crate) struct Workload {
    accesses: Vec<Access>,
    products: Vec<u32>,
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) wall: Duration,
    /// Of reads, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
    pub(crate) stale: Vec<StaleRead>,
}

/// Latencies are recorded up to a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Accesses without the cache, for comparison.
const BASELINE: usize = 20_000;

impl Workload {
    pub(crate) fn new(keys: &[u32], args: &Args) -> Self {
        let mut random = SmallRng::seed_from_u64(args.seed);
        let mut access = |key: u32| {
            if !random.random_bool(args.writes) {
                Access::Read(key)
            } else if random.random_bool(0.5) {
                Access::ChangePrice(key)
            } else {
                Access::Restock(key)
            }
        };
        let accesses = keys.iter().map(|key| access(*key)).collect();
        let mut products = keys.to_vec();
        products.sort_unstable();
        products.dedup();
        Self { accesses, products }
    }

    pub(crate) fn products(&self) -> &[u32] {
        &self.products
    }

    pub(crate) fn len(&self) -> usize {
        self.accesses.len()
    }
}

/// The first accesses, reads and writes, by the database alone.
pub(crate) async fn without_cache(
    shop: &Arc<Shop>,
    workload: &Workload,
    args: &Args,
) -> Result<Outcome, Fail> {
    let accesses = &workload.accesses[..workload.len().min(BASELINE)];
    let work = Work::new("without the cache", accesses, &workload.products);
    let caller = || ask_database(Arc::clone(shop), Arc::clone(&work));
    together(
        &work,
        (0..args.tasks).map(|_| tokio::spawn(caller())).collect(),
    )
    .await
}

/// All accesses through the annotated functions.
pub(crate) async fn with_cache(
    shop: &Arc<Shop>,
    workload: &Workload,
    args: &Args,
) -> Result<Outcome, Fail> {
    let work = Work::new("with the cache", &workload.accesses, &workload.products);
    let caller = || call_functions(Arc::clone(shop), Arc::clone(&work));
    together(
        &work,
        (0..args.tasks).map(|_| tokio::spawn(caller())).collect(),
    )
    .await
}

async fn ask_database(shop: Arc<Shop>, work: Arc<Work>) -> Result<Part, Fail> {
    let mut part = Part::new()?;
    while let Some(access) = work.next() {
        match access {
            Access::Read(id) => {
                let start = Instant::now();
                shop.load(id).await?;
                part.read(start.elapsed());
            }
            // Writers hold up readers of the database, so the baseline has them too.
            Access::ChangePrice(id) | Access::Restock(id) => {
                let version = shop.update(id).await?.version;
                part.write(&work.truth, id, version);
            }
        }
    }
    Ok(part)
}

async fn call_functions(shop: Arc<Shop>, work: Arc<Work>) -> Result<Part, Fail> {
    let mut part = Part::new()?;
    while let Some(access) = work.next() {
        match access {
            Access::Read(id) => {
                let floor = work.truth.floor(id);
                let start = Instant::now();
                let product = shop::get_product(&shop, id).await?;
                part.read(start.elapsed());
                part.stale.extend(judge(floor, &product));
            }
            Access::ChangePrice(id) => {
                let version = shop::change_price(&shop, id).await?;
                part.write(&work.truth, id, version);
            }
            Access::Restock(id) => {
                let version = shop::restock(&shop, id).await?.version;
                part.write(&work.truth, id, version);
            }
        }
    }
    Ok(part)
}

/// Accesses, handed out one by one to the callers that work through them.
struct Work {
    accesses: Vec<Access>,
    next: AtomicUsize,
    truth: Truth,
    bar: ProgressBar,
}

impl Work {
    fn new(what: &'static str, accesses: &[Access], products: &[u32]) -> Arc<Self> {
        // Drawn on standard error, and only if that is a terminal.
        let bar = ProgressBar::new(accesses.len() as u64).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg:18} {wide_bar} {percent:>3} %") {
            bar.set_style(style);
        }
        let truth = Truth::new(products);
        Arc::new(Self {
            accesses: accesses.to_vec(),
            next: AtomicUsize::new(0),
            truth,
            bar,
        })
    }

    fn next(&self) -> Option<Access> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index.is_multiple_of(1_000) {
            self.bar.set_position(index.min(self.accesses.len()) as u64);
        }
        self.accesses.get(index).copied()
    }
}

/// What one caller saw.
struct Part {
    writes: u64,
    latency: Histogram<u64>,
    stale: Vec<StaleRead>,
}

impl Part {
    fn new() -> Result<Self, Fail> {
        Ok(Self {
            writes: 0,
            latency: Histogram::new_with_max(LONGEST, 3)?,
            stale: vec![],
        })
    }

    fn read(&mut self, took: Duration) {
        self.latency
            .saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    fn write(&mut self, truth: &Truth, id: u32, version: u32) {
        self.writes += 1;
        truth.written(id, version);
    }
}

/// Waits for all callers and adds up what they saw.
async fn together(
    work: &Work,
    callers: Vec<JoinHandle<Result<Part, Fail>>>,
) -> Result<Outcome, Fail> {
    let start = Instant::now();
    let mut all = Part::new()?;
    for caller in callers {
        let part = caller.await??;
        all.writes += part.writes;
        all.latency.add(part.latency)?;
        all.stale.extend(part.stale);
    }
    work.bar.finish_and_clear();
    let Part {
        writes,
        latency,
        stale,
    } = all;
    Ok(Outcome {
        reads: latency.len(),
        writes,
        wall: start.elapsed(),
        latency,
        stale,
    })
}
