//! The invalidation of an annotated function that writes: its targets (entries, tags, events,
//! functions), and its moment relative to the body of the function.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::core::entry_key::Target;
use crate::core::state::{Cache, Core};
use crate::invalidate::pending_invalidation::{Ack, PendingInvalidation};
use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::open_writes::open_write::OpenWrite;
use crate::model::function_spec::FnSpec;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;
use crate::store::key_name::StoreKey;

/// The moment of an invalidation, relative to the body of the annotated function (option `on`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Carries out the invalidation after the body, if the body returned `Ok`, panicked or was
    /// dropped.
    Ok,
    /// Carries out the invalidation after the body in every case, even if the body returned `Err`.
    Always,
    /// Carries out the invalidation before the body starts, and again after the body has ended.
    Before,
}

/// The invalidation of an annotated function that writes, which generated code fills with targets.
#[derive(Debug)]
pub struct Invalidation {
    cache: Cache,
    pub(crate) on: On,
    is_wanted: bool,
    targets: InvalidationTargets,
    ack: Option<Ack>,
    /// The time for which the write's mark stands without a renewal (`intent`). `None`: the cache's
    /// setting applies.
    intent: Option<Intent>,
    /// The mark of the write that this invalidation ends. `None` if the write has none.
    open: Option<OpenWrite>,
}

/// The treatment of a write whose process dies (`intent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// The write has no mark.
    Off,
    /// The write has a mark, which stands for this long without a renewal.
    For(Duration),
}

impl Intent {
    /// Returns the treatment for a value of the option `intent`: a mark that stands for `length`,
    /// or no mark if `length` is `None`.
    pub(crate) fn of(length: Option<Duration>) -> Self {
        length.map_or(Self::Off, Self::For)
    }
}

impl Invalidation {
    /// Creates an invalidation that does not name any entry, tag or event yet, and that is carried
    /// out at the moment `on` (before or after the annotated function's body).
    pub(crate) fn of(cache: Cache, on: On) -> Self {
        Self {
            cache,
            on,
            is_wanted: true,
            targets: InvalidationTargets::default(),
            ack: None,
            intent: None,
            open: None,
        }
    }

    /// Adds an entry of a cached function to those that the invalidation makes unusable.
    pub fn target(&mut self, target: Target) {
        let core = self.cache.core();
        let name = target.function.and_then(|it| core.name_in_spans(it.name()));
        self.targets.function_of_keys = self.targets.function_of_keys.take().or(name);
        self.targets.keys.push(target.key);
    }

    /// Adds all entries of the cached function `spec` to those that the invalidation makes
    /// unusable.
    pub fn function(&mut self, spec: &'static FnSpec) {
        self.targets.functions.push(spec.name().into());
    }

    /// Returns an empty buffer for the text of a key, in which arguments are escaped.
    pub fn key_text(&self) -> KeyBuf {
        KeyBuf::new()
    }

    /// Returns an empty buffer for the text of a tag or an event, in which arguments are not
    /// escaped.
    pub fn text(&self) -> KeyBuf {
        KeyBuf::verbatim()
    }

    /// Adds the entry under the key `text`, which contains no arguments, to the targets of the
    /// invalidation.
    pub fn key_of(&mut self, text: &str) {
        self.targets.keys.push(Key::new(text.as_bytes()));
    }

    /// Adds the tag `text`, which contains no arguments, to the targets of the invalidation.
    pub fn tag_of(&mut self, text: &str) {
        self.targets.tags.push(Tag::of(text));
    }

    /// Adds the event `text`, which contains no arguments, to the targets of the invalidation.
    pub fn event_of(&mut self, text: &str) {
        self.targets.tags.push(Tag::event(text));
    }

    /// Adds the entry under the key whose text is in the buffer `written` to the targets of the
    /// invalidation.
    pub fn key(&mut self, written: &KeyBuf) {
        self.targets.keys.push(Key::new(written.as_bytes()));
    }

    /// Adds the entries under `keys` to the targets of the invalidation. Each of `keys` must be the
    /// text of a whole key.
    pub fn keys<T: fmt::Display>(&mut self, keys: impl IntoIterator<Item = T>) {
        self.targets.keys.extend(
            keys.into_iter()
                .map(|key| Key::new(key.to_string().as_bytes())),
        );
    }

    /// Adds the tag whose text is in the buffer `written` to the targets of the invalidation.
    pub fn tag(&mut self, written: &KeyBuf) {
        self.targets.tags.push(Tag::of(&written.to_text()));
    }

    /// Adds each of `tags`, which are texts of tags, to the targets of the invalidation.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.targets
            .tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// Adds the event whose text is in the buffer `written` to the targets of the invalidation.
    pub fn event(&mut self, written: &KeyBuf) {
        self.targets.tags.push(Tag::event(&written.to_text()));
    }

