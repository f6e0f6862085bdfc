//! What an entry hangs on and how long it lives, gathered around one computation.

use std::fmt;
use std::time::Duration;

use smallvec::SmallVec;

use crate::key::buf::KeyBuf;
use crate::model::policy::{IntoTtl, Policy};

/// A tag, or an event: they are told apart by their first byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tag(Box<str>);

impl Tag {
    pub(crate) fn of(text: &str) -> Self {
        Self::with('t', text)
    }

    pub(crate) fn event(text: &str) -> Self {
        Self::with('e', text)
    }

    fn with(kind: char, text: &str) -> Self {
        let mut tag = String::with_capacity(1 + text.len());
        tag.push(kind);
        tag.push_str(text);
        Self(tag.into())
    }

    /// The tag, or the event, of this name.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        let (kind, text) = str::from_utf8(name).ok()?.split_once(':')?;
        match kind {
            "t" => Some(Self::of(text)),
            "e" => Some(Self::event(text)),
            _ => None,
        }
    }

    /// The kind, as it stands in names, and the text.
    pub(crate) fn parts(&self) -> (&'static [u8], &str) {
        let kind: &[u8] = if self.0.starts_with('e') {
            b"e:"
        } else {
            b"t:"
        };
        (kind, self.0.get(1..).unwrap_or_default())
    }
}

/// The tags, events and time to live of one value.
#[derive(Debug, Clone, Default)]
pub struct EntryTags {
    pub(crate) tags: SmallVec<[Tag; 2]>,
    /// `None`: as the function or the cache says.
    pub(crate) ttl: Option<Duration>,
    pub(crate) do_not_store: bool,
}

impl EntryTags {
    /// No tags, the default time to live.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the text of a tag or an event is written.
    pub fn text(&self) -> KeyBuf {
        KeyBuf::verbatim()
    }

    /// A tag whose text is known.
    pub fn tag_of(&mut self, text: &str) {
        self.tags.push(Tag::of(text));
    }

    /// An event whose name is known.
    pub fn event_of(&mut self, text: &str) {
        self.tags.push(Tag::event(text));
    }

    /// A tag.
    pub fn tag(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::of(&written.to_text()));
    }

    /// An event.
    pub fn event(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::event(&written.to_text()));
    }

    /// Tags from a sequence.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// `ttl = EXPR`.
    pub fn ttl(&mut self, ttl: impl IntoTtl) {
        match ttl.into_ttl() {
            Some(ttl) => self.ttl = Some(ttl),
            None => self.do_not_store = true,
        }
    }

    /// `store_if = EXPR`.
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
    use crate::model::tags::Tag;

    #[test]
    fn a_tag_and_an_event_of_one_name_differ() {
        assert_ne!(Tag::of("x"), Tag::event("x"));
    }
}
