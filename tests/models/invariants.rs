//! The invariants of the computations of one key.
//!
//! If two of them run, and neither failed before the other began, there was an invalidation in
//! between: it ended after the first one's caller took the lead, and began before the second one's
//! did. Recording is not a step: the search does not switch during it.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(crate) struct Laws(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// Invalidations that began.
    begun: u64,
    /// Invalidations that ended.
    ended: u64,
    /// Leads that were taken.
    leads: u64,
    /// The lead of each computation, unless that failed.
    running: Vec<Option<Taken>>,
    finished: usize,
    /// Several may compute at once.
    is_wide: bool,
}

impl Laws {
    pub(crate) fn grounding(&self) {
        self.noted().begun += 1;
    }

    pub(crate) fn detached(&self) {
        self.noted().ended += 1;
    }

    /// From here on several may compute at once: after errors that cannot be shared, and where
    /// callers lose patience.
    pub(crate) fn wide(&self) {
        self.noted().is_wide = true;
    }

    /// A caller takes the lead.
    pub(crate) fn take(&self) -> Taken {
        let mut noted = self.noted();
        noted.leads += 1;
        Taken {
            number: noted.leads,
            begun: noted.begun,
            ended: noted.ended,
        }
    }

    /// Who took the lead like that begins to compute.
    pub(crate) fn begin(&self, taken: Taken) -> Run<'_> {
        let mut noted = self.noted();
        let mut others = noted.running.iter().flatten();
        assert!(
            noted.is_wide || others.all(|&other| taken.is_apart_from(other)),
            "a second computation of one generation began"
        );
        noted.running.push(Some(taken));
        Run {
            number: noted.running.len() - 1,
            laws: self,
            is_over: false,
        }
    }

    /// How many computations gave a value.
    pub(crate) fn finished(&self) -> usize {
        self.noted().finished
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a caller took the lead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    number: u64,
    /// Invalidations that had begun.
    begun: u64,
    /// Invalidations that had ended.
    ended: u64,
}

impl Taken {
    /// Whether an invalidation came in between.
    fn is_apart_from(self, other: Self) -> bool {
        let (first, second) = if self.number < other.number {
            (self, other)
        } else {
            (other, self)
        };
        first.ended < second.begun
    }
}

/// A computation that runs. Dropped, it failed: another may take its place.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    laws: &'a Laws,
    number: usize,
    is_over: bool,
}

impl Run<'_> {
    pub(crate) fn finished(mut self) {
        self.is_over = true;
        self.laws.noted().finished += 1;
    }

    pub(crate) fn failed(self) {
        drop(self);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.laws.noted().running[self.number] = None;
        }
    }
}
