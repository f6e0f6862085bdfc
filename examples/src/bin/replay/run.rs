//! Concurrent callers that work through the accesses.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachekit_examples::truth::Verdict;
use hdrhistogram::Histogram;
use tokio::task::JoinHandle;

use crate::Fail;
use crate::accesses::{Access, Workload};
use crate::args::Args;
use crate::database::{Database, WAITED};
use crate::item::{Item, StaleRead, Truth};
use crate::propagation::{self, Propagation};
use crate::shop::{self, Shop};
use crate::work::Work;

/// The measurements of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) wall: Duration,
    /// The times of reads, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// The times of reads of a product that computed it, in nanoseconds, without the time of the
    /// query. With several nodes, a read may also have waited for another node's computation.
    pub(crate) own_share: Histogram<u64>,
    pub(crate) behind: Behind,
    pub(crate) stale: Vec<StaleRead>,
}

/// The reads that returned an older value than a write through another node, within the time in
/// which this is allowed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Behind {
    pub(crate) reads: u64,
    /// The longest time after such a write.
    pub(crate) worst: Duration,
}

impl Behind {
    fn add(&mut self, other: Self) {
        self.reads += other.reads;
        self.worst = self.worst.max(other.worst);
    }
}

/// The longest latency that is recorded: a minute, in nanoseconds.
pub(crate) const LONGEST: u64 = 60_000_000_000;

/// The largest number of accesses without the cache, for comparison.
const BASELINE: usize = 20_000;

/// Runs the first accesses, reads and writes, on the database without the cache.
pub(crate) async fn without_cache(
    database: &Arc<Database>,
    workload: &Workload,
    args: &Args,
) -> Result<Outcome, Fail> {
    let accesses = workload.accesses();
    let accesses = &accesses[..accesses.len().min(BASELINE)];
    let work = Work::new("without the cache", accesses, Arc::default());
    let caller = || ask_database(Arc::clone(database), Arc::clone(&work));
    together(
        &work,
        (0..args.tasks).map(|_| tokio::spawn(caller())).collect(),
    )
    .await
}

/// Runs all accesses through the annotated functions, by callers that are spread over the nodes.
pub(crate) async fn with_cache(
    shops: &[Arc<Shop>],
    workload: &Workload,
    truth: &Arc<Truth>,
    args: &Args,
) -> Result<Outcome, Fail> {
    let work = Work::new("with the cache", workload.accesses(), Arc::clone(truth));
    together(&work, callers(shops, &work, args)).await
}

/// Measures the time until writes are known on other nodes, while callers repeat the accesses.
pub(crate) async fn propagation(
    shops: &[Arc<Shop>],
    workload: &Workload,
    truth: &Arc<Truth>,
    args: &Args,
) -> Result<Propagation, Fail> {
    let work = Work::endless(workload.accesses(), Arc::clone(truth));
    let callers = callers(shops, &work, args);
    let measuring = propagation::measure(shops.to_vec(), Arc::clone(&work), args.seed);
    let mut measured = tokio::spawn(measuring).await??;
    let meanwhile = together(&work, callers).await?;
    measured.stale.extend(meanwhile.stale);
    Ok(measured)
}

fn callers(shops: &[Arc<Shop>], work: &Arc<Work>, args: &Args) -> Vec<JoinHandle<Answer>> {
    let nodes = shops.iter().enumerate().cycle().take(args.tasks);
    let caller = |(node, shop)| call_functions(node, Arc::clone(shop), Arc::clone(work));
    let counted = |at| WAITED.scope(Cell::default(), caller(at));
    nodes.map(|at| tokio::spawn(counted(at))).collect()
}

type Answer = Result<Part, Fail>;

