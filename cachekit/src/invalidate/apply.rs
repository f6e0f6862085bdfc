//! Invalidations, as they take effect on this node and reach the others.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::fault::{Point, removed};
use crate::core::state::{Cache, Core};
use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::tier::SharedTier;
use crate::model::epoch::Epoch;
use crate::model::event_template::render;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;
use crate::store::key_name::StoreKey;
use crate::store::message::text_protocol::CommandTarget;
use crate::store::message::{BusMessage, NodeId};

/// An invalidation that took effect on this node and has to reach the others. If it is dropped
/// before it did, it is sent later.
#[derive(Debug)]
#[must_use]
pub(crate) struct PendingInvalidation {
    core: Arc<Core>,
    targets: Option<InvalidationTargets>,
    ack: Option<Ack>,
}

/// The wait until every process has applied an invalidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ack {
    /// Waits for at most this long.
    Within(Duration),
    /// Waits until it is certain.
    Certain,
}

/// Collects the names and values that an event is about.
pub(crate) fn event_data<K: Into<String>, V: ToString>(
    about: impl IntoIterator<Item = (K, V)>,
) -> Vec<(String, String)> {
    about
        .into_iter()
        .map(|(name, value)| (name.into(), value.to_string()))
        .collect()
}

impl Core {
    /// Invalidates `targets` on this node.
    pub(crate) fn invalidate(
        self: &Arc<Self>,
        targets: InvalidationTargets,
    ) -> PendingInvalidation {
        for _ in 0..targets.len() {
            self.invalidations.bump();
        }
        self.invalidate_uncounted(targets)
    }

    /// Invalidates `targets` on this node for the cache's own purposes: the statistics do not count
    /// it.
    pub(crate) fn invalidate_uncounted(
        self: &Arc<Self>,
        targets: InvalidationTargets,
    ) -> PendingInvalidation {
        self.apply(&targets);
        let is_sent = self.l2.is_none() || targets.is_empty();
        PendingInvalidation {
            core: Arc::clone(self),
            targets: (!is_sent).then_some(targets),
            ack: None,
        }
    }

