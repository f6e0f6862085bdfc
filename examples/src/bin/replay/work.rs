//! Accesses, handed out one by one to the callers that work through them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::accesses::Access;
use crate::item::{Item, Truth};
use crate::shop::Shop;

/// The pause between two checks whether Redis has accepted the waiting invalidations.
const LOOK: Duration = Duration::from_millis(1);

pub(crate) struct Work {
    accesses: Vec<Access>,
    next: AtomicUsize,
    /// `true` after endless work was stopped. `None` for work that ends by itself.
    stopped: Option<AtomicBool>,
    pub(crate) truth: Arc<Truth>,
    bar: ProgressBar,
}

impl Work {
    /// Creates work that hands out each access once.
    pub(crate) fn new(what: &'static str, accesses: &[Access], truth: Arc<Truth>) -> Arc<Self> {
        // The bar is drawn on standard error, and only if standard error is a terminal.
        let bar = ProgressBar::new(accesses.len() as u64).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg:18} {wide_bar} {percent:>3} %") {
            bar.set_style(style);
        }
        Arc::new(Self {
            accesses: accesses.to_vec(),
            next: AtomicUsize::new(0),
            stopped: None,
            truth,
            bar,
        })
    }

    /// Creates work that hands out all accesses again and again, until it is [stopped](Self::stop).
    pub(crate) fn endless(accesses: &[Access], truth: Arc<Truth>) -> Arc<Self> {
        Arc::new(Self {
            accesses: accesses.to_vec(),
            next: AtomicUsize::new(0),
            stopped: Some(AtomicBool::new(false)),
            truth,
            bar: ProgressBar::hidden(),
        })
    }

    pub(crate) fn stop(&self) {
        if let Some(stopped) = &self.stopped {
            stopped.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn accesses(&self) -> &[Access] {
        &self.accesses
    }

    pub(crate) fn next(&self) -> Option<Access> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(stopped) = &self.stopped {
            let goes_on = !stopped.load(Ordering::Relaxed);
            return goes_on.then(|| self.accesses[index % self.accesses.len()]);
        }
        if index.is_multiple_of(1_000) {
            self.bar.set_position(index.min(self.accesses.len()) as u64);
        }
        self.accesses.get(index).copied()
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Records that a write through `node` returned at the time `at`. From then on, readers on this
    /// node must see the write. Readers on other nodes must see it after Redis has accepted it,
    /// which is nearly always before the write returned.
    pub(crate) fn returned(
        self: &Arc<Self>,
        node: usize,
        shop: &Arc<Shop>,
        (item, version): (Item, u32),
        at: Instant,
    ) {
        self.truth.returned(node, item, version, at);
        if is_accepted(shop) {
            self.truth.accepted(item, version, at);
            return;
        }
        let (work, shop) = (Arc::clone(self), Arc::clone(shop));
        tokio::spawn(async move {
            while !is_accepted(&shop) {
                tokio::time::sleep(LOOK).await;
            }
            work.truth.accepted(item, version, Instant::now());
        });
    }
}

/// Returns `true` if Redis has accepted every invalidation of this node.
fn is_accepted(shop: &Shop) -> bool {
    shop.cache.stats().redis.queued_invalidations == 0
}
