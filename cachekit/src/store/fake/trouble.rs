//! Faults between a cache and its fake store, and the log of operations.

use std::collections::VecDeque;
use std::time::Duration;

use crate::store::key_name::StoreKey;

/// The kind of an operation on the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Reads an entry and the versions that it depends on.
    Read,
    /// Reads versions, and no entry.
    Versions,
    /// Reads versions, and makes those that are missing.
    EnsureVersions,
    /// Acquires the right to compute.
    Acquire,
    /// Reads an entry and acquires the right to compute it, in one round trip.
    ReadOrAcquire,
    /// Stores a value in an entry.
    Fill,
    /// Renews a fencing token and its lease.
    Renew,
    /// Releases the lease of an entry.
    Release,
    /// Invalidates entries and versions in the store.
    Invalidate,
    /// Stores a list of hottest keys.
    Remember,
    /// Sends a hello and a heartbeat. The fake store's log does not contain this operation.
    Heartbeat,
    /// Sends an acknowledgement or a goodbye. The fake store's log does not contain this operation.
    Tell,
    /// Marks a write, or extends its mark. The fake store's log does not contain this operation.
    Mark,
    /// Removes marks of writes, without an invalidation. The fake store's log does not contain this
    /// operation.
    Unmark,
    /// Hands out marks that were left behind. The fake store's log does not contain this operation.
    Sweep,
}

impl Op {
    /// Returns `true` if a call waits for operations of this kind. Nodes make the other operations
    /// by themselves, or beside a write, and the log does not contain them.
    pub(crate) fn is_asked_for(self) -> bool {
        use Op::{Heartbeat, Mark, Sweep, Tell, Unmark};
        !matches!(self, Heartbeat | Tell | Mark | Unmark | Sweep)
    }
}

/// A fault of an operation on the fake store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The cache has no connection to the store, and the operation is not sent.
    Unavailable,
    /// The store rejects the operation with this error code.
    Rejected(&'static str),
    /// The operation is lost on its way to the store: the operation never runs, and no answer
    /// comes.
    Lost,
    /// The operation runs in the store, and its answer is lost.
    AnswerLost,
    /// The operation is held back and gets no answer. The operation runs when the test releases it.
    Held,
    /// The operation runs in the store at once, and its answer arrives after this time.
    Slow(Duration),
    /// The operation runs in the store after this time and is then answered. If the caller no
    /// longer waits by that time, the operation is held back.
    Late(Duration),
}

/// An operation on the fake store, as the log records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The kind of the logged operation.
    pub op: Op,
    /// The names that the operation concerned: the entry, or all names that the operation removes
    /// or reads.
    pub names: Vec<String>,
}

impl Step {
    pub(crate) fn new(op: Op, names: &[StoreKey]) -> Self {
        let shown = |name: &StoreKey| String::from_utf8_lossy(name.as_bytes()).into_owned();
        Self {
            op,
            names: names.iter().map(shown).collect(),
        }
    }
}

/// The faults that a test set for future operations.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    once: VecDeque<(Op, Trouble)>,
    always: Vec<(Op, Trouble)>,
    /// Delay of the answers of all operations that have no other fault.
    delay: Option<Duration>,
}

impl Troubles {
    pub(crate) fn once(&mut self, op: Op, trouble: Trouble) {
        self.once.push_back((op, trouble));
    }

    pub(crate) fn always(&mut self, op: Op, trouble: Trouble) {
        self.always.push((op, trouble));
    }

    /// Delays the answers of all operations that have no other fault.
    pub(crate) fn slow_down(&mut self, delay: Duration) {
        self.delay = Some(delay);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns the fault of the next operation of the kind `op`.
    pub(crate) fn next(&mut self, op: Op) -> Option<Trouble> {
        let first = self.once.iter().position(|(kind, _)| *kind == op);
        let once = first.and_then(|at| self.once.remove(at));
        let trouble = once.or_else(|| self.always.iter().find(|(kind, _)| *kind == op).copied());
        let chosen = trouble.map(|(_, trouble)| trouble);
        chosen.or_else(|| self.delay.map(Trouble::Slow))
    }
}
