//! The controls of the fake store that only tests of the cache itself need: faults of single
//! operations, held messages, lost processes, and the log.

use std::time::Duration;

use crate::store::fake::controls::FakeStore;
use crate::store::fake::traffic::Traffic;
use crate::store::fake::trouble::{Op, Step, Trouble};
use crate::store::key_name::StoreKey;

impl FakeStore {
    /// Applies the fault `trouble` to the next operation of the kind `op`.
    pub fn once(&self, op: Op, trouble: Trouble) {
        self.shared.lock().troubles.once(op, trouble);
    }

    /// Applies the fault `trouble` to every operation of the kind `op`, until [`heal`](Self::heal)
    /// is called.
    pub fn always(&self, op: Op, trouble: Trouble) {
        self.shared.lock().troubles.always(op, trouble);
    }

    /// Starts or stops the loss of the messages that wake waiters for a lease.
    pub fn mute(&self, is_mute: bool) {
        self.shared.lock().is_mute = is_mute;
    }

    /// Starts or stops the loss of the messages that nodes send to each other and to themselves.
    pub fn silence(&self, is_silent: bool) {
        self.shared.lock().is_silent = is_silent;
    }

    /// Sets whether the server says that a restart loses its data.
    pub fn be_volatile(&self, is_volatile: bool) {
        self.shared.lock().is_volatile = is_volatile;
    }

    /// Begins to count the messages that arrive. From now on, messages are encoded and decoded, as
    /// with Redis.
    pub fn count_messages(&self) {
        self.shared.lock().traffic = Some(Traffic::default());
    }

    /// Returns the messages since [`count_messages`](Self::count_messages).
    pub fn traffic(&self) -> Traffic {
        self.shared.lock().traffic.unwrap_or_default()
    }

    /// Holds the messages to the cache that opened the store as the `number`th, counted from zero.
    /// The held messages arrive only when the test calls [`deliver`](Self::deliver).
    pub fn hold_messages(&self, number: usize) {
        self.listener(number, |listener| listener.on_their_way = Some([].into()));
    }

    /// Delivers the next held message to the cache `number`. Returns `true` if a message was held.
    pub fn deliver(&self, number: usize) -> bool {
        let next = self.listener(number, |listener| {
            let message = listener.on_their_way.as_mut()?.pop_front()?;
            Some((listener.sink.upgrade()?, message))
        });
        let Some((sink, message)) = next.flatten() else {
            return false;
        };
        sink(message);
        true
    }

    /// Delivers all held messages to the cache `number`. Later messages to that cache arrive at
    /// once.
    pub fn deliver_all(&self, number: usize) {
        while self.deliver(number) {}
        self.listener(number, |listener| listener.on_their_way = None);
    }

    /// Ends a cache as the loss of its host does: nothing that it sends from now on arrives, and the
    /// server does not notice.
    pub fn lose_host(&self, number: usize) {
        self.shared.lock().dead.insert(number);
    }

    /// Ends a cache as the death of its process does: nothing that it sends from now on arrives, and
    /// nobody listens on its channel.
    pub fn kill(&self, number: usize) {
        self.lose_host(number);
        self.cut(number);
    }

    /// Returns the number of marks of open writes.
    pub fn marks(&self) -> usize {
        self.shared.lock().data.marks.len()
    }

    /// Runs the operations that were held back, and returns their number.
    pub fn release(&self) -> usize {
        let held = std::mem::take(&mut self.shared.lock().held);
        let count = held.len();
        for step in held {
            self.shared.run(step);
        }
        count
    }

    /// Returns the number of operations that are held back.
    pub fn held(&self) -> usize {
        self.shared.lock().held.len()
    }

    /// Removes all entries and versions from the store.
    pub fn flush(&self) {
        let mut state = self.shared.lock();
        state.data.retain(|_| false);
        state.data.marks.clear();
    }

    /// Removes the entry or version with the given name, such as `k:user:42`, from the store.
    pub fn evict(&self, name: &str) {
        self.shared
            .lock()
            .data
            .remove(&[StoreKey::read(name.as_bytes())]);
    }

    /// Removes every version from the store, and keeps the entries.
    pub fn lose_versions(&self) {
        self.shared.lock().data.retain(StoreKey::is_entry);
    }

    /// Returns the names of all entries and versions in the store, sorted.
    pub fn names(&self) -> Vec<String> {
        let state = self.shared.lock();
        let shown = |name: &StoreKey| String::from_utf8_lossy(name.as_bytes()).into_owned();
        let mut names: Vec<String> = state.data.names().map(shown).collect();
        names.sort();
        names
    }

    /// Returns `true` if the store has an entry, a token or a version under `name`.
    pub fn has(&self, name: &str) -> bool {
        let name = StoreKey::read(name.as_bytes());
        self.shared.lock().data.get(&name).is_some()
    }

    /// Returns the remaining lifetime in the store of the entry or version `name`. Returns zero if
    /// no lifetime is known.
    pub fn left(&self, name: &str) -> Duration {
        self.shared
            .lock()
            .data
            .left(&StoreKey::read(name.as_bytes()))
    }

    /// Returns the number of times that a cache reported an answer that belonged to another
    /// command.
    pub fn suspicions(&self) -> usize {
        self.shared.lock().suspicions
    }

    /// Returns the operations that caches sent since the log was last taken, and clears the log.
    pub fn take_log(&self) -> Vec<Step> {
        std::mem::take(&mut self.shared.lock().log)
    }

    /// Returns the number of operations of the kind `op` since the log was last taken.
    pub fn count(&self, op: Op) -> usize {
        let state = self.shared.lock();
        state.log.iter().filter(|step| step.op == op).count()
    }
}
