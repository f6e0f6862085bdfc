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
const MOST: usize = 8;

/// The families of one owner's late tags.
#[derive(Debug, Default)]
pub(crate) struct Families {
    is_known: AtomicBool,
    /// A value had no late tag.
    had_none: AtomicBool,
    seen: RwLock<Vec<Box<[u8]>>>,
}

impl Families {
    /// Whether any late tag was seen.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// A late tag of `family` was seen. The empty one is that of all tags.
    pub(crate) fn see(&self, family: &[u8]) {
        let seen = self.seen.read();
        if seen
            .iter()
            .any(|known| &**known == family || known.is_empty())
        {
            return;
        }
        drop(seen);
        let mut seen = self.seen.write();
        if family.is_empty() || seen.len() >= MOST {
            *seen = vec![Box::default()];
        } else if !seen.iter().any(|known| &**known == family) {
            seen.push(family.into());
        }
        self.is_known.store(true, Ordering::Relaxed);
    }

    /// A value had no late tag. One that has a tag of a family that was not guarded is not
    /// stored, so this may be wrong.
    pub(crate) fn see_none(&self) {
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

    fn shown(families: &Families) -> Vec<String> {
        let names = families.names().into_iter();
        names
            .map(|name| String::from_utf8(name.into_vec()).unwrap())
            .collect()
    }

    #[test]
    fn all_tags_are_guarded_until_some_are_known_and_when_there_are_too_many() {
        let families = Families::default();
        assert_eq!(shown(&families), [""]);
        families.see(b"org:");
        families.see(b"org:");
        families.see(b"team:");
        assert_eq!(shown(&families), ["org:", "team:"]);
        for n in 0..MOST {
            families.see(format!("{n}:").as_bytes());
        }
        assert_eq!(shown(&families), [""]);
        families.see(b"org:");
        assert_eq!(shown(&families), [""]);
    }

    #[test]
    fn nothing_is_guarded_where_values_have_no_late_tags() {
        let families = Families::default();
        families.see_none();
        assert!(shown(&families).is_empty());
        families.see(b"org:");
        families.see_none();
        assert_eq!(shown(&families), ["org:"]);
    }
}
