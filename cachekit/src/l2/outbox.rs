//! The outbox: invalidations that the store (L2) has not accepted yet.
//!
//! A removal that fails is kept in the outbox until the store accepts the removal. Meanwhile this
//! node does not use the store for the entries that the removal concerns: a single entry, or, for a
//! tag, a function or everything, all entries. Removals may be repeated and may run late, so
//! sending a removal again is always correct. If too many names wait, one removal of everything
//! replaces the names, and none is lost.

pub(crate) mod recent;

use std::io;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use foldhash::quality::RandomState;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::base::sync::{Mutex, MutexGuard};
use crate::base::trace;
use crate::l2::outbox::recent::Recent;
use crate::l2::outbox_file::{MAX_NAMES, OutboxFile};
use crate::store::key_name::StoreKey;
use crate::store::write_mark::WriteMark;

/// The largest number of marks that wait in the outbox for their removal. Further marks stay in the
/// store until their time is over, and then cost misses.
const MAX_MARKS: usize = 10_000;

/// The largest number of names that one invalidation from the outbox sends to the store.
const BATCH: usize = 1_000;

type HashSet<T> = std::collections::HashSet<T, RandomState>;

const NOTHING: u8 = 0;
/// The state of an outbox in which only names of entries wait, and no name of a tag, a function, a
/// guard (the version of all tags with one prefix) or everything.
const ENTRIES: u8 = 1;
/// The state of an outbox with an invalidation of a tag, a function, a guard (the version of all
/// tags with one prefix) or everything. Any entry may depend on these names.
const SHARED_NAMES: u8 = 2;

/// The invalidations that a node still has to send to the store (L2).
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    /// The kind of the names that wait in the outbox: [`NOTHING`], [`ENTRIES`] or [`SHARED_NAMES`].
    /// Every call that missed in memory reads this state without the lock.
    state: AtomicU8,
    filled: Notify,
    /// Wakes the recovery task from its pause, so that the task sends the waiting names at once.
    again: Notify,
    recent: Mutex<Recent>,
    /// Number of names that waited when the store was reachable again, until the store has accepted
    /// them.
    waited: AtomicUsize,
    /// The file that keeps invalidations over a restart of the process. Always locked before
    /// `queue`.
    file: Option<Mutex<OutboxFile>>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: HashSet<StoreKey>,
    /// The names of tags, functions, guards (versions of all tags with one prefix) and everything
    /// that wait in the outbox to be sent.
    shared_names: HashSet<StoreKey>,
    /// `true` after too many names waited in the outbox. A single removal of everything replaces
    /// the names that waited, and also the names that are added until that removal is sent.
    is_everything: bool,
    /// The names that are being sent to the store, until the store has accepted their invalidation.
    sending: HashSet<StoreKey>,
    /// `true` if the names in `sending` are not names of entries but of tags, functions, guards
    /// (versions of all tags with one prefix) or everything, so that any entry may depend on them.
    sends_shared_names: bool,
    /// Those names that wait only because they are sent again. Their acceptance does not make them
    /// recent once more, because names would never be forgotten if connections are often lost.
    resent: HashSet<StoreKey>,
    /// The marks of the writes whose names wait. The marks are removed from the store when no name
    /// waits any more.
    ended: Vec<WriteMark>,
}

impl Queue {
    fn add(&mut self, name: StoreKey) {
        let is_entry = name.is_entry();
        let names = if is_entry {
            &mut self.entries
        } else {
            &mut self.shared_names
        };
        names.insert(name);
    }

    /// Adds a name that the store accepted a while ago.
    fn add_again(&mut self, name: StoreKey) {
        let waits = [&self.entries, &self.shared_names, &self.sending];
        if waits.iter().all(|names| !names.contains(&name)) {
            self.resent.insert(name.clone());
        }
        self.add(name);
    }

    fn len(&self) -> usize {
        self.entries.len() + self.shared_names.len() + self.sending.len()
    }

    fn state(&self) -> u8 {
        if !self.shared_names.is_empty() || (self.sends_shared_names && !self.sending.is_empty()) {
            SHARED_NAMES
        } else if self.entries.is_empty() && self.sending.is_empty() {
            NOTHING
        } else {
            ENTRIES
        }
    }
}

