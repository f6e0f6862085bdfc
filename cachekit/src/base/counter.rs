//! Counters that threads increment without contention for a cache line.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::base::sync::unpoisoned;

/// The number of cells in a block, which are allocated together.
const BLOCK: usize = 8;
/// The number of blocks in a counter. So `BLOCK * BLOCKS` threads at a time have a cell of their
/// own; all others share one.
const BLOCKS: usize = 16;

/// A counter with a cell for each thread.
///
/// Only its thread writes a cell, so adding one is a load and a store. An instruction that locks a
/// cache line costs as much as a fifth of a hit.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    blocks: [OnceLock<Arc<Block>>; BLOCKS],
    shared: Stripe,
}

type Block = [Stripe; BLOCK];

/// A thread's cell of a counter, for places where even finding the cell costs too much.
#[derive(Debug)]
pub(crate) struct Tally {
    block: Arc<Block>,
    cell: usize,
    /// Keeps the type on its thread, which alone may write the cell.
    here: PhantomData<*const ()>,
}

impl Tally {
    /// Adds one.
    #[inline]
    pub(crate) fn bump(&self) {
        self.block[self.cell % BLOCK].bump_alone();
    }
}

// 128 bytes: two cache lines, because common CPUs prefetch the neighbouring line too.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

impl Counter {
    /// Adds one.
    #[inline]
    pub(crate) fn bump(&self) {
        let stripe = StripeIndex::current();
        match self.blocks.get(stripe / BLOCK) {
            Some(block) => block.get_or_init(Arc::default)[stripe % BLOCK].bump_alone(),
            None => {
                self.shared.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Returns this thread's cell, or `None` if it shares one.
    pub(crate) fn tally(&self) -> Option<Tally> {
        let stripe = StripeIndex::current();
        let block = self.blocks.get(stripe / BLOCK)?;
        Some(Tally {
            block: Arc::clone(block.get_or_init(Arc::default)),
            cell: stripe % BLOCK,
            here: PhantomData,
        })
    }

    /// Returns the sum. It is not a snapshot: it may miss increments that run at the same time.
    pub(crate) fn sum(&self) -> u64 {
        let own = self.blocks.iter().filter_map(OnceLock::get);
        own.flat_map(|block| block.iter())
            .chain([&self.shared])
            .map(|stripe| stripe.0.load(Ordering::Relaxed))
            .sum()
    }
}

impl Stripe {
    /// Adds one. No other thread may write this cell.
    #[inline]
    fn bump_alone(&self) {
        let count = self.0.load(Ordering::Relaxed);
        self.0.store(count + 1, Ordering::Relaxed);
    }
}

/// The index of a thread's cell in every counter. No two living threads share an index.
struct StripeIndex(Cell<usize>);

const UNASSIGNED: usize = usize::MAX;
/// The index of a thread that has returned its own, in the destructors of its other thread-locals.
const SHARED: usize = BLOCK * BLOCKS;

/// The indexes of threads that have ended, and the number of all indexes. The lock orders the counts
/// of an index's last owner before those of its next.
static FREE: Mutex<(Vec<usize>, usize)> = Mutex::new((Vec::new(), 0));

thread_local! {
    static STRIPE: StripeIndex = const { StripeIndex(Cell::new(UNASSIGNED)) };
}

impl StripeIndex {
    #[inline]
    fn current() -> usize {
        let stripe = STRIPE.try_with(|stripe| match stripe.0.get() {
            UNASSIGNED => stripe.take(),
            taken => taken,
        });
        stripe.unwrap_or(SHARED)
    }

    #[cold]
    fn take(&self) -> usize {
        let mut free = unpoisoned(FREE.lock());
        let stripe = free.0.pop().unwrap_or(free.1);
        if stripe == free.1 {
            free.1 += 1;
        }
        self.0.set(stripe);
        stripe
    }
}

impl Drop for StripeIndex {
    fn drop(&mut self) {
        if self.0.get() != UNASSIGNED {
            let mut free = unpoisoned(FREE.lock());
            free.0.push(self.0.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More threads than there are cells, one after the other and at the same time.
    #[test]
    fn nothing_is_lost() {
        let counter = Counter::default();
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..200 {
                    scope.spawn(|| {
                        (0..500).for_each(|_| counter.bump());
                        match counter.tally() {
                            Some(tally) => (0..500).for_each(|_| tally.bump()),
                            None => (0..500).for_each(|_| counter.bump()),
                        }
                    });
                }
            });
        }
        assert_eq!(counter.sum(), 600_000);
    }
}
