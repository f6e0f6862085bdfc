//! Prefixes of the value tags (tags made from the value) that earlier values of a function or
//! region (the owner) had.
//!
//! A value tag is unknown while its value is computed. Therefore the version of the tag cannot be
//! read before the computation, and an invalidation of the tag during the computation would be
//! missed. The prefix of the tag, the part before its first colon, is often known from earlier
//! values. So a computation guards the prefixes of the value tags that the owner's earlier values
//! had: if any tag with such a prefix is invalidated during the computation, the value is not
//! stored.
//!
//! Until the first value of an owner is known, its computations guard all tags: if any tag is
//! invalidated during the computation, the value is not stored. Once a value without value tags was
//! seen, as for most owners, only the prefixes of known value tags are guarded, or none.

use crate::base::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Largest number of value-tag prefixes that are recorded for one function or region. For a
/// function with more prefixes, an invalidation of any tag during a computation prevents the store
/// of its value.
const MAX_PREFIXES: usize = 8;

/// Prefixes of the value tags (tags made from the value) that earlier values of one function or
/// region had.
#[derive(Debug, Default)]
pub(crate) struct TagPrefixes {
    is_known: AtomicBool,
    /// `true` if a value of the function or region had no value tags (tags made from the value).
    had_none: AtomicBool,
    seen: RwLock<Vec<Box<[u8]>>>,
}

impl TagPrefixes {
    /// Returns `true` if any earlier value of the function or region had a value tag (a tag made
    /// from the value).
    pub(crate) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// Records that a value of the function or region had a value tag (a tag made from the value)
    /// with the prefix `tag_prefix`. The empty prefix stands for all tags.
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

    /// Records that a value of the function or region had no value tags (tags made from the value),
    /// so that an invalidation of an unrelated tag no longer prevents the store of later values. If
    /// a later value has a value tag after all, that value is not stored, because the computation
    /// could not notice an invalidation of the tag.
    pub(crate) fn record_none(&self) {
        self.had_none.store(true, Ordering::Relaxed);
    }

    /// Returns the tag prefixes that a computation must guard: if a tag with one of these prefixes
    /// is invalidated during the computation, the value is not stored. Until the first value of the
    /// function or region is known, returns the empty prefix, which stands for all tags.
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
