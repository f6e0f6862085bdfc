//! The invalidation of a function that writes: its targets, and its moment.

use std::fmt;
use std::time::Duration;

use crate::core::entry_key::Target;
use crate::core::state::Cache;
use crate::invalidate::apply::{Ack, PendingInvalidation};
use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::function_spec::FnSpec;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;

/// The moment of an invalidation, relative to the body of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// After the body, if it returned `Ok` or did not finish.
    Ok,
    /// After the body, whatever it returned.
    Always,
    /// Before the body and after it.
    Before,
}

/// The invalidation of a function that writes.
#[derive(Debug, Clone)]
pub struct Invalidation {
    cache: Cache,
    pub(crate) on: On,
    is_wanted: bool,
    keys: Vec<Key>,
    tags: Vec<Tag>,
    functions: Vec<&'static FnSpec>,
    ack: Option<Ack>,
    mode: InvalidationMode,
}

impl Invalidation {
    /// Creates an invalidation without targets.
    pub(crate) fn of(cache: Cache, on: On) -> Self {
        Self {
            cache,
            on,
            is_wanted: true,
            keys: vec![],
            tags: vec![],
            functions: vec![],
            ack: None,
            mode: InvalidationMode::Hard,
        }
    }

    /// Adds one entry of a cached function.
    pub fn target(&mut self, target: Target) {
        self.keys.push(target.key);
    }

    /// Adds every entry of a cached function.
    pub fn function(&mut self, spec: &'static FnSpec) {
        self.functions.push(spec);
    }

    /// Returns a buffer for the text of a key.
    pub fn key_text(&self) -> KeyBuf {
        KeyBuf::new()
    }

    /// Returns a buffer for the text of a tag or an event.
    pub fn text(&self) -> KeyBuf {
        KeyBuf::verbatim()
    }

    /// Adds one entry, by a key that is known.
    pub fn key_of(&mut self, text: &str) {
        self.keys.push(Key::new(text.as_bytes()));
    }

    /// Adds a tag whose text is known.
    pub fn tag_of(&mut self, text: &str) {
        self.tags.push(Tag::of(text));
    }

    /// Adds an event whose name is known.
    pub fn event_of(&mut self, text: &str) {
        self.tags.push(Tag::event(text));
    }

    /// Adds one entry, by its key.
    pub fn key(&mut self, written: &KeyBuf) {
        self.keys.push(Key::new(written.as_bytes()));
    }

    /// Adds entries, by their keys.
    pub fn keys<T: fmt::Display>(&mut self, keys: impl IntoIterator<Item = T>) {
        self.keys.extend(
            keys.into_iter()
                .map(|key| Key::new(key.to_string().as_bytes())),
        );
    }

    /// Adds a tag.
    pub fn tag(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::of(&written.to_text()));
    }

    /// Adds tags from a sequence.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// Adds an event.
    pub fn event(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::event(&written.to_text()));
    }

    /// Makes the call return when every process has applied the invalidation, or after `within`
    /// (`ack`).
    pub fn ack(&mut self, within: Option<Duration>) {
        self.ack = Some(within.map_or(Ack::Certain, Ack::Within));
    }

    /// Marks entries stale instead of removing them (`soft`).
    pub fn soft(&mut self) {
        self.mode = InvalidationMode::Soft;
    }

    /// Invalidates nothing if `condition` is `false` (`if = EXPR`).
    pub fn only_if(&mut self, condition: bool) {
        self.is_wanted &= condition;
    }

    /// Returns the cache, the targets and the acknowledgement to wait for.
    pub(crate) fn into_targets(self) -> (Cache, InvalidationTargets, Option<Ack>) {
        let mut targets = InvalidationTargets::default().with_mode(self.mode);
        if self.is_wanted {
            targets.keys = self.keys;
            targets.tags = self.tags;
            targets.functions = self
                .functions
                .iter()
                .map(|spec| spec.name().into())
                .collect();
        }
        (self.cache, targets, self.ack)
    }

    /// Carries the invalidation out on this node. The caller waits for the other nodes, or they are
    /// notified later.
    pub(crate) fn begin(self) -> PendingInvalidation {
        let (cache, targets, ack) = self.into_targets();
        cache.core().invalidate(targets).with_ack(ack)
    }
}
