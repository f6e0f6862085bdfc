//! Troubles between a cache and its store, and the log of operations.

use std::collections::VecDeque;
use std::time::Duration;

use crate::store::key_name::StoreKey;

/// The kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Reads an entry and its versions.
    Read,
    /// Reads versions alone.
    Versions,
    /// Acquires the right to compute.
    Acquire,
    /// Reads and acquires in one round trip.
    ReadOrAcquire,
    /// Stores a value.
    Fill,
    /// Renews a token and its lease.
    Renew,
    /// Releases a lease.
    Release,
    /// Invalidates entries and versions.
    Invalidate,
    /// Sends a hello and a heartbeat. Not logged.
    Heartbeat,
    /// Sends a message alone: an acknowledgement or a goodbye. Not logged.
    Tell,
    /// Marks a write, or extends its mark. Not logged.
    Mark,
    /// Removes marks of writes, without an invalidation. Not logged.
    Unmark,
    /// Hands out marks that were left behind. Not logged.
    Sweep,
}

impl Op {
    /// Returns `true` if a call waits for this kind. Nodes do the others by themselves, all the time,
    /// or beside a write.
    pub(crate) fn is_asked_for(self) -> bool {
        use Op::{Heartbeat, Mark, Sweep, Tell, Unmark};
        !matches!(self, Heartbeat | Tell | Mark | Unmark | Sweep)
    }
}

/// A fault of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no connection, and nothing is sent.
    Unavailable,
    /// The store rejects the operation with this code.
    Rejected(&'static str),
    /// The operation gets lost: there is no answer, and it never runs.
    Lost,
    /// The operation runs, and its answer gets lost.
    AnswerLost,
    /// There is no answer. The operation runs when the test releases it.
    Held,
    /// The operation runs at once, and its answer takes this long.
    Slow(Duration),
    /// The operation runs after this time and is answered then. If that is too late, it is held.
    Late(Duration),
}

/// A logged operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The kind of the operation.
    pub op: Op,
    /// The names that it was about: the entry, or all names that it removes or reads.
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

/// The troubles to come.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    once: VecDeque<(Op, Trouble)>,
    always: Vec<(Op, Trouble)>,
}

impl Troubles {
    pub(crate) fn once(&mut self, op: Op, trouble: Trouble) {
        self.once.push_back((op, trouble));
    }

    pub(crate) fn always(&mut self, op: Op, trouble: Trouble) {
        self.always.push((op, trouble));
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns the trouble of the next operation of this kind.
    pub(crate) fn next(&mut self, op: Op) -> Option<Trouble> {
        let first = self.once.iter().position(|(kind, _)| *kind == op);
        let once = first.and_then(|at| self.once.remove(at));
        let trouble = once.or_else(|| self.always.iter().find(|(kind, _)| *kind == op).copied());
        trouble.map(|(_, trouble)| trouble)
    }
}
