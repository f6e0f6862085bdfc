//! What things are called in a store: public, so that other programs can remove an entry.
//!
//! After the namespace and a colon, one word tells the kind: `k:user:42` an entry,
//! `t:org:7` a tag's version, `e:product.updated` an event's, `f:shop::get_user` a
//! function's, `all` the namespace's, and `g:org:` a guard, which is removed with every
//! tag that begins so.

use std::fmt;
use std::sync::Arc;

use crate::key::{ENTRY, Key};
use crate::labels::Tag;

/// The name of something in a store, without the namespace.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(Arc<[u8]>);

impl Name {
    /// The entry under `key`.
    pub(crate) fn entry(key: &Key) -> Self {
        Self(Arc::clone(key.entry()))
    }

    /// A tag's version, or an event's.
    pub(crate) fn tag(tag: &Tag) -> Self {
        let (kind, text) = tag.parts();
        Self::of(kind, text.as_bytes())
    }

    /// The version of all entries of a function.
    pub(crate) fn function(name: &str) -> Self {
        Self::of(b"f:", name.as_bytes())
    }

    /// The version of everything.
    pub(crate) fn everything() -> Self {
        Self::of(b"all", b"")
    }

    /// The guard of the tags that begin with `family`; of all tags, where that is empty.
    pub(crate) fn guard(family: &[u8]) -> Self {
        Self::of(b"g:", family)
    }

    /// What stands in a message.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is one entry's.
    pub(crate) fn is_entry(&self) -> bool {
        self.0.starts_with(ENTRY)
    }

    /// The kind, and what follows it.
    pub(crate) fn parts(&self) -> Option<(&str, &[u8])> {
        let end = self.0.iter().position(|byte| *byte == b':');
        let kind = str::from_utf8(&self.0[..end.unwrap_or(self.0.len())]).ok()?;
        Some((kind, end.map_or(&[], |end| &self.0[end + 1..])))
    }

    fn of(kind: &[u8], text: &[u8]) -> Self {
        Self(kind.iter().chain(text).copied().collect())
    }
}

/// The part of a tag's text that it has in common with its like: up to the first colon.
pub(crate) fn family(tag: &Name) -> &[u8] {
    let text = tag.0.get(2..).unwrap_or_default();
    let end = text.iter().position(|byte| *byte == b':');
    end.map_or(&[], |end| &text[..=end])
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable() {
        let shown = |name: Name| String::from_utf8(name.as_bytes().to_vec()).unwrap();
        assert_eq!(shown(Name::entry(&Key::new(b"user:42"))), "k:user:42");
        assert_eq!(shown(Name::tag(&Tag::of("org:7"))), "t:org:7");
        assert_eq!(shown(Name::tag(&Tag::event("sold"))), "e:sold");
        assert_eq!(shown(Name::everything()), "all");
    }

    #[test]
    fn a_family_ends_with_the_first_colon() {
        assert_eq!(family(&Name::tag(&Tag::of("org:7:x"))), b"org:");
        assert_eq!(family(&Name::tag(&Tag::of("users"))), b"");
    }
}
