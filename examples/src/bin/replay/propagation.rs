//! The measurement of the time for which a write is not known on other nodes.
//!
//! A trace reads most products too seldom to show this time, so the program measures it with calls
//! of its own. Every node reads a product, and one node writes it. From the moment when the write
//! has returned, each other node is asked in a loop for its value, until it returns nothing older
//! than the write. The usual callers continue meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachekit_examples::truth::{Verdict, WINDOW};
use hdrhistogram::Histogram;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::Fail;
use crate::accesses::Access;
use crate::item::{Item, StaleRead};
use crate::shop::{self, Shop, get_product};
use crate::work::Work;

/// The number of writes that are measured.
const WRITES: usize = 500;

/// The times and counts that were measured.
#[derive(Debug)]
pub(crate) struct Propagation {
    /// For each write, the time in nanoseconds until no other node returned an older value.
    pub(crate) delays: Histogram<u64>,
    pub(crate) stale: Vec<StaleRead>,
}

/// Measures while other callers work, and then stops these callers.
pub(crate) async fn measure(
    shops: Vec<Arc<Shop>>,
    work: Arc<Work>,
    seed: u64,
) -> Result<Propagation, Fail> {
    let _stopping = Stopping(&work);
    let mut random = SmallRng::seed_from_u64(seed);
    let mut measured = Propagation {
        delays: Histogram::new_with_max(crate::run::LONGEST, 3)?,
        stale: vec![],
    };
    for number in 0..WRITES {
        let accesses = work.accesses();
        let access = accesses[random.random_range(..accesses.len())];
        let probe = Probe {
            shops: &shops,
            work: &work,
            writer: number % shops.len(),
            product: access.product(),
        };
        probe.everybody_has_it().await?;
        let written = probe.write(number.is_multiple_of(2)).await?;
        let delay = probe.until_gone(written, &mut measured.stale).await?;
        let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        measured.delays.saturating_record(nanos);
        // The measurement of a write that does not arrive takes long, and one such write is enough.
        if !measured.stale.is_empty() {
            break;
        }
    }
    Ok(measured)
}

/// A guard that stops the callers when it is dropped, however the measurement ends.
struct Stopping<'a>(&'a Work);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

struct Probe<'a> {
    shops: &'a [Arc<Shop>],
    work: &'a Arc<Work>,
    writer: usize,
    product: u32,
}

/// A write that has returned.
#[derive(Debug, Clone, Copy)]
struct Written {
    version: u32,
    at: Instant,
}

impl Probe<'_> {
    /// Reads the product on every node, three times. After the first read, the product may not be
    /// in the node's memory yet, because memory gets it only when Redis has stored it.
    async fn everybody_has_it(&self) -> Result<(), Fail> {
        for _ in 0..3 {
            for shop in self.shops {
                get_product(shop, self.product).await?;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn write(&self, stores: bool) -> Result<Written, Fail> {
        let access = if stores {
            Access::Restock(self.product)
        } else {
            Access::ChangePrice(self.product)
        };
        let shop = &self.shops[self.writer];
        let written = shop::write(shop, access).await?;
        let at = Instant::now();
        self.work.returned(self.writer, shop, written, at);
        let (_, version) = written;
        Ok(Written { version, at })
    }

    /// Returns the time from the write until no other node returns an older value. Each node is
    /// asked by a task of its own, so a node that waits for Redis does not delay the others.
    async fn until_gone(
        &self,
        written: Written,
        stale: &mut Vec<StaleRead>,
    ) -> Result<Duration, Fail> {
        let others = self.shops.iter().enumerate();
        let others = others.filter(|(node, _)| *node != self.writer);
        let asked: Vec<_> = others
            .map(|(node, shop)| {
                let (shop, work) = (Arc::clone(shop), Arc::clone(self.work));
                tokio::spawn(ask(node, shop, work, self.product, written))
            })
            .collect();
        let mut delay = Duration::ZERO;
        for asked in asked {
            let (of_node, read) = asked.await?;
            delay = delay.max(of_node);
            stale.extend(read);
        }
        Ok(delay)
    }
}

/// Returns the time from the write until the node `node` returns no older value, and a stale answer
/// that the node gave before, if there was one.
async fn ask(
    node: usize,
    shop: Arc<Shop>,
    work: Arc<Work>,
    product: u32,
    written: Written,
) -> (Duration, Option<StaleRead>) {
    let mut stale = None;
    loop {
        let asked = Instant::now();
        let got = get_product::entry(&shop, product).get().await;
        let delay = asked.saturating_duration_since(written.at);
        let Some(older) = got.filter(|product| product.version < written.version) else {
            return (delay, stale);
        };
        let (item, version) = Item::of(&older);
        if let Verdict::Stale(read) = work.truth.judge(node, item, version, asked) {
            stale = Some(read);
        }
        // If the older value is stale already, or Redis does not accept the write, the node may
        // return the older value for ever.
        if stale.is_some() || delay > WINDOW * 2 {
            return (delay, stale);
        }
        // The message of the write is handled on the same threads, so this loop must yield.
        tokio::task::yield_now().await;
    }
}
