//! What can go wrong between a cache and its store, and what was asked.

use std::collections::VecDeque;
use std::time::Duration;

use crate::store::key_name::StoreKey;

/// The kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// The entry and its versions.
    Read,
    /// Versions alone.
    Versions,
    /// The right to compute.
    Acquire,
    /// Both in one.
    ReadOrAcquire,
    /// Storing a value.
    Fill,
    /// Going on to compute.
    Renew,
    /// Giving the lease back.
    Release,
    /// Taking entries and versions out of use.
    Invalidate,
    /// A hello and an echo. Not written down.
    Heartbeat,
    /// A message alone: that an invalidation was applied, or a goodbye. Not written down.
    Tell,
}

impl Op {
    /// Nodes do the others by themselves, all the time.
    pub(crate) fn is_asked_for(self) -> bool {
        !matches!(self, Self::Heartbeat | Self::Tell)
    }
}

/// What happens to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no connection, and nothing is sent.
    Unavailable,
    /// The store says no, with this code.
    Rejected(&'static str),
    /// It gets lost on its way: no answer, and it never runs.
    Lost,
    /// It runs, and its answer gets lost.
    AnswerLost,
    /// No answer; it runs when the test releases it.
    Held,
    /// It runs at once, and its answer takes so long.
    Slow(Duration),
    /// It runs after so long, and is answered then. Without an answer in time it is held.
    Late(Duration),
}

/// One operation that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its kind.
    pub op: Op,
    /// What it was about: the entry, or all names that it removes or asks for.
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

    /// What happens to the next operation of this kind.
    pub(crate) fn next(&mut self, op: Op) -> Option<Trouble> {
        let first = self.once.iter().position(|(kind, _)| *kind == op);
        let once = first.and_then(|at| self.once.remove(at));
        let trouble = once.or_else(|| self.always.iter().find(|(kind, _)| *kind == op).copied());
        trouble.map(|(_, trouble)| trouble)
    }
}