async fn ask_database(database: Arc<Database>, work: Arc<Work>) -> Answer {
    let mut part = Part::new()?;
    while let Some(access) = work.next() {
        match access {
            Access::Read(id) => {
                let start = Instant::now();
                database.load(id).await?;
                part.read(start.elapsed());
            }
            Access::ReadPage(id) => {
                let start = Instant::now();
                load_page(&database, id).await?;
                part.read(start.elapsed());
            }
            Access::RenameShop(id) => {
                database.rename_shop(id).await?;
                part.writes += 1;
            }
            // Writes delay reads of the database, so the run without the cache has the writes too.
            Access::ChangePrice(id) | Access::Restock(id) => {
                database.update(id).await?;
                part.writes += 1;
            }
        }
    }
    Ok(part)
}

/// Loads the parts of a page without the cache. With the cache, [`shop::get_page()`] does this.
async fn load_page(database: &Database, id: u32) -> Result<(), Fail> {
    let mut category = 0;
    for id in database.on_page(id).await?.into_iter().rev() {
        category = database.load(id).await?.category_id;
    }
    database.load_shop(category).await?;
    Ok(())
}

async fn call_functions(node: usize, shop: Arc<Shop>, work: Arc<Work>) -> Answer {
    let mut part = Part::new()?;
    while let Some(access) = work.next() {
        WAITED.with(Cell::take);
        let start = Instant::now();
        let read = match access {
            Access::Read(id) => vec![Item::of(&*shop::get_product(&shop, id).await?)],
            Access::ReadPage(id) => Item::on_page(&*shop::get_page(&shop, id).await?),
            _ => {
                let written = shop::write(&shop, access).await?;
                work.returned(node, &shop, written, Instant::now());
                part.writes += 1;
                continue;
            }
        };
        let took = start.elapsed();
        part.read(took);
        if matches!(access, Access::Read(_)) {
            part.computed(took, WAITED.with(Cell::get));
        }
        for (item, version) in read {
            part.judged(work.truth.judge(node, item, version, start));
        }
    }
    Ok(part)
}

/// The measurements of one caller.
struct Part {
    writes: u64,
    latency: Histogram<u64>,
    own_share: Histogram<u64>,
    behind: Behind,
    stale: Vec<StaleRead>,
}

impl Part {
    fn new() -> Result<Self, Fail> {
        Ok(Self {
            writes: 0,
            latency: Histogram::new_with_max(LONGEST, 3)?,
            own_share: Histogram::new_with_max(LONGEST, 3)?,
            behind: Behind::default(),
            stale: vec![],
        })
    }

    fn read(&mut self, took: Duration) {
        record(&mut self.latency, took);
    }

    /// Records the cache's own share of a read of a product that took `took`, and waited for the
    /// database for `waited`. A read that did not wait for the database computed nothing.
    fn computed(&mut self, took: Duration, waited: Duration) {
        if !waited.is_zero() {
            record(&mut self.own_share, took.saturating_sub(waited));
        }
    }

    fn judged(&mut self, verdict: Verdict<Item>) {
        match verdict {
            Verdict::Fresh => {}
            Verdict::Behind(worst) => self.behind.add(Behind { reads: 1, worst }),
            Verdict::Stale(stale) => self.stale.push(stale),
        }
    }
}

fn record(times: &mut Histogram<u64>, time: Duration) {
    times.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
}

/// Waits for all callers and adds up their measurements.
async fn together(work: &Work, callers: Vec<JoinHandle<Answer>>) -> Result<Outcome, Fail> {
    let start = Instant::now();
    let mut all = Part::new()?;
    for caller in callers {
        let part = caller.await??;
        all.writes += part.writes;
        all.latency.add(part.latency)?;
        all.own_share.add(part.own_share)?;
        all.behind.add(part.behind);
        all.stale.extend(part.stale);
    }
    work.end();
    Ok(Outcome {
        reads: all.latency.len(),
        writes: all.writes,
        wall: start.elapsed(),
        latency: all.latency,
        own_share: all.own_share,
        behind: all.behind,
        stale: all.stale,
    })
}
