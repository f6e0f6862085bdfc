//! Counters that threads increment without contention for a cache line.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::base::sync::unpoisoned;

/// The number of cells in a block. A counter allocates the cells of a block together.
const BLOCK: usize = 8;
/// The number of blocks in a counter. `BLOCK * BLOCKS` threads at a time have a cell of their own;
/// all other threads share one cell.
const BLOCKS: usize = 16;

/// A counter that has a cell for each thread.
///
/// A thread writes only its own cell, so an increment is a plain load and a plain store. An atomic
/// increment, which locks a cache line, would cost as much as a fifth of a hit in memory.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    blocks: [OnceLock<Arc<Block>>; BLOCKS],
    shared: Stripe,
}

type Block = [Stripe; BLOCK];

/// A handle to one thread's cell of a counter. With the handle, the thread increments the counter
/// without a look-up of its cell, in code for which the look-up would cost too much.
#[derive(Debug)]
pub(crate) struct Tally {
    block: Arc<Block>,
    cell: usize,
    /// Makes the type neither `Send` nor `Sync`: only the thread that owns the cell may write the
    /// cell.
    here: PhantomData<*const ()>,
}

impl Tally {
    /// Increments the counter by one, in the cell of this thread.
    #[inline]
    pub(crate) fn bump(&self) {
        self.block[self.cell % BLOCK].bump_alone();
    }
}

// A cell takes 128 bytes, two cache lines, because common CPUs prefetch the neighbouring line, too.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

impl Counter {
    /// Increments the counter by one: in this thread's cell or, if the thread has none, in the
    /// shared cell.
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

    /// Returns a handle to this thread's cell, or `None` if the thread uses the shared cell.
    pub(crate) fn tally(&self) -> Option<Tally> {
        let stripe = StripeIndex::current();
        let block = self.blocks.get(stripe / BLOCK)?;
        Some(Tally {
            block: Arc::clone(block.get_or_init(Arc::default)),
            cell: stripe % BLOCK,
            here: PhantomData,
        })
    }

    /// Returns the sum of all cells of the counter. The sum is not a snapshot: increments that run
    /// at the same time may be missing.
    pub(crate) fn sum(&self) -> u64 {
        let own = self.blocks.iter().filter_map(OnceLock::get);
        own.flat_map(|block| block.iter())
            .chain([&self.shared])
            .map(|stripe| stripe.0.load(Ordering::Relaxed))
            .sum()
    }
}

impl Stripe {
    /// Increments this counter cell by one. The caller must be the only thread that writes the
    /// cell.
    #[inline]
    fn bump_alone(&self) {
        let count = self.0.load(Ordering::Relaxed);
        self.0.store(count + 1, Ordering::Relaxed);
    }
}

/// The index of a thread's cell (its part of each counter), which is equal in every counter. Two
/// threads that run at the same time never have equal indexes below [`SHARED`]. An index of at
/// least [`SHARED`] stands for the shared cell.
struct StripeIndex(Cell<usize>);

const UNASSIGNED: usize = usize::MAX;
/// The lowest index that stands for the shared cell of a counter. A thread that ends uses this
/// index after it has returned its own index, if the destructors of its other thread-locals
/// increment a counter.
const SHARED: usize = BLOCK * BLOCKS;

/// The indexes of counter cells that threads returned when they ended, and the number of different
/// indexes given out so far. The lock makes the increments of a thread that returned an index
/// happen before the increments of the thread that takes the index next.
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

    /// Tests that no increment is lost with more threads than a counter has cells, when the threads
    /// run one after the other and when they run at the same time.
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
