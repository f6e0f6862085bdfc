//! The invalidation of an annotated function that writes: its targets (entries, tags, events,
//! functions), and its moment relative to the body of the function.

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

/// The invalidation of an annotated function that writes. Generated code adds the targets: entries,
/// tags, events and functions.
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
    /// Creates an invalidation that does not name any entry, tag or event yet, and that is carried
    /// out at the moment `on` (before or after the annotated function's body).
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

    /// Adds an entry of a cached function to those that the invalidation makes unusable.
    pub fn target(&mut self, target: Target) {
        self.keys.push(target.key);
    }

    /// Adds all entries of the cached function `spec` to those that the invalidation makes
    /// unusable.
    pub fn function(&mut self, spec: &'static FnSpec) {
        self.functions.push(spec);
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
        self.keys.push(Key::new(text.as_bytes()));
    }

    /// Adds the tag `text`, which contains no arguments, to the targets of the invalidation.
    pub fn tag_of(&mut self, text: &str) {
        self.tags.push(Tag::of(text));
    }

    /// Adds the event `text`, which contains no arguments, to the targets of the invalidation.
    pub fn event_of(&mut self, text: &str) {
        self.tags.push(Tag::event(text));
    }

    /// Adds the entry under the key whose text is in the buffer `written` to the targets of the
    /// invalidation.
    pub fn key(&mut self, written: &KeyBuf) {
        self.keys.push(Key::new(written.as_bytes()));
    }

    /// Adds the entries under `keys` to the targets of the invalidation. Each of `keys` must be the
    /// text of a whole key.
    pub fn keys<T: fmt::Display>(&mut self, keys: impl IntoIterator<Item = T>) {
        self.keys.extend(
            keys.into_iter()
                .map(|key| Key::new(key.to_string().as_bytes())),
        );
    }

    /// Adds the tag whose text is in the buffer `written` to the targets of the invalidation.
    pub fn tag(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::of(&written.to_text()));
    }

    /// Adds each of `tags`, which are texts of tags, to the targets of the invalidation.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// Adds the event whose text is in the buffer `written` to the targets of the invalidation.
    pub fn event(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::event(&written.to_text()));
    }

    /// Makes the annotated function wait until every process has applied the invalidation, for
    /// `within` at most (option `ack`). `None` sets no limit.
    pub fn ack(&mut self, within: Option<Duration>) {
        self.ack = Some(within.map_or(Ack::Certain, Ack::Within));
    }

    /// Makes the invalidation mark entries as stale instead of removing them (option `soft`).
    pub fn soft(&mut self) {
        self.mode = InvalidationMode::Soft;
    }

    /// Makes the invalidation do nothing if `condition` is `false` (option `if = EXPR`).
    pub fn only_if(&mut self, condition: bool) {
        self.is_wanted &= condition;
    }

    /// Returns the cache, the targets of the invalidation (entries, tags, events, functions), and
    /// the acknowledgement to wait for. There are no targets if the condition (`if = EXPR`) was
    /// `false`.
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

    /// Carries the invalidation out on this node. The caller must await the result, so that Redis
    /// accepts the invalidation; if the result is dropped, the outbox sends the invalidation later.
    pub(crate) fn begin(self) -> PendingInvalidation {
        let (cache, targets, ack) = self.into_targets();
        cache.core().invalidate(targets).with_ack(ack)
    }
}
