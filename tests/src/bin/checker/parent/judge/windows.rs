//! The times until which soft invalidations allow stale values.
//!
//! In a node's memory the window begins when the invalidation takes effect there. In Redis it
//! begins when Redis accepts an invalidation that names the entry. An invalidation of a tag, an
//! event or a function cannot mark entries in Redis. For these the window begins when a call first
//! asks for the right to compute, which every read of a stale value causes, unless another just
//! did.

use std::time::Duration;

use cachekit_tests::clock::nanos;

use super::ALLOWANCE;
use super::floors::elsewhere;
use crate::cells::{LIFE, STALE};
use crate::invalidation_mode::InvalidationMode;
use crate::node::LOCK_TIMEOUT;
use crate::parent::history::{Read, Write};

/// How long after a read the right to compute was asked for at the latest: a node does not
/// ask while it believes that somebody computes, which is no longer than a lease.
const ASKED: Duration = LOCK_TIMEOUT.saturating_add(ALLOWANCE);

/// A value lives from when it was computed. So long before at the most it was read, and at the least
/// another level would add to its life.
const COMPUTED: Duration = Duration::from_millis(700);

/// Of one row, when reads of any node made it known in Redis that it is old.
pub(super) struct Windows {
    /// For each read when it began, and when it or a later one was the first to end.
    asked: Vec<(u64, u64)>,
    /// How long after Redis accepted an invalidation every node knows of it.
    known: u64,
}

impl Windows {
    pub(super) fn of(reads: &[Read], known: u64) -> Self {
        let asking = reads.iter().filter(|read| !read.is_fresh);
        let mut asked: Vec<_> = asking.map(|read| (read.begin, read.end)).collect();
        asked.sort_unstable();
        let mut first = u64::MAX;
        for (_, end) in asked.iter_mut().rev() {
            first = first.min(*end);
            *end = first;
        }
        Self { asked, known }
    }

    /// When a value from before `write` is not served any more on a node where the
    /// invalidation holds `since` then.
    pub(super) fn end(&self, write: &Write, since: u64) -> u64 {
        let begins = match write.mode {
            InvalidationMode::Unsaid => return since + nanos(LIFE + COMPUTED),
            _ if !write.cell.kind().may_be_stale() => return since,
            InvalidationMode::Hard => return since,
            InvalidationMode::SoftEntry => since,
            InvalidationMode::SoftGroup => since.max(self.asked_after(write).unwrap_or_default()),
        };
        begins + nanos(STALE + ALLOWANCE)
    }

    /// When a call that knew of it had asked Redis. Where Redis did not accept it, nobody reads
    /// there what it touches before it is removed.
    fn asked_after(&self, write: &Write) -> Option<u64> {
        let known = elsewhere(write, self.known, 0)?;
        let at = self.asked.partition_point(|(begin, _)| *begin < known);
        // Without a read there is none to judge either.
        let (_, first) = self.asked.get(at)?;
        Some(first + nanos(ASKED))
    }
}
