//! What is to be invalidated, and when.

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

/// When an invalidation takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// After the body, if it returned `Ok` or did not finish.
    Ok,
    /// After the body, whatever it returned.
    Always,
    /// Before the body and after it.
    Before,
}

/// What a function that writes invalidates.
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
    /// Nothing yet.
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

    /// One entry of a cached function.
    pub fn target(&mut self, target: Target) {
        self.keys.push(target.key);
    }

    /// Every entry of a cached function.
    pub fn function(&mut self, spec: &'static FnSpec) {
        self.functions.push(spec);
    }

    /// Where the text of a key is written.
    pub fn key_text(&self) -> KeyBuf {
        KeyBuf::new()
    }

    /// Where the text of a tag or an event is written.
    pub fn text(&self) -> KeyBuf {
        KeyBuf::verbatim()
    }

    /// One entry, by a key that is known.
    pub fn key_of(&mut self, text: &str) {
        self.keys.push(Key::new(text.as_bytes()));
    }

    /// A tag whose text is known.
    pub fn tag_of(&mut self, text: &str) {
        self.tags.push(Tag::of(text));
    }

    /// An event whose name is known.
    pub fn event_of(&mut self, text: &str) {
        self.tags.push(Tag::event(text));
    }

    /// One entry, by its key.
    pub fn key(&mut self, written: &KeyBuf) {
        self.keys.push(Key::new(written.as_bytes()));
    }

    /// Entries, by their keys.
    pub fn keys<T: fmt::Display>(&mut self, keys: impl IntoIterator<Item = T>) {
        self.keys.extend(
            keys.into_iter()
                .map(|key| Key::new(key.to_string().as_bytes())),
        );
    }

    /// A tag.
    pub fn tag(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::of(&written.to_text()));
    }

    /// Tags from a sequence.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// An event.
    pub fn event(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::event(&written.to_text()));
    }

    /// `ack`: the call returns when every process has applied it; or after so long.
    pub fn ack(&mut self, within: Option<Duration>) {
        self.ack = Some(within.map_or(Ack::Certain, Ack::Within));
    }

    /// `soft`: what it names is not fresh any more, and may be served where old values are.
    pub fn soft(&mut self) {
        self.mode = InvalidationMode::Soft;
    }

    /// `if = EXPR`.
    pub fn only_if(&mut self, condition: bool) {
        self.is_wanted &= condition;
    }

    /// What takes place of it, in which cache.
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

    /// Carries it out on this node; the rest is to be waited for, or told later.
    pub(crate) fn begin(self) -> PendingInvalidation {
        let (cache, targets, ack) = self.into_targets();
        cache.core().invalidate(targets).with_ack(ack)
    }
}
