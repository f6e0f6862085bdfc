//! Invalidations: their targets, and their effect on this node.

use std::sync::Arc;

use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::core::state::{Cache, Core};
use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::tier::SharedTier;
use crate::model::epoch::Epoch;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;
use crate::store::key_name::StoreKey;
use crate::store::message::text_protocol::CommandTarget;
use crate::store::message::{BusMessage, NodeId};

/// Converts the data of an event, which are pairs of a name and a value, into text.
pub(crate) fn event_data<K: Into<String>, V: ToString>(
    about: impl IntoIterator<Item = (K, V)>,
) -> Vec<(String, String)> {
    about
        .into_iter()
        .map(|(name, value)| (name.into(), value.to_string()))
        .collect()
}

impl Core {
    /// Applies an invalidation of `targets` (entries, tags, events, functions or everything) on
    /// this node. A call that begins after this method has returned gets no value of an invalidated
    /// entry whose computation began before the invalidation, neither from memory nor from a
    /// running computation. After a soft invalidation, the call may get such a value as a stale
    /// value.
    pub(crate) fn apply(&self, targets: &InvalidationTargets) {
        let (mode, now) = (targets.mode, Tick::now(&*self.clock));
        for key in &targets.keys {
            self.invalidate_key(key, mode, now);
        }
        for tag in &targets.tags {
            match mode {
                InvalidationMode::Hard => self.tags.invalidate(tag),
                InvalidationMode::Soft => self.tags.invalidate_softly(tag, now),
            }
        }
        let invalidate_all_of = |epoch: &Epoch| match mode {
            InvalidationMode::Hard => self.tags.invalidate_epoch(epoch),
            InvalidationMode::Soft => self.tags.invalidate_epoch_softly(epoch, now),
        };
        if !targets.functions.is_empty() {
            let owners = self.owners.read();
            let named = owners
                .values()
                .filter(|owner| targets.functions.contains(&owner.name));
            named.for_each(|owner| invalidate_all_of(&owner.epoch));
            drop(owners);
            for name in &targets.functions {
                self.tags.invalidate_function(name, mode, now);
            }
        }
        if targets.everything {
            invalidate_all_of(&self.epoch);
            if mode == InvalidationMode::Hard {
                let owners = self.owners.read();
                owners.values().for_each(|owner| owner.residents.end_all());
                drop(owners);
                self.memories().for_each(|memory| memory.clear());
            }
        }
    }

    /// Sends an acknowledgement to the node `whom`: the node `by`, which is this node, has applied
    /// the invalidation that `whom` numbered `ack`.
    pub(crate) fn send_applied(&self, whom: NodeId, by: NodeId, ack: u64) {
        if let Some(l2) = &self.l2 {
            let store = Arc::clone(&l2.store);
            l2.spawn(async move {
                let applied = BusMessage::Applied { by, ack };
                // If this message is lost, the node that waits for it waits as long as for a node
                // that is gone.
                let _ = store
                    .tell(Some(whom), &applied, SharedTier::background_deadline())
                    .await;
            });
        }
    }

    /// Translates `requests`, sent by another program as lines of text, into the targets of an
    /// invalidation (entries, tags, events, functions or everything). For an event with data, the
    /// targets include the events with arguments of those functions that were called in this
    /// process.
    fn requested_targets(&self, requests: Vec<CommandTarget>) -> InvalidationTargets {
        let mut targets = InvalidationTargets::default();
        for request in requests {
            match request {
                CommandTarget::Key(key) => targets.keys.push(Key::new(key.as_bytes())),
                CommandTarget::Tag(tag) => targets.tags.push(Tag::of(&tag)),
                CommandTarget::Function(name) => targets.functions.push(name.into()),
                CommandTarget::Everything => targets.everything = true,
                CommandTarget::Event(event, about) => {
                    targets.tags.extend(self.event(&event, &about));
                }
            }
        }
        targets
    }

    /// Returns the tag of `event`, and the tags of events with arguments: those that the functions
    /// of this process list for `event`, with their arguments filled in from `about`.
    fn event(&self, event: &str, about: &[(String, String)]) -> Vec<Tag> {
        let mut tags = vec![Tag::event(event)];
        let owners = self.owners.read();
        let events = owners
            .values()
            .flat_map(|owner| owner.events_of(event, about));
        tags.extend(events.map(|event| Tag::event(&event)));
        tags
    }

    /// Returns the targets (events in the store's names, with and without data) that an emission of
    /// `event` invalidates. `about` contains the data of the event, as pairs of name and value.
    pub(crate) fn event_targets(
        &self,
        event: &str,
        about: &[(String, String)],
    ) -> InvalidationTargets {
        InvalidationTargets::tags(self.event(event, about))
    }

    /// Returns `true` if a cached function with the name `name` was called in this process.
    pub(crate) fn knows_function(&self, name: &str) -> bool {
        let owners = self.owners.read();
        owners.values().any(|owner| &*owner.name == name)
    }

    /// Carries out the invalidations `requests`, sent by another program, on this node and in L2.
    pub(crate) fn apply_requests(
        self: &Arc<Self>,
        mode: InvalidationMode,
        requests: Vec<CommandTarget>,
    ) {
        let pending = self.invalidate(self.requested_targets(requests).with_mode(mode));
        if let Some(l2) = &self.l2 {
            l2.spawn(async move {
                pending.accepted().await;
            });
        }
    }

    /// Removes entries from this node's memory, because another node wrote newer values with an
    /// order (`order_by`). Fences the running writes of `keys` without an order, so that these
    /// writes store no value.
    pub(crate) fn apply_written(&self, keys: &[Key]) {
        for key in keys {
            self.writes.superseded_elsewhere(key.as_bytes());
            self.evict_key(key.as_bytes());
            self.invalidate_takers(key, InvalidationMode::Hard);
        }
    }