impl Outbox {
    /// Creates an outbox that keeps its names in `file`. `left` are the names that are in the file
    /// already: an earlier process ended before the store had accepted their invalidation.
    pub(crate) fn with_file(file: OutboxFile, left: Vec<StoreKey>) -> Self {
        let outbox = Self {
            file: Some(Mutex::new(file)),
            ..Self::default()
        };
        outbox.add(left);
        outbox
    }

    /// Adds `names` of an invalidation as [`add`](Self::add) does. If the outbox has a file, the
    /// names are in the file when this method returns.
    pub(crate) fn add_recorded(&self, names: Vec<StoreKey>, ended: Vec<WriteMark>) {
        let mut file = self.file.as_ref().map(Mutex::lock);
        let recorded = file.as_mut().map(|file| file.record(&names));
        // The file stays locked until the names are in the queue. Otherwise, the file could be
        // cleared before that.
        let overflows = self.insert(names, ended, false);
        drop(file);
        report(recorded);
        if overflows {
            trace::outbox_overflowed();
        }
    }

    /// Returns `true` if no invalidation waits: the store has accepted all of them.
    pub(crate) fn is_clear(&self) -> bool {
        self.state.load(Ordering::SeqCst) == NOTHING
    }

    /// Returns `true` if a call must not use the store for any entry, because an invalidation of a
    /// tag, a function or everything waits.
    pub(crate) fn blocks_all(&self) -> bool {
        self.state.load(Ordering::SeqCst) == SHARED_NAMES
    }

    /// Returns `true` if a call must not use the store for `entry`, because an invalidation that
    /// may concern the entry waits.
    pub(crate) fn blocks(&self, entry: &StoreKey) -> bool {
        match self.state.load(Ordering::SeqCst) {
            NOTHING => false,
            ENTRIES => {
                let queue = self.lock();
                queue.entries.contains(entry) || queue.sending.contains(entry)
            }
            _ => true,
        }
    }

    /// Adds `names` to the outbox. The names stay there until the store accepts their invalidation,
    /// or the process ends.
    pub(crate) fn add(&self, names: impl IntoIterator<Item = StoreKey>) {
        if self.insert(names, vec![], false) {
            trace::outbox_overflowed();
        }
    }

    /// Adds `names`, the invalidated names that are still to be sent to the store, to the outbox.
    /// `ended` are the marks in the store of the writes that made these invalidations. The marks
    /// are removed from the store only after the store has accepted the names. Returns `true` if
    /// the outbox had too many names, so that one invalidation of everything now replaces all of
    /// them.
    fn insert(
        &self,
        names: impl IntoIterator<Item = StoreKey>,
        mut ended: Vec<WriteMark>,
        is_again: bool,
    ) -> bool {
        let mut overflows = false;
        let mut queue = self.lock();
        ended.truncate(MAX_MARKS.saturating_sub(queue.ended.len()));
        queue.ended.append(&mut ended);
        if !queue.is_everything {
            for name in names {
                if is_again {
                    queue.add_again(name);
                } else {
                    queue.resent.remove(&name);
                    queue.add(name);
                }
            }
        }
        if queue.entries.len() + queue.shared_names.len() > MAX_NAMES {
            queue.entries.clear();
            queue.resent.clear();
            queue.shared_names = HashSet::from_iter([StoreKey::everything()]);
            queue.is_everything = true;
            overflows = true;
        }
        let state = queue.state();
        self.state.store(state, Ordering::SeqCst);
        drop(queue);
        if state != NOTHING {
            self.filled.notify_one();
        }
        overflows
    }

    /// Waits until the outbox has at least one name to send.
    pub(crate) async fn filled(&self) {
        while self.is_clear() {
            self.filled.notified().await;
        }
    }

