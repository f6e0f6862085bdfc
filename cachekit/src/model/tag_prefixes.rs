//! Which tags an owner's values turned out to have.
//!
//! A tag made from a value is not known before it is computed, so an invalidation of it in
//! between cannot be seen by its version. Tags have families, which are known: they begin
//! alike. What begins a computation guards the families that the owner's tags were of
//! before, and none once a value had no late tag: most owners have none, and what began under
//! the guard of all tags is refused whenever anybody invalidates any tag.

use crate::base::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// More families than this are as good as all.
const MAX_PREFIXES: usize = 8;

/// The families of one owner's late tags.
#[derive(Debug, Default)]
pub(crate) struct TagPrefixes {
    is_known: AtomicBool,
    /// A value had no late tag.
    had_none: AtomicBool,
    seen: RwLock<Vec<Box<[u8]>>>,
}

impl TagPrefixes {
    /// Whether any late tag was seen.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// A late tag of `tag_prefix` was seen. The empty one is that of all tags.
    pub(crate) fn record(&self, tag_prefix: &[u8]) {
        let seen = self.seen.read();
        if seen
            .iter()
            .any(|known| &**known == tag_prefix || known.is_empty())
        {
            return;
        }
        drop(seen);
        let mut seen = self.seen.write();
        if tag_prefix.is_empty() || seen.len() >= MAX_PREFIXES {
            *seen = vec![Box::default()];
        } else if !seen.iter().any(|known| &**known == tag_prefix) {
            seen.push(tag_prefix.into());
        }
        self.is_known.store(true, Ordering::Relaxed);
    }

    /// A value had no late tag. One that has a tag of a family that was not guarded is not
    /// stored, so this may be wrong.
    pub(crate) fn record_none(&self) {
        self.had_none.store(true, Ordering::Relaxed);
    }

    /// Those to guard: the one of all tags while nothing is known.
    pub(crate) fn names(&self) -> Vec<Box<[u8]>> {
        let seen = self.seen.read();
        if seen.is_empty() && !self.had_none.load(Ordering::Relaxed) {
            vec![Box::default()]
        } else {
            seen.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tag_prefixes: &TagPrefixes) -> Vec<String> {
        let names = tag_prefixes.names().into_iter();
        names
            .map(|name| String::from_utf8(name.into_vec()).unwrap())
            .collect()
    }

    #[test]
    fn all_tags_are_guarded_until_some_are_known_and_when_there_are_too_many() {
        let tag_prefixes = TagPrefixes::default();
        assert_eq!(shown(&tag_prefixes), [""]);
        tag_prefixes.record(b"org:");
        tag_prefixes.record(b"org:");
        tag_prefixes.record(b"team:");
        assert_eq!(shown(&tag_prefixes), ["org:", "team:"]);
        for n in 0..MAX_PREFIXES {
            tag_prefixes.record(format!("{n}:").as_bytes());
        }
        assert_eq!(shown(&tag_prefixes), [""]);
        tag_prefixes.record(b"org:");
        assert_eq!(shown(&tag_prefixes), [""]);
    }

    #[test]
    fn nothing_is_guarded_where_values_have_no_late_tags() {
        let tag_prefixes = TagPrefixes::default();
        tag_prefixes.record_none();
        assert!(shown(&tag_prefixes).is_empty());
        tag_prefixes.record(b"org:");
        tag_prefixes.record_none();
        assert_eq!(shown(&tag_prefixes), ["org:"]);
    }
}
