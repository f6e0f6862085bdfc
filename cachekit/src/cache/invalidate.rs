//! Taking entries out of use.

use std::sync::PoisonError;

use super::{Cache, Core};
use crate::fault::Fault;
use crate::function::FnSpec;
use crate::labels::Tag;

impl Core {
    /// After this returns, no call that begins gets a value of `key` whose computation
    /// began before.
    pub(super) fn invalidate_key(&self, key: &[u8]) {
        self.invalidations.bump();
        self.drop_key(key);
    }

    /// The same, for the cache's own purposes: not counted.
    pub(super) fn drop_key(&self, key: &[u8]) {
        self.writes.spoil(key);
        if !self.faults.has(Fault::LeaveFlight) {
            self.flights.ground(key);
        }
        // Last: a flight that stores while this runs is found in the table before, or its
        // entry in memory here.
        self.memory.remove(key);
        for memory in self.own_memories() {
            memory.remove(key);
        }
    }

    pub(super) fn invalidate_tag(&self, tag: &Tag) {
        self.invalidations.bump();
        self.tags.invalidate(tag);
    }

    /// Every entry of the function `spec`.
    pub(super) fn invalidate_function(&self, spec: &'static FnSpec) {
        self.invalidations.bump();
        self.tags.invalidate_epoch(&self.owner(spec).epoch);
    }

    pub(super) fn clear(&self) {
        self.invalidations.bump();
        self.tags.invalidate_epoch(&self.epoch);
        self.memory.clear();
        for memory in self.own_memories() {
            memory.clear();
        }
    }
}

impl Cache {
    /// Removes the entry under `key`, whoever stored it.
    ///
    /// `key` is the text as it stands in the cache, as [`Entry::key`](crate::Entry::key)
    /// gives it: arguments of a template are escaped in it (`docs/keys.md`). Where the
    /// function is at hand, `get_user::entry(id).invalidate()` spells it for you.
    ///
    /// A call that begins after this returned never gets a value whose computation began
    /// before, from memory or from a computation that is still running.
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn invalidate(&self, key: &str) {
        self.core.invalidate_key(key.as_bytes());
    }

    /// Removes every entry that has one of `tags`, in constant time for each tag. Tags are
    /// plain text; arguments stand in them unescaped.
    ///
    /// The promise is that of [`invalidate`](Self::invalidate).
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn invalidate_tags<T: AsRef<str>>(&self, tags: impl IntoIterator<Item = T>) {
        for tag in tags {
            self.core.invalidate_tag(&Tag::of(tag.as_ref()));
        }
    }

    /// Removes every entry that named `event` in its `events`.
    ///
    /// The promise is that of [`invalidate`](Self::invalidate).
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn emit(&self, event: &str) {
        self.core.invalidate_tag(&Tag::event(event));
    }

    /// Removes every entry of the cached function with this name, and says whether there
    /// is one that was called.
    ///
    /// For functions that have no companion: those in a trait's `impl`.
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn invalidate_function(&self, name: &str) -> bool {
        let owners = self
            .core
            .owners
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut found = false;
        for owner in owners.values().filter(|owner| &*owner.name == name) {
            self.core.invalidations.bump();
            self.core.tags.invalidate_epoch(&owner.epoch);
            found = true;
        }
        found
    }

    /// Removes everything.
    ///
    /// The promise is that of [`invalidate`](Self::invalidate).
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn clear(&self) {
        self.core.clear();
    }
}