    /// Returns the names to send to the store next: the last batch if it was neither accepted nor
    /// given back, or else a new batch. A new batch has the names for which `reaches` is `true`, or
    /// any names if there are none. It contains names that block all entries before it contains names
    /// of single entries.
    pub(crate) fn next(&self, reaches: impl Fn(&StoreKey) -> bool) -> Vec<StoreKey> {
        let mut queue = self.lock();
        if queue.sending.is_empty() {
            let Queue {
                entries,
                shared_names,
                ..
            } = &mut *queue;
            let is_shared_reached = shared_names.iter().any(&reaches);
            let is_reached = is_shared_reached || entries.iter().any(&reaches);
            let sends_shared_names = is_shared_reached || (!is_reached && !shared_names.is_empty());
            let names = if sends_shared_names {
                shared_names
            } else {
                entries
            };
            let chosen = names.iter().filter(|name| !is_reached || reaches(name));
            let batch: HashSet<StoreKey> = chosen.take(BATCH).cloned().collect();
            names.retain(|name| !batch.contains(name));
            queue.sending = batch;
            queue.sends_shared_names = sends_shared_names;
            // A removal of everything that is being sent does not cover names that are added from
            // now on.
            queue.is_everything = false;
        }
        queue.sending.iter().cloned().collect()
    }

    /// Gives back the names that [`next`](Self::next) returned last, because the store did not accept
    /// them. They wait with the others, so that names of a server that is away hold up no others.
    pub(crate) fn give_back(&self) {
        let mut queue = self.lock();
        let names = std::mem::take(&mut queue.sending);
        // A removal of everything covers them.
        if !queue.is_everything {
            for name in names {
                queue.add(name);
            }
        }
        self.state.store(queue.state(), Ordering::SeqCst);
    }

    /// Records that the store accepted the names that [`next`](Self::next) returned last, and
    /// remembers them for a minute. Names that were added since that call still wait.
    pub(crate) fn accepted(&self) {
        let mut file = self.file.as_ref().map(Mutex::lock);
        let mut queue = self.lock();
        let mut accepted = std::mem::take(&mut queue.sending);
        accepted.retain(|name| !queue.resent.remove(name));
        let state = queue.state();
        self.state.store(state, Ordering::SeqCst);
        drop(queue);
        if !accepted.is_empty() {
            self.remember(accepted.into_iter().collect());
        }
        let mut file = file.take_if(|_| state == NOTHING);
        let cleared = file.as_mut().map(|file| file.clear());
        drop(file);
        report(cleared);
    }

    /// Takes the marks of writes whose names the store has accepted. Returns no mark while any name
    /// waits.
    pub(crate) fn take_ended(&self) -> Vec<WriteMark> {
        let mut queue = self.lock();
        if queue.state() == NOTHING {
            std::mem::take(&mut queue.ended)
        } else {
            vec![]
        }
    }

    /// Remembers accepted names for a minute. A server that comes back with an older data set, or
    /// is replaced by a server that never received the names, must receive them again.
    pub(crate) fn remember(&self, names: Vec<StoreKey>) {
        let mut recent = self.recent.lock();
        let now = Instant::now();
        recent.retain_from(now);
        recent.add(now, names);
    }

    /// Adds the recently accepted names to the outbox again, and wakes the recovery task. The bus
    /// client calls this when the store is reachable again.
    pub(crate) fn resend_recent(&self) {
        self.waited.fetch_max(self.len(), Ordering::Relaxed);
        let recent = {
            let mut recent = self.recent.lock();
            recent.retain_from(Instant::now());
            recent.names()
        };
        if self.insert(recent, vec![], true) {
            trace::outbox_overflowed();
        }
        self.again.notify_one();
    }

    /// Takes the number of names that waited when the store was reachable again, if the store has
    /// accepted them by now. Returns zero otherwise.
    pub(crate) fn take_waited(&self) -> usize {
        if self.is_clear() {
            self.waited.swap(0, Ordering::Relaxed)
        } else {
            0
        }
    }

    /// Waits until the recently accepted names must be sent again, which is when
    /// [`resend_recent`](Self::resend_recent) is called.
    pub(crate) async fn retried(&self) {
        self.again.notified().await;
    }

    /// Returns the number of names that wait in the outbox.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock()
    }
}

/// Reports a failed use of the file to the log, after the locks were released.
fn report(used: Option<io::Result<()>>) {
    if let Some(Err(error)) = used {
        trace::outbox_file_failed(&error.to_string());
    }
}

#[cfg(test)]
mod tests;
