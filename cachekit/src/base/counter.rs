//! Counters that threads can bump without fighting over one cache line.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::base::sync::unpoisoned;

/// Cells are made by so many at once.
const BLOCK: usize = 8;
/// That many threads at a time have a cell of their own in each counter; all others share one.
const BLOCKS: usize = 16;

/// A counter with a cell for each thread.
///
/// A thread alone writes its cell, so that adding one is a load and a store: no instruction
/// that locks a cache line, which costs as much as a fifth of a hit.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    blocks: [OnceLock<Arc<Block>>; BLOCKS],
    shared: Stripe,
}

type Block = [Stripe; BLOCK];

/// One thread's cell of a counter: at hand, where even finding it costs.
#[derive(Debug)]
pub(crate) struct Tally {
    block: Arc<Block>,
    cell: usize,
    /// The cell is this thread's.
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

    /// This thread's cell, if it has one of its own.
    pub(crate) fn tally(&self) -> Option<Tally> {
        let stripe = StripeIndex::current();
        let block = self.blocks.get(stripe / BLOCK)?;
        Some(Tally {
            block: Arc::clone(block.get_or_init(Arc::default)),
            cell: stripe % BLOCK,
            here: PhantomData,
        })
    }

    /// The sum. Not a snapshot: bumps that run at the same time may or may not be in it.
    pub(crate) fn sum(&self) -> u64 {
        let own = self.blocks.iter().filter_map(OnceLock::get);
        own.flat_map(|block| block.iter())
            .chain([&self.shared])
            .map(|stripe| stripe.0.load(Ordering::Relaxed))
            .sum()
    }
}

impl Stripe {
    /// Adds one, where no other thread does.
    #[inline]
    fn bump_alone(&self) {
        let count = self.0.load(Ordering::Relaxed);
        self.0.store(count + 1, Ordering::Relaxed);
    }
}

/// Which cell of every counter is a thread's: no two threads that live have the same.
struct StripeIndex(Cell<usize>);

const UNASSIGNED: usize = usize::MAX;
/// For a thread that has given up its seat, in the destructors of its other thread-locals.
const SHARED: usize = BLOCK * BLOCKS;

/// Seats of threads that ended, and how many there are. Who takes one over sees what was
/// counted there: the lock orders the two.
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
