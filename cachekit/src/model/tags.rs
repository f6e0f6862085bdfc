//! Tags, events and time to live of an entry, as its call and its value give them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use crate::key::buf::KeyBuf;
use crate::key::joined;
use crate::model::policy::{IntoTtl, Policy};

/// A tag or an event, as the name that its version has in a store: `t:` for a tag or `e:` for an
/// event, and the text. A miss clones that name several times, so the bytes are shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tag(Arc<[u8]>);

const TAG: &[u8] = b"t:";
const EVENT: &[u8] = b"e:";

impl Tag {
    pub(crate) fn of(text: &str) -> Self {
        Self(joined(TAG, text.as_bytes()))
    }

    pub(crate) fn event(text: &str) -> Self {
        Self(joined(EVENT, text.as_bytes()))
    }

    /// Parses a tag or an event from its name in Redis: `t:` or `e:`, then the text. Returns `None`
    /// for any other name.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        Label::read(name).map(|_| Self(name.into()))
    }

    pub(crate) fn is_event(&self) -> bool {
        self.0.starts_with(EVENT)
    }

    /// Returns the tag without the beginning of its name.
    #[cfg(any(feature = "dashboard", feature = "testing", cachekit_faults))]
    pub(crate) fn label(&self) -> Label<'_> {
        Label::read(&self.0).unwrap_or(Label::Tag(""))
    }

    /// Returns the bytes of the name in a store.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the name in a store, shared with this tag.
    pub(crate) fn shared(&self) -> &Arc<[u8]> {
        &self.0
    }
}

/// The text of a tag, or the name of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label<'a> {
    Tag(&'a str),
    Event(&'a str),
}

impl<'a> Label<'a> {
    /// Parses the name that a tag or an event has in a store, and that its epoch has. Returns `None`
    /// for any other name.
    pub(crate) fn read(name: &'a [u8]) -> Option<Self> {
        if let Some(text) = name.strip_prefix(TAG) {
            return str::from_utf8(text).ok().map(Self::Tag);
        }
        let text = name.strip_prefix(EVENT)?;
        str::from_utf8(text).ok().map(Self::Event)
    }
}

/// Tags, events and time to live of one value. An attribute's code collects those of the arguments
/// before the computation, and those of the value after it.
#[derive(Debug, Clone, Default)]
pub struct EntryTags {
    pub(crate) tags: SmallVec<[Tag; 2]>,
    /// Time to live that `ttl = EXPR` gave. `None`: the constant `ttl` of the function, otherwise
    /// the cache's `default_ttl`.
    pub(crate) ttl: Option<Duration>,
    pub(crate) do_not_store: bool,
}

impl EntryTags {
    /// Returns a set without tags and events, and with the default time to live.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a buffer for the text of a tag or an event. The caller writes the text and passes
    /// the buffer to [`tag`](Self::tag) or [`event`](Self::event).
    pub fn text(&self) -> KeyBuf {
        KeyBuf::verbatim()
    }

    /// Adds a tag whose text is constant, as in `tags = ["users"]`.
    pub fn tag_of(&mut self, text: &str) {
        self.tags.push(Tag::of(text));
    }

    /// Adds an event whose name is constant, without placeholders.
    pub fn event_of(&mut self, text: &str) {
        self.tags.push(Tag::event(text));
    }

    /// Adds the tag whose text was written into `written`.
    pub fn tag(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::of(&written.to_text()));
    }

    /// Adds the event whose name was written into `written`.
    pub fn event(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::event(&written.to_text()));
    }

    /// Adds one tag for each item of `tags`, with the item's `Display` text.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// Sets the time to live to the result of `ttl = EXPR`. With `None`, the value is not stored.
    pub fn ttl(&mut self, ttl: impl IntoTtl) {
        match ttl.into_ttl() {
            Some(ttl) => self.ttl = Some(ttl),
            None => self.do_not_store = true,
        }
    }

    /// Prevents the value from being stored if `keep`, the result of `store_if = EXPR`, is `false`.
    pub fn store_if(&mut self, keep: bool) {
        self.do_not_store |= !keep;
    }
}

impl From<&Policy> for EntryTags {
    fn from(policy: &Policy) -> Self {
        let tags = policy.tags.iter().map(|tag| Tag::of(tag));
        let events = policy.events.iter().map(|event| Tag::event(event));
        Self {
            tags: tags.chain(events).collect(),
            ttl: policy.options.ttl,
            do_not_store: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::tags::{Label, Tag};

    #[test]
    fn a_tag_and_an_event_of_one_name_differ() {
        assert_ne!(Tag::of("x"), Tag::event("x"));
        for tag in [Tag::of("org:7"), Tag::event("e:org:7")] {
            assert_eq!(Tag::named(tag.as_bytes()), Some(tag));
        }
        let read = |tag: &Tag| format!("{:?}", Label::read(tag.as_bytes()));
        assert_eq!(read(&Tag::of("org:7")), r#"Some(Tag("org:7"))"#);
        assert_eq!(read(&Tag::event("org:7")), r#"Some(Event("org:7"))"#);
        assert_eq!(Label::read(b"f:org:7"), None);
        assert_eq!(Label::read(b"t:\xff"), None);
    }
}