    /// Makes the annotated function wait until every process has applied the invalidation, for
    /// `within` at most (option `ack`). `None` sets no limit.
    pub fn ack(&mut self, within: Option<Duration>) {
        self.ack = Some(within.map_or(Ack::Certain, Ack::Within));
    }

    /// Makes the invalidation mark entries as stale instead of removing them (option `soft`).
    pub fn soft(&mut self) {
        self.targets.mode = InvalidationMode::Soft;
    }

    /// Sets the time for which the write's mark stands without a renewal (`intent = "3s"`). With
    /// `None`, the write has no mark (`intent = false`).
    pub fn intent(&mut self, length: Option<Duration>) {
        self.intent = Some(Intent::of(length));
    }

    /// Makes the invalidation do nothing if `condition` is `false` (option `if = EXPR`).
    pub fn only_if(&mut self, condition: bool) {
        self.is_wanted &= condition;
    }

    /// Adds `targets` to the targets of the invalidation, in the mode that the invalidation has.
    pub(crate) fn add(&mut self, targets: InvalidationTargets) {
        self.targets.join(targets);
    }

    /// Sets the acknowledgement that the function waits for. With `None`, it waits for none.
    pub(crate) fn set_ack(&mut self, ack: Option<Ack>) {
        self.ack = ack;
    }

    /// Returns the targets that are known now. They are empty if the condition (`if = EXPR`) was
    /// `false`.
    fn wanted(&self) -> InvalidationTargets {
        if self.is_wanted {
            self.targets.clone()
        } else {
            InvalidationTargets::default()
        }
    }

    /// Marks the write as open in Redis, with the targets that are known now: those made from the
    /// function's arguments. Returns `true` if the mark was sent.
    pub(crate) fn mark_write(&mut self) -> bool {
        let names = || self.wanted().names();
        self.open = self.cache.core().open_write(names, self.intent);
        self.open.is_some()
    }

    /// Adds the mark of a write that this invalidation ends.
    pub(crate) fn ending(mut self, open: Option<OpenWrite>) -> Self {
        self.open = open;
        self
    }

    /// Carries out the invalidation on this node with its present targets. The invalidation must be
    /// carried out again later.
    pub(crate) fn begin_early(&self) -> PendingInvalidation {
        let core = self.cache.core();
        core.invalidate(self.wanted()).with_ack(self.ack)
    }

    /// Drops the invalidation, because the function did not write. Removes the mark of the write.
    pub(crate) fn cancel(self) {
        if let Some(open) = self.open {
            open.cancel();
        }
    }

    /// Returns the invalidation in the form that can be joined with others. The targets are empty
    /// if the condition (`if = EXPR`) was `false`.
    pub(crate) fn into_ending(self) -> Ending {
        Ending {
            targets: self.wanted(),
            cache: self.cache,
            ack: self.ack,
            open: self.open.into_iter().collect(),
        }
    }

    /// Carries the invalidation out on this node. The caller must await the result, so that Redis
    /// accepts the invalidation; if the result is dropped, the outbox sends the invalidation later.
    pub(crate) fn begin(self) -> PendingInvalidation {
        self.into_ending().begin()
    }
}

/// The end of one write, or of several writes in one cache: their targets, and their marks.
pub(crate) struct Ending {
    cache: Cache,
    targets: InvalidationTargets,
    ack: Option<Ack>,
    open: Vec<OpenWrite>,
}

impl Ending {
    /// Returns `true` if `other` is in the same cache and of the same mode, so that both can be
    /// carried out as one.
    pub(crate) fn can_join(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.cache.core(), other.cache.core())
            && self.targets.mode == other.targets.mode
    }

    /// Adds the targets and the marks of `other`, for which [`can_join`](Self::can_join) must
    /// return `true`.
    pub(crate) fn join(&mut self, other: Self) {
        self.targets.join(other.targets);
        // The strictest acknowledgement applies to all combined invalidations.
        self.ack = self.ack.max(other.ack);
        self.open.extend(other.open);
    }

    /// Carries the invalidation out on this node, as [`Invalidation::begin`] does.
    pub(crate) fn begin(self) -> PendingInvalidation {
        let pending = self.cache.core().invalidate(self.targets);
        pending.with_ack(self.ack).ending(self.open)
    }
}

impl Core {
    /// Marks a write that will invalidate `names` as open in Redis. Without `intent`, the setting
    /// of the cache applies. Returns `None` without Redis, and if the write is to have no mark.
    pub(crate) fn open_write(
        &self,
        names: impl FnOnce() -> Vec<StoreKey>,
        intent: Option<Intent>,
    ) -> Option<OpenWrite> {
        let l2 = self.l2.as_ref().filter(|_| self.config.intents)?;
        match intent.unwrap_or(Intent::For(self.config.intent)) {
            Intent::Off => None,
            Intent::For(length) => l2.open_write(&names(), length),
        }
    }
}
