//! The store in a test's hands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Fake, Op, Shared, Step, Trouble};
use crate::fault::Faults;
use crate::remote::bulletin::NodeId;
use crate::remote::name::Name;
use crate::remote::{Message, Sink, Store};

/// A store in memory that caches share. Clones are the same store.
///
/// It knows one namespace: all its caches have the same.
#[derive(Clone, Default)]
pub struct FakeStore(Arc<Shared>);

impl fmt::Debug for FakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeStore").finish_non_exhaustive()
    }
}

impl FakeStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The store for one cache.
    pub(crate) fn open(&self, node: NodeId, sink: Sink, faults: Faults) -> Arc<dyn Store> {
        Arc::new(Fake::new(Arc::clone(&self.0), node, sink, faults))
    }

    /// The next operation of this kind meets `trouble`.
    pub fn once(&self, op: Op, trouble: Trouble) {
        self.0.lock().troubles.once(op, trouble);
    }

    /// Every operation of this kind meets `trouble`, until [`heal`](Self::heal).
    pub fn always(&self, op: Op, trouble: Trouble) {
        self.0.lock().troubles.always(op, trouble);
    }

    /// No more troubles. What is held stays held.
    pub fn heal(&self) {
        self.0.lock().troubles.clear();
    }

    /// Cuts every connection, or lets them come back.
    pub fn away(&self, is_away: bool) {
        self.0.lock().is_away = is_away;
        self.0.tell(None, &Message::Up(!is_away));
    }

    /// Loses the messages to those who wait, or does not any more.
    pub fn mute(&self, is_mute: bool) {
        self.0.lock().is_mute = is_mute;
    }

    /// Loses what nodes tell one another and themselves, or does not any more.
    pub fn silence(&self, is_silent: bool) {
        self.0.lock().is_silent = is_silent;
    }

    /// Runs what was held; says how many operations.
    pub fn release(&self) -> usize {
        let held = std::mem::take(&mut self.0.lock().held);
        let count = held.len();
        for step in held {
            self.0.run(step);
        }
        count
    }

    /// How many operations are held.
    pub fn held(&self) -> usize {
        self.0.lock().held.len()
    }

    /// Loses everything.
    pub fn flush(&self) {
        self.0.lock().data.retain(|_| false);
    }

    /// Loses one name, as `k:user:42`.
    pub fn evict(&self, name: &str) {
        self.0.lock().data.remove(&[Name::read(name.as_bytes())]);
    }

    /// Loses every version, and keeps the entries.
    pub fn lose_versions(&self) {
        self.0.lock().data.retain(Name::is_entry);
    }

    /// The names of all that it keeps, in order.
    pub fn names(&self) -> Vec<String> {
        let state = self.0.lock();
        let shown = |name: &Name| String::from_utf8_lossy(name.as_bytes()).into_owned();
        let mut names: Vec<String> = state.data.names().map(shown).collect();
        names.sort();
        names
    }

    /// Whether it keeps something under `name`, as a value or as a token.
    pub fn has(&self, name: &str) -> bool {
        let name = Name::read(name.as_bytes());
        self.0.lock().data.get(&name).is_some()
    }

    /// How much longer it keeps `name`; zero where that is not known.
    pub fn left(&self, name: &str) -> Duration {
        self.0.lock().data.left(&Name::read(name.as_bytes()))
    }

    /// How often it was found to answer something else than it was asked.
    pub fn suspicions(&self) -> usize {
        self.0.lock().suspicions
    }

    /// What was asked since the log was last taken.
    pub fn take_log(&self) -> Vec<Step> {
        std::mem::take(&mut self.0.lock().log)
    }

    /// How often this kind was asked since the log was last taken.
    pub fn count(&self, op: Op) -> usize {
        let state = self.0.lock();
        state.log.iter().filter(|step| step.op == op).count()
    }
}
