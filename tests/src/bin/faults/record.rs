//! The record of every call and every write.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a call was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A row that many ask for.
    Shared,
    /// A row that one caller asks for.
    Own,
    /// A key that nobody asked for before, nor will.
    Fresh,
}

/// A call that returned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) node: usize,
    pub(crate) kind: Kind,
    pub(crate) row: u64,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    /// How long the function ran inside of it; zero: it did not.
    pub(crate) spent: u64,
    /// `None`: a value that is not the row's.
    pub(crate) version: Option<u64>,
}

/// An answer to a call for a key of one master's slots in a cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) node: usize,
    /// The number of the called key among [`probes`](crate::masters::Masters::probes).
    pub(crate) place: usize,
    pub(crate) time: u64,
    pub(crate) is_from_redis: bool,
}

/// One row's version, whose past was invalidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) node: usize,
    pub(crate) row: u64,
    pub(crate) version: u64,
    pub(crate) began: u64,
    pub(crate) returned: u64,
    /// When Redis had accepted it at the latest.
    pub(crate) accepted: Option<u64>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Record {
    calls: Mutex<Vec<Call>>,
    writes: Mutex<Vec<Write>>,
    probes: Mutex<Vec<Probe>>,
    /// Tasks that ended in a way that no call should.
    failures: Mutex<Vec<String>>,
}

impl Record {
    pub(crate) fn call(&self, call: Call) {
        lock(&self.calls).push(call);
    }

    pub(crate) fn writes(&self, writes: impl IntoIterator<Item = Write>) {
        lock(&self.writes).extend(writes);
    }

    pub(crate) fn probe(&self, probe: Probe) {
        lock(&self.probes).push(probe);
    }

    /// The answers to the calls of `node` for the key at `place`, in order.
    pub(crate) fn probes(&self, node: usize, place: usize) -> Vec<Probe> {
        let probes = lock(&self.probes);
        let its = |it: &&Probe| (it.node, it.place) == (node, place);
        probes.iter().filter(its).copied().collect()
    }

    pub(crate) fn failure(&self, failure: String) {
        lock(&self.failures).push(failure);
    }

    /// How many writes are there: those that come later have higher numbers.
    pub(crate) fn written(&self) -> usize {
        lock(&self.writes).len()
    }

    /// Redis has accepted all that `node` wrote among the first `count`.
    pub(crate) fn accepted(&self, node: usize, count: usize, from: usize, time: u64) {
        let mut writes = lock(&self.writes);
        for write in writes[from..count].iter_mut().filter(|it| it.node == node) {
            write.accepted.get_or_insert(time);
        }
    }

    /// The newest version of `row` that `node` wrote.
    pub(crate) fn newest(&self, node: usize, row: u64) -> u64 {
        let writes = lock(&self.writes);
        let own = writes.iter().filter(|it| it.node == node && it.row == row);
        own.map(|write| write.version).max().unwrap_or_default()
    }

    /// Everything so far.
    pub(crate) fn all(&self) -> (Vec<Call>, Vec<Write>, Vec<String>) {
        let calls = lock(&self.calls).clone();
        let writes = lock(&self.writes).clone();
        (calls, writes, lock(&self.failures).clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
