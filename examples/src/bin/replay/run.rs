//! Concurrent callers that work through the accesses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;

use crate::Fail;
use crate::accesses::{Access, Workload};
use crate::args::Args;
use crate::database::Database;
use crate::shop::{self, Shop};
use crate::truth::{StaleRead, Truth, Verdict, judge};

/// What was seen.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) wall: Duration,
    /// Of reads, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// Reads older than a write through another node.
    pub(crate) behind: u64,
    pub(crate) stale: Vec<StaleRead>,
}

/// Latencies are recorded up to a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Accesses without the cache, for comparison.
const BASELINE: usize = 20_000;

/// The first accesses, reads and writes, by the database alone.
pub(crate) async fn without_cache(
    database: &Arc<Database>,
    workload: &Workload,
    args: &Args,
) -> Result<Outcome, Fail> {
    let accesses = workload.accesses();
    let accesses = &accesses[..accesses.len().min(BASELINE)];
    let work = Work::new("without the cache", accesses, workload.products(), 1);
    let caller = || ask_database(Arc::clone(database), Arc::clone(&work));
    together(
        &work,
        (0..args.tasks).map(|_| tokio::spawn(caller())).collect(),
    )
    .await
}

/// All accesses through the annotated functions, by callers that are spread over the nodes.
pub(crate) async fn with_cache(
    shops: &[Arc<Shop>],
    workload: &Workload,
    args: &Args,
) -> Result<Outcome, Fail> {
    let (accesses, products) = (workload.accesses(), workload.products());
    let work = Work::new("with the cache", accesses, products, shops.len());
    let nodes = shops.iter().enumerate().cycle().take(args.tasks);
    let caller = |(node, shop)| call_functions(node, Arc::clone(shop), Arc::clone(&work));
    together(&work, nodes.map(|at| tokio::spawn(caller(at))).collect()).await
}

async fn ask_database(database: Arc<Database>, work: Arc<Work>) -> Result<Part, Fail> {
    let mut part = Part::new()?;
    while let Some(access) = work.next() {
        match access {
            Access::Read(id) => {
                let start = Instant::now();
                database.load(id).await?;
                part.read(start.elapsed());
            }
            // Writers hold up readers of the database, so the baseline has them too.
            Access::ChangePrice(id) | Access::Restock(id) => {
                database.update(id).await?;
                part.writes += 1;
            }
        }
    }
    Ok(part)
}

async fn call_functions(node: usize, shop: Arc<Shop>, work: Arc<Work>) -> Result<Part, Fail> {
    let mut part = Part::new()?;
    while let Some(access) = work.next() {
        match access {
            Access::Read(id) => {
                let floor = work.truth.floor(node, id);
                let start = Instant::now();
                let product = shop::get_product(&shop, id).await?;
                part.read(start.elapsed());
                part.judged(judge(floor, &product));
            }
            Access::ChangePrice(id) => {
                let version = shop::change_price(&shop, id).await?;
                work.truth.written(node, id, version);
                part.writes += 1;
            }
            Access::Restock(id) => {
                let version = shop::restock(&shop, id).await?.version;
                work.truth.written(node, id, version);
                part.writes += 1;
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
    fn new(what: &'static str, accesses: &[Access], products: &[u32], nodes: usize) -> Arc<Self> {
        // Drawn on standard error, and only if that is a terminal.
        let bar = ProgressBar::new(accesses.len() as u64).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg:18} {wide_bar} {percent:>3} %") {
            bar.set_style(style);
        }
        let truth = Truth::new(products, nodes);
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
    behind: u64,
    stale: Vec<StaleRead>,
}

impl Part {
    fn new() -> Result<Self, Fail> {
        Ok(Self {
            writes: 0,
            latency: Histogram::new_with_max(LONGEST, 3)?,
            behind: 0,
            stale: vec![],
        })
    }

    fn read(&mut self, took: Duration) {
        self.latency
            .saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    fn judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Fresh => {}
            Verdict::Behind => self.behind += 1,
            Verdict::Stale(stale) => self.stale.push(stale),
        }
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
        all.behind += part.behind;
        all.stale.extend(part.stale);
    }
    work.bar.finish_and_clear();
    Ok(Outcome {
        reads: all.latency.len(),
        writes: all.writes,
        wall: start.elapsed(),
        latency: all.latency,
        behind: all.behind,
        stale: all.stale,
    })
}
