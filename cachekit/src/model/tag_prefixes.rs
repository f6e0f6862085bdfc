//! Prefixes of the value tags that an owner's values turned out to have.
//!
//! A value tag is made from the value, so it is unknown while the value is computed, and its
//! version cannot show an invalidation that comes meanwhile. Its prefix, the part before the first
//! colon, can be known from earlier values. A computation therefore guards the prefixes that the
//! owner's value tags had before.
//!
//! An owner without any known value tag guards all tags, which rejects a store after any
//! invalidation of any tag. So it guards none once a value had no value tag, which is true of most
//! owners.

use crate::base::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// More prefixes than this are treated as all tags.
const MAX_PREFIXES: usize = 8;

/// Prefixes of one owner's value tags.
#[derive(Debug, Default)]
pub(crate) struct TagPrefixes {
    is_known: AtomicBool,
    /// A value without value tags was seen.
    had_none: AtomicBool,
    seen: RwLock<Vec<Box<[u8]>>>,
}

impl TagPrefixes {
    /// Returns `true` if any value tag was seen.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// Records a value tag with this prefix. The empty prefix stands for all tags.
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

    /// Records a value without value tags. A value with a tag whose prefix was not guarded is not
    /// stored, so being wrong here is safe.
    pub(crate) fn record_none(&self) {
        self.had_none.store(true, Ordering::Relaxed);
    }

    /// Returns the prefixes to guard: the empty one, for all tags, while nothing is known.
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