    /// Applies an invalidation on this node. After this returns, no call that begins gets a value
    /// of its targets whose computation began before, from memory or from a computation that is
    /// running. After a soft invalidation, such a call gets that value only as a stale one.
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
        }
        if targets.everything {
            invalidate_all_of(&self.epoch);
            if mode == InvalidationMode::Hard {
                self.memories().for_each(|memory| memory.clear());
            }
        }
    }

    /// Notifies the node that invalidated that this one has applied the invalidation.
    pub(crate) fn send_applied(&self, whom: NodeId, by: NodeId, ack: u64) {
        if let Some(l2) = &self.l2 {
            let store = Arc::clone(&l2.store);
            l2.spawn(async move {
                let applied = BusMessage::Applied { by, ack };
                // A node that does not receive it waits as long as for a node that is gone.
                let _ = store
                    .tell(Some(whom), &applied, SharedTier::background_deadline())
                    .await;
            });
        }
    }

    /// Translates `requests` into targets, for the functions of this process.
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

    /// Returns the tag of the event, and those of the events that functions made of it with their
    /// arguments.
    fn event(&self, event: &str, about: &[(String, String)]) -> Vec<Tag> {
        let mut tags = vec![Tag::event(event)];
        let owners = self.owners.read();
        let templates = owners.values().flat_map(|owner| owner.events);
        let render = templates.filter_map(|template| render(template, event, about));
        tags.extend(render.map(|event| Tag::event(&event)));
        tags
    }

    /// Returns the targets of an event with data.
    pub(crate) fn event_targets(
        &self,
        event: &str,
        about: &[(String, String)],
    ) -> InvalidationTargets {
        InvalidationTargets::tags(self.event(event, about))
    }

    /// Returns `true` if a function of that name was called in this process.
    pub(crate) fn knows_function(&self, name: &str) -> bool {
        let owners = self.owners.read();
        owners.values().any(|owner| &*owner.name == name)
    }

    /// Carries out the requests of another program, on this node and in L2.
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

    /// Removes entries that another node wrote with an order. Running writes without an order are
    /// fenced.
    pub(crate) fn apply_written(&self, keys: &[Key]) {
        for key in keys {
            self.writes.superseded_elsewhere(key.as_bytes());
            self.evict_key(key.as_bytes());
        }
    }

    /// Invalidates one key on this node.
    fn invalidate_key(&self, key: &Key, mode: InvalidationMode, now: Tick) {
        self.writes.fence(key.as_bytes());
        match mode {
            InvalidationMode::Hard => self.evict_key(key.as_bytes()),
            InvalidationMode::Soft => self.expire_key(key.as_bytes(), now),
        }
        if let Some(l2) = &self.l2 {
            // The key's lease ended with its entry: waiters for that lease ask again.
            l2.bus.lease_waiters.wake(&StoreKey::entry(key));
        }
    }

    /// Removes the entry of one key from memory, and retires its flight.
    pub(crate) fn evict_key(&self, key: &[u8]) {
        self.retire_flight(key);
        // Last: a flight that stores while this runs is found in the table before, or its entry is
        // found in memory here.
        for memory in self.memories_with_keys() {
            memory.remove(key);
        }
    }

    /// Marks the entry of one key in memory stale, and retires its flight: a running computation or
    /// look-up may or may not give the value from before.
    fn expire_key(&self, key: &[u8], now: Tick) {
        self.retire_flight(key);
        // Last, as above.
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

impl PendingInvalidation {
    /// Waits until Redis has accepted the invalidation, or has not in time. In the latter case the
    /// invalidation is sent later, and this node does not use Redis until it was accepted.
    ///
    /// With an acknowledgement, returns `true` if it is certain that no process serves anything
    /// from before.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the invalidation is sent later.
    pub(crate) async fn accepted(mut self) -> bool {
        let Some(targets) = &self.targets else {
            return true;
        };
        let mut certain = true;
        if let Some(l2) = &self.core.l2 {
            self.core.faults.at(Point::BeforeRemoval);
            match self.ack {
                None => l2.invalidate(targets.names(), targets.mode).await,
                Some(ack) => {
                    let within = match ack {
                        Ack::Certain => None,
                        Ack::Within(within) => Some(within),
                    };
                    let (names, mode) = (targets.names(), targets.mode);
                    certain = l2.invalidate_everywhere(names, mode, within).await;
                }
            }
        }
        // Again: in between, a call may have read from L2 an entry that was still there.
        if !removed!(self.core, NoSecondBump) {
            self.core.apply(targets);
        }
        self.targets = None;
        certain
    }

    /// Sets the acknowledgement to wait for.
    pub(crate) fn with_ack(mut self, ack: Option<Ack>) -> Self {
        self.ack = ack;
        self
    }
}

impl Drop for PendingInvalidation {
    fn drop(&mut self) {
        if let (Some(targets), Some(l2)) = (self.targets.take(), &self.core.l2) {
            l2.bus.outbox.add(targets.names());
            // Voids what was read from L2 until here. From here on L2 is not read.
            self.core.apply(&targets);
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
    ///
    /// # Cancel safety
    ///
    /// Dropped after it was polled once, it takes place all the same: at once on this node,
    /// and in Redis as soon as that can be told.
    pub async fn invalidate(&self, key: &str) {
        self.core
            .invalidate(InvalidationTargets::key(key.as_bytes()))
            .accepted()
            .await;
    }

    /// Removes every entry that has one of `tags`, in constant time for each tag. Tags are
    /// plain text; arguments stand in them unescaped.
    ///
    /// It cannot say whether an entry had the tag: no entry is looked at, here or in Redis, and another
    /// process may have them. So a tag that is mistyped is not noticed; write a tag's text once, as a constant or
    /// in a function, for those that are written by hand.
    ///
    /// The promise, and cancel safety, are those of [`invalidate`](Self::invalidate).
    pub async fn invalidate_tags<T: AsRef<str>>(&self, tags: impl IntoIterator<Item = T>) {
        let targets = InvalidationTargets::tags(tags.into_iter().map(|tag| Tag::of(tag.as_ref())));
        self.core.invalidate(targets).accepted().await;
    }

    /// Removes every entry that named `event` in its `events`.
    ///
    /// The promise, and cancel safety, are those of [`invalidate`](Self::invalidate).
    pub async fn emit(&self, event: &str) {
        self.core
            .invalidate(InvalidationTargets::tags([Tag::event(event)]))
            .accepted()
            .await;
    }

    /// [`emit`](Self::emit) for an event that is about something: also removes every entry
    /// whose function named `event` with arguments that are these, as in
    /// `events = ["product.updated {id}"]`.
    ///
    /// Functions that were not called in this process yet are not known here; where their
    /// entries may be in Redis, emit the event as they write it.
    pub async fn emit_about<K: Into<String>, V: ToString>(
        &self,
        event: &str,
        about: impl IntoIterator<Item = (K, V)>,
    ) {
        let targets = self.core.event_targets(event, &event_data(about));
        self.core.invalidate(targets).accepted().await;
    }

    /// Removes every entry of the cached function with this name, in every process that
    /// shares the Redis; says whether one of that name was called in this process.
    ///
    /// For functions that have no companion: those in a trait's `impl`.
    pub async fn invalidate_function(&self, name: &str) -> bool {
        let is_known = self.core.knows_function(name);
        self.core
            .invalidate(InvalidationTargets::function(name))
            .accepted()
            .await;
        is_known
    }

    /// Removes everything.
    ///
    /// The promise, and cancel safety, are those of [`invalidate`](Self::invalidate).
    pub async fn clear(&self) {
        self.core
            .invalidate(InvalidationTargets::everything())
            .accepted()
            .await;
    }
}