    /// Invalidates one key on this node: fences its running writes, and removes its entry or makes
    /// the entry stale.
    fn invalidate_key(&self, key: &Key, mode: InvalidationMode, now: Tick) {
        self.writes.fence(key.as_bytes());
        match mode {
            InvalidationMode::Hard => {
                self.evict_key(key.as_bytes());
                self.removed_keys.add(key.as_bytes());
            }
            InvalidationMode::Soft => self.expire_key(key.as_bytes(), now),
        }
        self.invalidate_takers(key, mode);
        if let Some(l2) = &self.l2 {
            // The key's lease ended with its entry, so calls that wait for that lease must ask L2
            // again.
            l2.bus.wake(&StoreKey::entry(key));
        }
    }

    /// Invalidates the entries that were computed from the entry under `key`. The caller must have
    /// removed that entry from memory before, so that every computation that found the entry began
    /// before this invalidation.
    pub(crate) fn invalidate_takers(&self, key: &Key, mode: InvalidationMode) {
        let now = Tick::now(&*self.clock);
        let only_known = removed!(self, EpochOnlyWhereHeld);
        self.tags.invalidate_key(key, mode, now, only_known);
    }

    /// Removes the entry of one key from memory, and retires the key's flight.
    pub(crate) fn evict_key(&self, key: &[u8]) {
        self.retire_flight(key);
        // The memories come last: an entry that a flight stores while this method runs is found
        // either through the table of flights above, or in memory by this loop.
        for memory in self.memories_with_keys() {
            memory.remove(key);
        }
    }

    /// Marks the entry of one key in memory stale, and retires the key's flight. The running
    /// computation or look-up of the flight may end with the value from before the invalidation.
    fn expire_key(&self, key: &[u8], now: Tick) {
        self.retire_flight(key);
        // The memories come last, as in `evict_key`.
        for memory in self.memories_with_keys() {
            if let Some(stored) = memory.get(key) {
                stored.expire(now);
            }
        }
    }

    fn retire_flight(&self, key: &[u8]) {
        if !removed!(self, LeaveFlight) {
            self.flights.retire(key);
        }
    }
}

impl Cache {
    /// Removes the entry under `key`, in memory and Redis, whichever function, region or `put`
    /// stored it.
    ///
    /// `key` is the text of the key as [`Entry::key`](crate::Entry::key) returns it: arguments of a
    /// template are escaped in that text (`docs/keys.md`). If the function is known,
    /// `get_user::entry(id).invalidate()` makes the text for you.
    ///
    /// A call that begins after `invalidate` returned never gets a value whose computation began
    /// before the invalidation, neither from memory nor from a computation that is still running.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after it was polled once, the invalidation takes place all the
    /// same: at once on this node, and in Redis as soon as Redis accepts it.
    pub async fn invalidate(&self, key: &str) {
        self.core
            .invalidate(InvalidationTargets::key(key.as_bytes()))
            .accepted()
            .await;
    }

    /// Removes every entry that has one of `tags`, in constant time for each tag. A tag is plain
    /// text, in which arguments are not escaped.
    ///
    /// This method cannot tell whether any entry had the tag: the method looks at no entry, and
    /// entries with the tag may be in another process. A mistyped tag is therefore not noticed. For
    /// tags that you write by hand, write the text once, as a constant or in a function.
    ///
    /// The guarantee for later calls, and the cancel safety, are those of
    /// [`invalidate`](Self::invalidate).
    pub async fn invalidate_tags<T: AsRef<str>>(&self, tags: impl IntoIterator<Item = T>) {
        let targets = InvalidationTargets::tags(tags.into_iter().map(|tag| Tag::of(tag.as_ref())));
        self.core.invalidate(targets).accepted().await;
    }

    /// Removes every entry whose function lists `event` in its `events`.
    ///
    /// The guarantee for later calls, and the cancel safety, are those of
    /// [`invalidate`](Self::invalidate).
    pub async fn emit(&self, event: &str) {
        self.core
            .invalidate(InvalidationTargets::tags([Tag::event(event)]))
            .accepted()
            .await;
    }

    /// Emits an event with the data `about`, such as an id. Removes the entries whose function
    /// lists `event`, and also the entries whose function lists `event` with arguments that are
    /// equal to `about`, as in `events = ["product.updated {id}"]`.
    ///
    /// This process does not know functions that were not called in it yet. If entries of a
    /// function that was not called yet may be in Redis, call [`emit`](Self::emit) with the whole
    /// text of the event, as the `events` of that function make the text.
    pub async fn emit_about<K: Into<String>, V: ToString>(
        &self,
        event: &str,
        about: impl IntoIterator<Item = (K, V)>,
    ) {
        let targets = self.core.event_targets(event, &event_data(about));
        self.core.invalidate(targets).accepted().await;
    }

    /// Removes every entry of the cached function called `name`, in every process that shares the
    /// Redis. Returns `true` if a function of that name was called in this process.
    ///
    /// Use this method for functions without a companion, which are the functions in a trait's
    /// `impl`.
    pub async fn invalidate_function(&self, name: &str) -> bool {
        let is_known = self.core.knows_function(name);
        self.core
            .invalidate(InvalidationTargets::function(name))
            .accepted()
            .await;
        is_known
    }

    /// Removes every entry of the cache, in every process that shares the Redis.
    ///
    /// The guarantee for later calls, and the cancel safety, are those of
    /// [`invalidate`](Self::invalidate).
    pub async fn clear(&self) {
        self.core
            .invalidate(InvalidationTargets::everything())
            .accepted()
            .await;
    }
}
